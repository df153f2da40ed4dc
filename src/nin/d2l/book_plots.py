"""`plot`, `show_images` and the book's other functions for drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from matplotlib import pyplot

from nin.data.figure import draw
from nin.data.loader import as_numpy
from nin.plotting import in_notebook

FIGSIZE = (3.5, 2.5)
plt = pyplot


def use_svg_display() -> None:
    """Let Jupyter show figures as vector graphics; elsewhere nothing changes.

    Example:
        >>> nin.use_svg_display()
    """
    if in_notebook():
        from matplotlib_inline import backend_inline

        cast(Any, backend_inline).set_matplotlib_formats("svg")


def set_figsize(figsize: tuple[float, float] = FIGSIZE) -> None:
    """Set the width and height, in inches, of later figures.

    Example:
        >>> nin.set_figsize((6, 3))
    """
    use_svg_display()
    plt.rcParams["figure.figsize"] = figsize


def set_axes(
    axes: Any,
    xlabel: str | None,
    ylabel: str | None,
    xlim: tuple[float, float] | None,
    ylim: tuple[float, float] | None,
    xscale: str,
    yscale: str,
    legend: Sequence[str],
) -> None:
    """Label axes, set their ranges and scales, and draw a grid.

    Example:
        >>> axes = nin.plt.figure().gca()
        >>> nin.set_axes(axes, "x", "f(x)", (0, 1), None, "linear", "log", [])
        >>> axes.get_yscale()
        'log'
    """
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale, xlim=xlim, ylim=ylim)
    if len(legend):
        axes.legend(legend)
    axes.grid()


def plot(
    X: Any,
    Y: Any = None,
    xlabel: str | None = None,
    ylabel: str | None = None,
    legend: Sequence[str] = (),
    xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None,
    xscale: str = "linear",
    yscale: str = "linear",
    fmts: Sequence[str] = ("-", "m--", "g-.", "r:"),
    figsize: tuple[float, float] = FIGSIZE,
    axes: Any = None,
) -> None:
    """Draw curves into the current figure, or into `axes`, in place of what is there.

    Args:
        X: x coordinates, for all curves or as a list with those of each curve; without `Y`, the y
            coordinates.
        Y: y coordinates, of one curve or as a list with those of each curve.
        xlabel: label of the x axis.
        ylabel: label of the y axis.
        legend: the curves' names.
        xlim: range of the x axis; None fits the points.
        ylim: likewise.
        xscale: ``"linear"`` or ``"log"``.
        yscale: likewise.
        fmts: matplotlib's format of each curve.
        figsize: width and height in inches.
        axes: where to draw.

    Example:
        >>> x = nin.arange(0, 3, 0.1)
        >>> nin.plot(x, [x**2, 4 * x - 4], "x", "f(x)", legend=["f(x)", "tangent at x=2"])
        >>> len(nin.plt.gca().lines)
        2
    """
    xs, ys = _curves(X), None if Y is None else _curves(Y)
    if ys is None:
        pairs = [(np.arange(len(y)), y) for y in xs]
    else:
        pairs = list(zip(xs * len(ys) if len(xs) == 1 else xs, ys, strict=True))
    set_figsize(figsize)
    axes = plt.gca() if axes is None else axes
    axes.cla()
    for number, (x, y) in enumerate(pairs):
        axes.plot(x, y, fmts[number % len(fmts)])
    set_axes(axes, xlabel, ylabel, xlim, ylim, xscale, yscale, legend)


def show_images(
    imgs: Any, num_rows: int, num_cols: int, titles: Sequence[str] | None = None, scale: float = 1.5
) -> list[Any]:
    """Draw images in a grid; in Jupyter it is displayed.

    Args:
        imgs: (n, height, width) or (n, height, width, 1 or 3).
        num_rows: rows of the grid.
        num_cols: images per row.
        titles: one per image.
        scale: inches per image.

    Returns:
        The axes of the grid, row by row.

    Example:
        >>> images, labels = nin.Digits().test
        >>> len(nin.show_images(images, 2, 9, titles=[str(label) for label in labels]))
        18
    """
    names = [""] * len(imgs) if titles is None else titles
    figure = draw(imgs, list(names), num_rows, num_cols, side=scale)
    return list(figure.axes)


def _curves(values: Any) -> list[Any]:
    """One array per curve."""
    if isinstance(values, (list, tuple)):
        return [as_numpy(each) for each in values] if np.ndim(values[0]) else [np.array(values)]
    array = as_numpy(values)
    return [array] if array.ndim == 1 else list(array)
