"""What a network costs and how it compares: accounting, ablations, comparison, report."""

from nin import backends

backends.choose()

from nin.study.comparison import compare  # noqa: E402
from nin.study.contender import Contender  # noqa: E402
from nin.study.cost import Cost, count_cost  # noqa: E402
from nin.study.exercises import EXERCISES, exercise_contenders  # noqa: E402
from nin.study.result import Comparison, Difference, Row  # noqa: E402

__all__ = [
    "EXERCISES",
    "Comparison",
    "Contender",
    "Cost",
    "Difference",
    "Row",
    "compare",
    "count_cost",
    "exercise_contenders",
]
