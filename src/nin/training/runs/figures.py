"""Plots of a training and of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nin.files import replacing
from nin.plotting import default_style, drawable
from nin.training.runs.evaluation import Evaluation, wilson

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Counts are written into the cells of a confusion matrix of up to so many classes.
MOST_WRITTEN = 20


@default_style()
def save_curves(
    path: Path, rows: Sequence[Mapping[str, float]], title: str, kept: int | None = None
) -> None:
    """Loss and accuracy against the epoch, training and validation, side by side.

    Args:
        path: where to write the PNG.
        rows: one per epoch, as in a run's ``metrics.jsonl``.
        title: the title above.
        kept: the epoch whose weights are kept, to be marked.
    """
    figure = new_figure(8, 3.2)
    figure.suptitle(drawable(title), fontsize=10, parse_math=False)
    left, right = figure.subplots(1, 2)
    _curves(left, rows, "loss", "loss (nats)")
    _curves(right, rows, "accuracy", "accuracy")
    if kept is not None:
        for axes in (left, right):
            axes.axvline(kept, color="grey", linewidth=1, linestyle=":", label="kept")
            axes.legend(frameon=False)
    save_png(figure, path)


@default_style()
def save_confusion(path: Path, evaluation: Evaluation, title: str) -> None:
    """The confusion matrix as a picture: rows are the true classes, columns the predicted ones.

    Args:
        path: where to write the PNG.
        evaluation: the evaluation that has the matrix.
        title: the title above.
    """
    count = len(evaluation.classes)
    side = min(24.0, 3 + 0.45 * count)
    figure = new_figure(side, side)
    axes = figure.subplots()
    totals = np.maximum(evaluation.confusion.sum(axis=1, keepdims=True), 1)
    shares = evaluation.confusion / totals
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="predicted class", ylabel="true class")
    axes.set_title(drawable(title), parse_math=False)
    names = [drawable(name) for name in evaluation.classes]
    axes.set_xticks(range(count), names, rotation=90, parse_math=False)
    axes.set_yticks(range(count), names, parse_math=False)
    if count <= MOST_WRITTEN:
        for (row, column), images in np.ndenumerate(evaluation.confusion):
            color = "white" if shares[row, column] > 0.5 else "black"
            axes.text(column, row, str(images), ha="center", va="center", color=color, fontsize=8)
    save_png(figure, path)


@default_style()
def save_reliability(path: Path, evaluation: Evaluation, title: str) -> None:
    """The accuracy of predictions against their probability, and how many there are.

    Args:
        path: where to write the PNG.
        evaluation: the evaluation that has the predictions.
        title: the title above.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(5, 5.5)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    upper.set_title(drawable(title), fontsize=10, parse_math=False)
    upper.plot((0, 1), (0, 1), color="grey", linewidth=1, linestyle=":", label="as sure as right")
    bins = evaluation.reliability
    edges = [each.low for each in bins]
    widths = [each.high - each.low for each in bins]
    look: dict[str, Any] = {"align": "edge", "color": "C0", "edgecolor": "white", "linewidth": 1}
    shares = [each.accuracy for each in bins]
    half = [wilson(round(each.accuracy * each.n), each.n) for each in bins]
    upper.bar(edges, shares, widths, **look)
    upper.errorbar(
        [each.confidence for each in bins],
        shares,
        np.abs(np.array(half).T - shares),
        fmt="o",
        color="C1",
        markersize=4,
        capsize=2,
        label="mean probability, and 95 % interval",
    )
    upper.set(ylabel="share that is right", ylim=(-0.02, 1.02))
    upper.legend(loc="upper left", fontsize=8, edgecolor="none", framealpha=0.85)
    lower.bar(edges, [each.n for each in bins], widths, **look)
    lower.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    error = evaluation.calibration_error
    lower.set(
        xlabel=f"probability of the prediction\nexpected calibration error {error:.3f}",
        ylabel="images",
        xlim=(0, 1),
    )
    save_png(figure, path)


def new_figure(width: float, height: float) -> Figure:
    """An empty figure; its size is in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_png(figure: Figure, path: Path, mark: str | None = None) -> None:
    """Write a figure, wholly or not at all; `mark` becomes the file's software tag."""
    metadata = None if mark is None else {"Software": mark}
    with replacing(path) as file:
        figure.savefig(file, format="png", dpi=150, metadata=metadata)


def _curves(axes: Axes, rows: Sequence[Mapping[str, Any]], key: str, label: str) -> None:
    from matplotlib.ticker import MaxNLocator

    marker = "o" if len(rows) == 1 else None
    for name, style, text in ((key, "-", "training"), (f"val_{key}", "--", "validation")):
        points = [(row["epoch"], row[name]) for row in rows if row.get(name) is not None]
        if points:
            axes.plot(*zip(*points, strict=True), linestyle=style, marker=marker, label=text)
            axes.legend(frameon=False)
    axes.set(xlabel="epoch", ylabel=label)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
