"""`ProgressBoard`: curves that grow while a model trains, in a notebook."""

from __future__ import annotations

import io
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nin.files import expand, replacing
from nin.hyperparameters import HyperParameters
from nin.plotting import in_notebook

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Point(NamedTuple):
    """A point of a curve."""

    x: float
    y: float


class ProgressBoard(HyperParameters):
    """A board of curves (*Dive into Deep Learning*, section 3.2).

    In Jupyter it is redrawn with each point, in the running cell. In a script nothing is printed or
    drawn until `figure` or `save` is called.

    Args:
        xlabel: label of the x axis.
        ylabel: label of the y axis.
        xlim: range of the x axis; None fits the data.
        ylim: likewise.
        xscale: ``"linear"`` or ``"log"``.
        yscale: likewise.
        ls: line styles, one per curve.
        colors: colours, one per curve.
        figsize: width and height in inches.
        display: False keeps it from drawing in Jupyter.

    Example:
        >>> board = nin.ProgressBoard(xlabel="x")
        >>> for x in range(10):
        ...     board.draw(x, x**2, "square", every_n=2)
        >>> board.points["square"][0]
        (0.5, 0.5)
        >>> board.save("square.png")
    """

    xlabel: str | None
    ylabel: str | None
    xlim: tuple[float, float] | None
    ylim: tuple[float, float] | None
    xscale: str
    yscale: str
    ls: tuple[str, ...]
    colors: tuple[str, ...]
    figsize: tuple[float, float]
    display: bool
    #: For the book's own `draw`, which keeps its figure here.
    fig: Any = None
    axes: Any = None

    def __init__(
        self,
        xlabel: str | None = None,
        ylabel: str | None = None,
        xlim: tuple[float, float] | None = None,
        ylim: tuple[float, float] | None = None,
        xscale: str = "linear",
        yscale: str = "linear",
        ls: tuple[str, ...] = ("-", "--", "-.", ":"),
        colors: tuple[str, ...] = ("C0", "C1", "C2", "C3"),
        figsize: tuple[float, float] = (3.5, 2.5),
        display: bool = True,
    ) -> None:
        self.save_hyperparameters()
        self.points: dict[str, list[tuple[float, float]]] = {}
        self._waiting: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self._handle: Any = None
        self._cell: int | None = None

    @property
    def data(self) -> Any:
        """`points`, as the book reads them: ``board.data["val_loss"][-1].y``."""
        if "data" in vars(self):
            return vars(self)["data"]
        return {label: [Point(*each) for each in points] for label, points in self.points.items()}

    @data.setter
    def data(self, data: Any) -> None:  # The book's own `draw` keeps its points here.
        vars(self)["data"] = data

    def renewed(self) -> ProgressBoard:
        """A new board with the current settings of this one, and no points."""
        return type(self)(**{name: getattr(self, name) for name in self.hparams})

    def draw(self, x: float, y: float, label: str, every_n: int = 1) -> None:
        """Add a point to the curve `label`: the mean of each `every_n` values it is given."""
        waiting = self._waiting[label]
        waiting.append((float(x), float(y)))
        if len(waiting) < every_n:
            return
        mean_x, mean_y = np.mean(waiting, axis=0)
        waiting.clear()
        self.points.setdefault(label, []).append((float(mean_x), float(mean_y)))
        if self.display and in_notebook():
            self._show()

    def figure(self) -> Figure:
        """All curves so far, as a matplotlib figure."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=self.figsize, layout="constrained")
        axes = figure.add_subplot()
        for number, (label, points) in enumerate(self.points.items()):
            xs, ys = zip(*points, strict=True)
            style, color = (kind[number % len(kind)] for kind in (self.ls, self.colors))
            # A single point draws no line.
            marker = "o" if len(points) == 1 else None
            axes.plot(xs, ys, linestyle=style, color=color, marker=marker, label=label)
        axes.set(xlabel=self.xlabel, ylabel=self.ylabel, xlim=self.xlim, ylim=self.ylim)
        axes.set(xscale=self.xscale, yscale=self.yscale)
        if self.points:
            axes.legend(frameon=False)
        axes.grid(alpha=0.3)
        return figure

    def save(self, path: str | Path) -> None:
        """Write the figure to `path` as PNG, SVG or PDF, by its file extension."""
        path = expand(path)
        with replacing(path) as file:
            self.figure().savefig(file, format=path.suffix.lstrip(".") or "png", dpi=150)

    def _show(self) -> None:
        """Draw in the running cell, in place of the picture that is already there."""
        from IPython.display import Image, display

        png = io.BytesIO()
        self.figure().savefig(png, format="png", dpi=110)
        image = Image(data=png.getvalue())
        cell = sys.modules["IPython"].get_ipython().execution_count
        if self._handle is None or cell != self._cell:
            self._handle, self._cell = display(image, display_id=True), cell
        else:
            self._handle.update(image)
