"""How networks compare: trials, sweeps, statistics, report."""

from nin import backends

backends.choose()

from nin.study.comparison import compare  # noqa: E402
from nin.study.contender import Contender  # noqa: E402
from nin.study.exercises import EXERCISES, exercise_contenders  # noqa: E402
from nin.study.result import Comparison, Difference, Row  # noqa: E402

__all__ = [
    "EXERCISES",
    "Comparison",
    "Contender",
    "Difference",
    "Row",
    "compare",
    "exercise_contenders",
]
