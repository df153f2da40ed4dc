"""`Row`: the results of one network of a comparison, as plain values."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from nin.accounting.cost import Cost


class Frozen(BaseModel):
    """Plain values that cannot be changed; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Speed(Frozen):
    """Speed and memory, measured in a process of its own.

    Attributes:
        images_per_second: without the first batches and compilation.
        peak_bytes: peak memory of the process, minus what it held before the first batch.
    """

    images_per_second: Annotated[float, Field(ge=0)]
    peak_bytes: Annotated[int, Field(ge=0)]


class Measured(Frozen):
    """Training and prediction, measured on one machine at one batch size."""

    batch_size: int
    training: Speed
    prediction: Speed


class Row(Frozen):
    """The results of one network.

    Attributes:
        net: name of the network.
        group: the exercise that it belongs to; empty in a plain comparison.
        cost: parameters, arithmetic and memory, counted.
        rates: validation accuracy by learning rate tried, in increasing order of rate.
        learning_rate: the best of them, used with all seeds; with folds, each of which has its own,
            the median.
        accuracies: on the test or validation images, one per seed; or one per seed and fold.
        correct: which of these images were classified correctly, as `pack` writes it, one per seed,
            with all folds joined; empty in older results, and if not all were evaluated on the same
            images.
        curves: validation accuracy after each epoch, one list per training.
        seconds: training time, mean over trainings.
        died: number of trainings that the health watch stopped.
        measured: images/s and peak memory, if measured.
        on_front: whether it is on its group's Pareto front of parameters and accuracy: no other
            network is at least as good in both and better in one.
        levels: in a sweep, the value of each factor, by its name.
        training: what is needed to repeat its trainings, except the seeds, as `Trial.training`
            returns it; None in older results.
    """

    net: str
    group: str = ""
    cost: Cost
    rates: dict[str, float]
    learning_rate: float
    accuracies: list[float]
    correct: list[str] = []
    curves: list[list[float]]
    seconds: float
    died: int = 0
    measured: Measured | None = None
    on_front: bool = False
    levels: dict[str, Any] = {}
    training: dict[str, Any] | None = None

    @property
    def n(self) -> int:
        """Number of trainings that were evaluated."""
        return len(self.accuracies)


def pack(correct: Sequence[bool] | np.ndarray[Any, Any]) -> str:
    """Which images were classified correctly: a bit per image, in base64."""
    return base64.b64encode(np.packbits(np.asarray(correct, dtype=bool)).tobytes()).decode()


def unpack(packed: str, images: int) -> np.ndarray[Any, Any]:
    """(images,) of Booleans: which images were classified correctly, as `pack` was given them.

    Raises:
        ValueError: it was not written by `pack` for this many images.
    """
    held = np.frombuffer(base64.b64decode(packed, validate=True), dtype=np.uint8)
    if len(held) != -(-images // 8):
        raise ValueError(
            f"it holds which of {8 * len(held)} images were right, not which of {images}"
        )
    return np.unpackbits(held, count=images).astype(bool)


def is_packed(packed: str, images: int) -> bool:
    """Whether `pack` can have written this for this many images."""
    try:
        unpack(packed, images)
    except ValueError:
        return False
    return True
