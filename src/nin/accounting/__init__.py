"""The cost of a network, counted and not measured: parameters, multiply-adds, memory."""

from nin import backends

backends.choose()

from nin.accounting.cost import Cost, Parameters, count_cost  # noqa: E402
from nin.accounting.trace import Step, count_parameters, walk  # noqa: E402

__all__ = [
    "Cost",
    "Parameters",
    "Step",
    "count_cost",
    "count_parameters",
    "walk",
]
