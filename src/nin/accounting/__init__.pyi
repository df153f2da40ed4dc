from .cost import Cost as Cost
from .cost import Parameters as Parameters
from .cost import count_cost as count_cost
from .trace import Step as Step
from .trace import count_parameters as count_parameters
from .trace import walk as walk
