"""Accuracy against the cost of each network, with the Pareto front and the networks' names."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from nin.plotting import drawable
from nin.study.report.plot_style import LONGEST_NAME, line_style
from nin.study.statistics.intervals import deviation
from nin.study.trials.row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

Point = tuple[float, float]

#: The cost axis spans at least this factor, so that close costs do not look far apart.
_LEAST_SPAN = 4.0


def draw(
    figure: Figure,
    rows: Sequence[Row],
    cost: Callable[[Row], float],
    best: Sequence[Row],
    axis: str,
) -> list[Text]:
    """Draw into an empty figure.

    Args:
        figure: where to draw.
        rows: one point each; rows without any accuracy are left out.
        cost: returns the cost of a row.
        best: the rows on the Pareto front.
        axis: label of the cost axis.

    Returns:
        The names, as drawn.
    """
    axes = figure.subplots()
    places = [(row, _place(row, cost), index) for index, row in enumerate(rows) if row.n]
    for row, point, index in places:
        _point(axes, point, deviation(row.accuracies), index)
    points = [point for _, point, _ in places]
    axes.set(xlabel=axis, ylabel="accuracy")
    _scale(axes, [x for x, _ in points])
    _stairs(axes, sorted(_place(row, cost) for row in best if row.n))
    return _write_names(axes, points, [drawable(row.net, LONGEST_NAME) for row, _, _ in places])


def _place(row: Row, cost: Callable[[Row], float]) -> Point:
    """A row's point on the axes; a cost of zero, which has no logarithm, becomes one."""
    return cost(row) or 1, fmean(row.accuracies)


def _point(axes: Axes, point: Point, sd: float | None, index: int) -> None:
    color, marker, face, _ = line_style(index)
    x, y = point
    if sd:
        bar = ([x, x], [y - sd, y + sd])
        axes.plot(*bar, color=color, linewidth=1, marker="_", markersize=5, zorder=2)
    axes.plot([x], [y], marker, color=color, markerfacecolor=face, markersize=6.5, zorder=3)


def _scale(axes: Axes, costs: Sequence[float]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = min(costs, default=1), max(costs, default=1)
    factor = max(high / low, _LEAST_SPAN)
    middle, margin = math.sqrt(low * high), factor**0.62
    axes.set(xscale="log", xlim=(middle / margin, middle * margin))
    axes.margins(y=0.15)
    steps = (1, 2, 5) if factor < 30 else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _short(x)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.grid(alpha=0.25)


def _stairs(axes: Axes, best: Sequence[Point]) -> None:
    """Draw the highest accuracy available at each cost, up to the right edge."""
    right = axes.get_xlim()[1]
    corners: list[Point] = []
    for (x, y), (after, _) in pairwise([*best, (right, 0)]):
        corners += [(x, y), (after, y)]
    axes.plot(
        *np.reshape(corners, (-1, 2)).T, color="#777777", linestyle="--", linewidth=1, zorder=1
    )


def _short(value: float) -> str:
    """A round number on the axis: ``500 k``."""
    power = min(math.floor(math.log10(value) / 3 + 1e-9), 4) if value >= 1 else 0
    return f"{value / 1000**power:g} {' kMGT'[power]}".strip()


def _write_names(axes: Axes, points: Sequence[Point], names: Sequence[str]) -> list[Text]:
    """Write each name near its point, clear of other names, points and lines.

    Distances are shares of the axes' sides. The limits of the axes are final after this.
    """
    import textalloc

    if not points:
        return []
    axes.autoscale(False)
    x, y = zip(*points, strict=True)
    drawn = [np.asarray(line.get_xydata()).T for line in axes.lines]
    lines = [line for line in drawn if line.shape[1] > 1]
    _, _, texts, _ = textalloc.allocate(
        axes, x, y, names, x_scatter=x, y_scatter=y,
        x_lines=[line[0] for line in lines] or None, y_lines=[line[1] for line in lines] or None,
        min_distance=0.02, max_distance=0.35, margin=0.01, nbr_candidates=2000,
        textsize=9, linecolor="#888888", linewidth=0.6, parse_math=False,
    )  # fmt: skip
    axes.figure.set_layout_engine("none")  # type: ignore[union-attr]
    return list(texts)
