"""`Comparison`: the result of comparing networks, as plain values that can be saved."""

from __future__ import annotations

from html import escape
from typing import Any, Self

from pydantic import Field, model_validator

from nin.study.results.answer import answer, sweep_answer, tuning_answer
from nin.study.results.frame import columns
from nin.study.results.overview import overview
from nin.study.results.table_formats import html, latex, markdown
from nin.study.results.tuning_record import TuningRecord
from nin.study.statistics.difference import Difference, differences_between
from nin.study.statistics.intervals import FEWEST_SEEDS
from nin.study.trials.row import Frozen, Row


class Comparison(Frozen):
    """Networks trained by the same Trainer on the same images under the same budget.

    Attributes:
        title: what was compared.
        settings: what was the same for all: data, image size, budget, seeds, learning rates.
        data: the result of `ImageData.describe`; under ``opened_with``, the recipe's fields that
            affect it.
        judged_on: the images that `accuracies` are measured on, ``"test"`` or ``"validation"``.
        images: number of these images.
        rows: one per network.
        differences: the first NiN of each group (or its first network) against each other network.
            Those in a file of an earlier version are computed again from `rows`.
        factors: in a sweep, the values of each factor, by name.
        effects: in a sweep of several factors, the usual value of each (the recipe's, or the first)
            against each of its other values, averaged over the other factors.
        interactions: for each pair of factors, how much the step from the first to the last value
            of the one depends on the other.
        tuning: in a result of `nin.tune`, the search that the first row's values come from.
        versions: of Python, this package, Keras, NumPy and the backend.
        device: the machine.
        command: the command line that produced it.

    Example:
        >>> from pathlib import Path
        >>> recipe = nin.RECIPES["digits"].revised(epochs=1, limit=64)
        >>> quick = {"rates": [0.001], "seeds": 1, "measured": False}
        >>> found = nin.compare(["mnist", "lenet"], recipe, out="digits", **quick)
        >>> nin.Comparison.model_validate_json(Path("digits/compare.json").read_text()) == found
        True
    """

    title: str
    settings: dict[str, Any]
    data: dict[str, Any]
    judged_on: str
    images: int
    rows: list[Row]
    differences: list[Difference]
    factors: dict[str, list[Any]] = Field(default_factory=dict)
    effects: list[Difference] = Field(default_factory=list)
    interactions: list[Difference] = Field(default_factory=list)
    tuning: TuningRecord | None = None
    versions: dict[str, str]
    device: dict[str, Any]
    command: str

    @property
    def answer(self) -> str:
        """What was found, in one sentence."""
        if self.tuning is not None:
            return tuning_answer(self.tuning, self.rows, self.differences)
        if self.effects:
            return sweep_answer(self.rows, self.effects, self.interactions)
        return answer(self.rows, self.differences)

    def frame(self) -> dict[str, list[Any]]:
        """Every number: a list per column, with a value per network.

        `pandas.DataFrame` and `polars.DataFrame` accept it as it is.

        Example:
            >>> recipe = nin.RECIPES["digits"].revised(epochs=1, limit=64)
            >>> quick = {"rates": [0.001], "seeds": 1, "measured": False}
            >>> found = nin.compare(["mnist", "lenet"], recipe, out="digits", **quick)
            >>> found.frame()["parameters_total"]
            [349674, 56714]
        """
        return columns(self.rows)

    def to_markdown(self) -> str:
        """The networks with accuracy, cost and difference, as a table in Markdown."""
        return markdown(*overview(self.rows, self.differences))

    def to_latex(self) -> str:
        """The same table as a LaTeX `tabular`, with the rules of the package booktabs."""
        return latex(*overview(self.rows, self.differences))

    def _repr_html_(self) -> str:
        """What a notebook shows: the finding and the table."""
        return f"<p>{escape(self.answer)}</p>{html(*overview(self.rows, self.differences))}"

    @model_validator(mode="after")
    def _read_again(self) -> Self:
        """Compute the differences of an earlier version again, from the rows' accuracies."""
        rows = {(row.group, row.net): row for row in self.rows}
        names = [((d.group, d.net), (d.group, d.rival)) for d in self.differences]
        old = any(_is_old(each) for each in self.differences)
        if old and all(name in rows for pair in names for name in pair):
            pairs = [(rows[one], rows[other]) for one, other in names]
            folds = self.settings.get("folds")
            # Pydantic's way of writing to a frozen model.
            self.__dict__["differences"] = differences_between(pairs, self.images, folds)
        return self


def _is_old(difference: Difference) -> bool:
    """Whether it is of a version that gave two seeds an interval, and no difference a p-value."""
    too_few = difference.independent < FEWEST_SEEDS
    return (difference.low is not None) if too_few else (difference.p is None)
