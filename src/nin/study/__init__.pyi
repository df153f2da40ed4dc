from .comparison import compare as compare
from .exercises import EXERCISES as EXERCISES
from .exercises import exercise_contenders as exercise_contenders
from .ingredients import ingredient_contenders as ingredient_contenders
from .results.result import Comparison as Comparison
from .statistics.difference import Difference as Difference
from .trials.contender import Contender as Contender
from .trials.row import Row as Row
