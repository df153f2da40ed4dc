from .comparison import compare as compare
from .contender import Contender as Contender
from .difference import Difference as Difference
from .exercises import EXERCISES as EXERCISES
from .exercises import exercise_contenders as exercise_contenders
from .ingredients import ingredient_contenders as ingredient_contenders
from .result import Comparison as Comparison
from .row import Row as Row
