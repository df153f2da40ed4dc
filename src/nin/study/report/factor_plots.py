"""The figures of a sweep: a curve per factor, each pair of factors, and every training."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from nin.plotting import drawable
from nin.study.report import plot_style
from nin.study.report.plot_style import LONGEST_NAME, line_style
from nin.study.results.result import Comparison
from nin.study.statistics.effects import level_text, rows_at
from nin.study.statistics.intervals import deviation
from nin.study.trials.row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Values are drawn on a logarithmic axis if the largest is at least this many times the smallest.
_WIDE = 8.0


def factor_curve(comparison: Comparison, factor: str, name: str) -> str:
    """Accuracy against the values of a factor: averaged over the other factors, and per training.

    Args:
        comparison: a sweep.
        factor: one of its factors.
        name: unique among the figures of a page; put before each id.
    """
    values = comparison.factors[factor]
    with plot_style.new_figure(2.8) as figure:
        axes = figure.subplots()
        places = _scale(axes, values)
        for place, value in zip(places, values, strict=True):
            rows = rows_at(comparison.rows, **{factor: value})
            each = [accuracy for row in rows for accuracy in row.accuracies]
            axes.plot([place] * len(each), each, ".", color="#999999", markersize=4, zorder=1)
        found = [_means(comparison.rows, factor, value) for value in values]
        means, spreads = zip(*found, strict=True)
        axes.errorbar(places, means, spreads, color="#0072B2", marker="o", capsize=4, zorder=2)
        plot_style.label(axes, _words(factor), "accuracy")
        return plot_style.as_svg(figure, name, f"Accuracy against {_words(factor)}")


def interaction(comparison: Comparison, pair: tuple[str, str], name: str) -> str:
    """Accuracy against the values of one factor, with a line per value of another."""
    one, other = pair
    with plot_style.new_figure(3.0) as figure:
        axes = figure.subplots()
        places = _scale(axes, comparison.factors[one])
        for index, level in enumerate(comparison.factors[other]):
            rows = rows_at(comparison.rows, **{other: level})
            found = [_means(rows, one, value) for value in comparison.factors[one]]
            means, spreads = zip(*found, strict=True)
            color, marker, face, dashes = line_style(index)
            axes.errorbar(
                places, means, spreads, color=color, marker=marker, markerfacecolor=face,
                linestyle=dashes, capsize=3,
                label=f"{_words(other)} {drawable(level_text(level), LONGEST_NAME)}",
            )  # fmt: skip
        plot_style.label(axes, _words(one), "accuracy")
        plot_style.legend(figure)
        return plot_style.as_svg(
            figure, name, f"Accuracy against {_words(one)}, by {_words(other)}"
        )


def every_learning_curve(comparison: Comparison) -> str:
    """Validation accuracy by epoch for every training; the seeds of a row look alike."""
    from matplotlib.ticker import MaxNLocator

    rows = comparison.rows
    with plot_style.new_figure(2.8 + 0.1 * len(rows)) as figure:
        axes = figure.subplots()
        for index, row in enumerate(rows):
            _curves(axes, row, index)
        later = [
            value for row in rows for curve in row.curves for value in curve[len(curve) // 4 :]
        ]
        if later:
            air = 0.05 * (max(later) - min(later)) or 0.01
            axes.set_ylim(min(later) - air, max(later) + air)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        plot_style.label(axes, "epoch", "validation accuracy")
        plot_style.legend(figure)
        return plot_style.as_svg(figure, "e", f"Learning curves of {len(rows)} combinations")


def pairs_of(comparison: Comparison) -> list[tuple[str, str]]:
    """All pairs of factors."""
    return list(itertools.combinations(comparison.factors, 2))


def _curves(axes: Axes, row: Row, index: int) -> None:
    color, _, _, dashes = line_style(index)
    for number, curve in enumerate(row.curves):
        # A leading underscore keeps a name out of the legend.
        label = "\u2060" + drawable(row.net, LONGEST_NAME) if number == 0 else "_"
        marker = "." if len(curve) == 1 else None
        axes.plot(
            range(1, len(curve) + 1), curve, color=color, linestyle=dashes, linewidth=0.9,
            marker=marker, label=label,
        )  # fmt: skip


def _means(rows: Sequence[Row], factor: str, value: Any) -> tuple[float, float]:
    """The mean accuracy at a value, and its standard deviation over seeds."""
    chosen = rows_at(rows, **{factor: value})
    seeds = [fmean(each) for each in zip(*(row.accuracies for row in chosen), strict=True)]
    return fmean(seeds), deviation(seeds) or 0.0


def _scale(axes: Axes, values: Sequence[Any]) -> list[float]:
    """The position of each value on the axis: itself if all are numbers, else evenly spaced."""
    numbers = [each for each in values if isinstance(each, int | float)]
    plain = len(numbers) == len(values) and not any(isinstance(each, bool) for each in values)
    places = [float(each) for each in numbers] if plain else [*map(float, range(len(values)))]
    if plain and min(places) > 0 and max(places) / min(places) >= _WIDE:
        axes.set_xscale("log")
        axes.minorticks_off()
    axes.set_xticks(places, [drawable(level_text(each), 14) for each in values], parse_math=False)
    if not plain:
        axes.set_xlim(-0.5, len(values) - 0.5)
    return places


def _words(name: str) -> str:
    return name.replace("_", " ")
