from .comparison import compare as compare
from .contender import Contender as Contender
from .exercises import EXERCISES as EXERCISES
from .exercises import exercise_contenders as exercise_contenders
from .ingredients import ingredient_contenders as ingredient_contenders
from .result import Comparison as Comparison
from .result import Difference as Difference
from .result import Row as Row
