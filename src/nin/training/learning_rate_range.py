"""The result of a learning-rate range test: losses, a suggestion, a picture."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.files import expand
from nin.plotting import default_style, drawable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nin.notebook_figure import NotebookFigure

#: Written into each picture, so that it is recognised later.
MARK = "nin train --find-lr"
#: Weight of the previous value in the moving average, which spans about ten steps.
MEMORY = 0.9
#: First steps that are not searched for the steepest descent: their average is over too few.
UNSETTLED = 5
#: If the loss falls by less than this share of its first value, nothing is suggested.
LEAST_FALL = 0.02


class LearningRateRange(NamedTuple):
    """What `nin.lr_find` found.

    Attributes:
        name: the recipe's name.
        own: the recipe's learning rate.
        rates: the learning rates tried, rising from step to step.
        losses: for each rate, the loss of the step's batch before the update.
    """

    name: str
    own: float
    rates: tuple[float, ...]
    losses: tuple[float, ...]

    @property
    def smoothed(self) -> NDArray[np.float64]:
        """The moving average of the losses, corrected for the bias of its first steps."""
        average, found = 0.0, []
        for step, loss in enumerate(self.losses, start=1):
            average = MEMORY * average + (1 - MEMORY) * loss
            found.append(average / (1 - MEMORY**step))
        return np.array(found)

    @property
    def steepest(self) -> float | None:
        """The rate at which the smoothed loss falls fastest; None if it does not fall."""
        if not self._falls():
            return None
        lowest = int(self.smoothed.argmin())
        begin = min(UNSETTLED, lowest - 1)
        falls = np.diff(self.smoothed[begin : lowest + 1])
        return self.rates[begin + int(falls.argmin())]

    @property
    def tenth_of_lowest(self) -> float | None:
        """A tenth of the rate at which the smoothed loss is lowest; None if it does not fall."""
        return self.rates[int(self.smoothed.argmin())] / 10 if self._falls() else None

    @property
    def suggestion(self) -> float | None:
        """The rate to try, to two digits; None if the loss does not fall at any rate."""
        found = self.tenth_of_lowest
        return None if found is None else float(f"{found:.2g}")

    @property
    def answer(self) -> str:
        """The suggestion in words."""
        if self.suggestion is None:
            return "no learning rate suggested, because the loss did not fall at any"
        return (
            f"learning rate {self.suggestion:g} suggested, a tenth of where the loss was lowest"
            f" (the recipe's: {self.own:g})"
        )

    def as_json(self) -> dict[str, Any]:
        """Everything but the picture, as JSON values."""
        return {"suggestion": self.suggestion, **self._asdict()}

    def plot(self) -> NotebookFigure:
        """Draw the losses against the rates; in Jupyter the picture is displayed."""
        figure = self._drawn()
        figure.show_in_notebook()
        return figure

    def save(self, path: str | Path) -> None:
        """Write the picture as a PNG, wholly or not at all."""
        from nin.training.runs.figures import save_png

        save_png(self._drawn(), expand(path), MARK)

    @default_style()
    def _drawn(self) -> NotebookFigure:
        from nin.notebook_figure import NotebookFigure

        figure = NotebookFigure(figsize=(6, 3.6), layout="constrained")
        axes = figure.subplots()
        axes.plot(self.rates, self.losses, color="C0", alpha=0.3, linewidth=1)
        axes.plot(self.rates, self.smoothed, color="C0")
        axes.set_xscale("log")
        axes.set(xlabel="learning rate", ylabel="loss of the batch (nats)")
        axes.set_ylim(*self._shown())
        axes.set_title(drawable(self.name), fontsize=10, parse_math=False)
        axes.grid(alpha=0.3)
        self._mark(axes)
        return figure

    def _mark(self, axes: Axes) -> None:
        axes.axvline(self.own, color="grey", linestyle=":", label=f"the recipe's, {self.own:g}")
        if self.suggestion is not None:
            label = f"suggested, {self.suggestion:g}"
            axes.axvline(self.suggestion, color="C1", linestyle="--", label=label)
        axes.legend(frameon=False, fontsize=8)

    def _shown(self) -> tuple[float, float]:
        """The range of losses to show, which cuts off divergence."""
        low, first = float(self.smoothed.min()), float(self.smoothed[0])
        fall = max(first - low, 0.1)
        return low - 0.2 * fall, first + 0.5 * fall

    def _falls(self) -> bool:
        first, lowest = float(self.smoothed[0]), float(self.smoothed.min())
        return len(self.losses) > 2 and first - lowest > LEAST_FALL * math.fabs(first)
