"""`Comparison`: the result of comparing networks, as plain values that can be saved."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from nin.accounting.cost import Cost


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Speed(_Frozen):
    """Speed and memory, measured in a process of its own.

    Attributes:
        images_per_second: without the first batches and compilation.
        peak_bytes: peak memory of the process, minus what it held before the first batch.
    """

    images_per_second: Annotated[float, Field(ge=0)]
    peak_bytes: Annotated[int, Field(ge=0)]


class Measured(_Frozen):
    """Training and prediction, measured on one machine at one batch size."""

    batch_size: int
    training: Speed
    prediction: Speed


class Row(_Frozen):
    """The results of one network.

    Attributes:
        net: name of the network.
        group: the exercise it belongs to; empty in a plain comparison.
        cost: parameters, arithmetic and memory, counted.
        rates: validation accuracy by learning rate tried, in increasing order of rate.
        learning_rate: the best of them, used with all seeds.
        accuracies: on the images judged by, one per seed.
        curves: validation accuracy after each epoch, one list per seed.
        seconds: training time, mean over seeds.
        died: number of seeds that the health watch stopped.
        measured: images/s and peak memory, if measured.
        on_front: whether it is on its group's Pareto front of parameters and accuracy: no other
            network is at least as good in both and better in one.
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
        """Number of seeds."""
        return len(self.accuracies)


class Difference(_Frozen):
    """How much better one network is than another, over the same seeds.

    Attributes:
        net: name of the one network.
        rival: name of the other.
        group: the exercise that both belong to.
        n: number of seeds.
        mean: accuracy of `net` minus that of `rival`.
        low: lower end of the 95 % confidence interval of the mean (paired t-test); None for one
            seed.
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
        settings: what was the same for all: data, image size, budget, seeds, learning rates.
        data: as `ImageData.describe` gives it.
        judged_on: ``"test"`` or ``"validation"``: the images that `accuracies` are measured on.
        images: number of these images.
        rows: one per network.
        differences: the first NiN of each group (or its first network) against each other one.
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
    versions: dict[str, str]
    device: dict[str, Any]
    command: str
