"""`Comparison`: what a comparison of networks found, as plain values that can be saved."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from nin.accounting.cost import Cost


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Speed(_Frozen):
    """What a process of its own measured.

    Attributes:
        images_per_second: without compilation and the first batch.
        peak_bytes: by how much the process's memory grew above what it held before the first
            batch, at its peak.
    """

    images_per_second: float
    peak_bytes: int


class Measured(_Frozen):
    """Training and prediction, measured on one machine at one batch size."""

    batch_size: int
    training: Speed
    prediction: Speed


class Row(_Frozen):
    """One network's results.

    Attributes:
        net: its name.
        group: the exercise it belongs to; empty in a plain comparison.
        cost: parameters, arithmetic and memory, counted.
        rates: held-out accuracy of each learning rate that was tried, in increasing order of rate.
        learning_rate: the best of them, which all seeds were trained with.
        accuracies: on the images that all is judged by, one a seed.
        curves: held-out accuracy after each epoch, one list a seed.
        seconds: of training, mean over seeds.
        died: how many seeds the health watch gave up.
        measured: peak memory and images/s, if they were measured.
        on_front: whether no other network of its group is at least as accurate with as few
            parameters (and better in one of the two).
    """

    net: str
    group: str = ""
    cost: Cost
    rates: dict[str, float]
    learning_rate: float
    accuracies: list[float]
    curves: list[list[float]]
    seconds: float
    died: int = 0
    measured: Measured | None = None
    on_front: bool = False

    @property
    def n(self) -> int:
        """How many seeds."""
        return len(self.accuracies)


class Difference(_Frozen):
    """How much better one network is than another, over the same seeds.

    Attributes:
        net: the one.
        rival: the other.
        group: the exercise that both belong to.
        n: how many seeds.
        mean: accuracy of `net` minus that of `rival`.
        low: lower end of the 95 % confidence interval of the mean (paired t); None of one seed.
        high: its upper end.
        parameter_ratio: parameters of `rival` divided by those of `net`.
    """

    net: str
    rival: str
    group: str = ""
    n: int
    mean: float
    low: float | None
    high: float | None
    parameter_ratio: float


class Comparison(_Frozen):
    """Networks trained by the same Trainer on the same images under the same budget.

    Attributes:
        title: what was compared.
        settings: data, image size, budget, seeds, learning rates: what was the same for all.
        data: as `ImageData.describe` gives it.
        judged_on: ``"test"`` or ``"validation"``: the images that accuracies are of.
        images: how many of these there are.
        rows: one a network.
        differences: within a group, the first NiN (or the first network) against each other one.
        versions: of what computed.
        device: the machine.
        command: that made it.

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
    versions: dict[str, str]
    device: dict[str, Any]
    command: str
