"""The figures of a comparison, as SVG text for a page."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nin.plotting import drawable
from nin.study.report import plot_style, scatter
from nin.study.report.plot_style import LONGEST_NAME, line_style
from nin.study.results import report_text
from nin.study.results.result import Comparison
from nin.study.statistics.pareto import pareto_front
from nin.study.trials.row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Field of `Parameters` → its label, colour and hatch.
_KINDS = {
    "spatial": ("convolutions", "#0072B2", ""),
    "pointwise": ("1×1", "#E69F00", "///"),
    "dense": ("dense", "#D55E00", "\\\\\\"),
    "normalisation": ("normalisation", "#009E73", "xxx"),
    "other": ("other", "#BBBBBB", "---"),
}


def accuracy_against_parameters(comparison: Comparison, group: str = "", name: str = "p") -> str:
    """Accuracy against parameters, with the Pareto front as marked in the rows.

    Args:
        comparison: what to draw.
        group: the group whose rows to draw.
        name: unique among the figures of a page; put before each id.
    """
    rows = _rows(comparison, group)
    with plot_style.new_figure(height(rows)) as figure:
        best = [row for row in rows if row.on_front]
        scatter.draw(figure, rows, lambda row: row.cost.parameters.total, best, "parameters")
        return plot_style.as_svg(figure, name, f"Accuracy against parameters, {_networks(rows)}")


def accuracy_against_multiply_adds(comparison: Comparison, group: str = "", name: str = "m") -> str:
    """Accuracy against multiply-adds per image, with the Pareto front of that cost."""
    rows = _rows(comparison, group)
    with plot_style.new_figure(height(rows)) as figure:
        best = pareto_front(rows, _multiply_adds)
        scatter.draw(figure, rows, _multiply_adds, best, "multiply-adds per image")
        return plot_style.as_svg(figure, name, f"Accuracy against multiply-adds, {_networks(rows)}")


def accuracy_against_time(comparison: Comparison, group: str = "", name: str = "t") -> str:
    """Accuracy against the time that a training took, with the Pareto front of that cost."""
    rows = _rows(comparison, group)
    with plot_style.new_figure(height(rows)) as figure:
        best = pareto_front(rows, _seconds)
        scatter.draw(figure, rows, _seconds, best, "seconds of training")
        return plot_style.as_svg(figure, name, f"Accuracy against time, {_networks(rows)}")


def learning_curves(comparison: Comparison, group: str = "", name: str = "c") -> str:
    """Validation accuracy by epoch: mean over seeds, in a band from the lowest to the highest."""
    from matplotlib.ticker import MaxNLocator

    rows = _rows(comparison, group)
    with plot_style.new_figure(2.6 + 0.1 * len(rows)) as figure:
        axes = figure.subplots()
        for index, row in enumerate(rows):
            _curve(axes, row, index)
        axes.set(xlabel="epoch", ylabel="validation accuracy")
        _limit_to_later_epochs(axes, rows)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.25)
        if axes.lines:
            plot_style.legend(figure)
        return plot_style.as_svg(figure, name, f"Validation accuracy by epoch, {_networks(rows)}")


def parameter_shares(comparison: Comparison, group: str = "", name: str = "s") -> str:
    """Parameters by kind of layer, as shares of each network's total, with that total beside it."""
    rows = _rows(comparison, group)
    with plot_style.new_figure(0.85 + 0.27 * len(rows)) as figure:
        axes = figure.subplots()
        _bars(axes, rows)
        for place, row in enumerate(rows):
            total = report_text.count(row.cost.parameters.total)
            axes.text(1.02, place, total, va="center", fontsize=9)
        figure.legend(
            loc="outside upper center", ncols=5, frameon=False, fontsize=8,
            columnspacing=1, handlelength=1.6, handletextpad=0.5,
        )  # fmt: skip
        return plot_style.as_svg(figure, name, f"Parameters by kind of layer, {_networks(rows)}")


def _rows(comparison: Comparison, group: str) -> list[Row]:
    return [row for row in comparison.rows if row.group == group]


def _seconds(row: Row) -> float:
    return row.seconds


def _multiply_adds(row: Row) -> int:
    return row.cost.multiply_adds


def height(rows: Sequence[Row]) -> float:
    """Height of a scatter plot with room for all names, in inches."""
    return 3.0 + 0.08 * len(rows)


def _networks(rows: Sequence[Row]) -> str:
    return "1 network" if len(rows) == 1 else f"{len(rows)} networks"


def _curve(axes: Axes, row: Row, index: int) -> None:
    epochs = list(itertools.zip_longest(*row.curves))
    alive = [[value for value in values if value is not None] for values in epochs]
    if not alive:
        return
    color, marker, face, dashes = line_style(index)
    every = max(1, len(alive) // 8)
    x = range(1, len(alive) + 1)
    axes.plot(
        x, [sum(values) / len(values) for values in alive], color=color, linestyle=dashes,
        marker=marker, markerfacecolor=face, markersize=4.5, linewidth=1.3,
        markevery=(index % every, every),
        # A leading underscore would keep the name out of the legend.
        label="\u2060" + drawable(row.net, LONGEST_NAME),
    )  # fmt: skip
    if len(row.curves) > 1:
        axes.fill_between(x, [*map(min, alive)], [*map(max, alive)], color=color, alpha=0.13, lw=0)


def _limit_to_later_epochs(axes: Axes, rows: Sequence[Row]) -> None:
    """Show all accuracies of the last three quarters; a steep first rise may be cut off."""
    lowest = [min(curve[len(curve) // 4 :]) for row in rows for curve in row.curves if curve]
    if lowest:
        air = 0.05 * (axes.dataLim.y1 - min(lowest)) or 0.01
        axes.set_ylim(min(lowest) - air, axes.dataLim.y1 + air)


def _bars(axes: Axes, rows: Sequence[Row]) -> None:
    places = range(len(rows))
    left = [0.0] * len(rows)
    for field, (label, color, hatch) in _KINDS.items():
        found = [row.cost.parameters for row in rows]
        share = [getattr(each, field) / max(each.total, 1) for each in found]
        axes.barh(
            places, share, 0.68, left, label=label, color=color, hatch=hatch, edgecolor="white",
            linewidth=0.5,
        )  # fmt: skip
        left = [start + width for start, width in zip(left, share, strict=True)]
    axes.set_yticks(places, [drawable(row.net, LONGEST_NAME) for row in rows], parse_math=False)
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
    axes.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    axes.spines[["left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
