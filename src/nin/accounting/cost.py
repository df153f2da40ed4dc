"""What a network costs before anything is measured: parameters, arithmetic, memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from nin.accounting.memory import peak, stored
from nin.accounting.receptive_field import receptive_field
from nin.accounting.trace import Step, seen_shape, walk
from nin.errors import NinError

#: Bytes of a value in single precision.
_FLOAT = 4


class Parameters(BaseModel):
    """Trainable parameters, by where they are.

    Attributes:
        spatial: in convolutions with a window of more than one pixel.
        pointwise: in 1×1 convolutions.
        dense: in dense layers.
        normalisation: in batch, layer and group normalisation.
        other: anywhere else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spatial: int = 0
    pointwise: int = 0
    dense: int = 0
    normalisation: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.spatial + self.pointwise + self.dense + self.normalisation + self.other


class Cost(BaseModel):
    """What a network costs at one image shape, counted and not measured.

    Attributes:
        input_shape: (height, width, channels) of what the first layer sees.
        batch_size: that the activations are for.
        parameters: those that training changes.
        non_trainable: values held beside them, such as moving averages.
        multiply_adds: for one image; products of a weight and a value.
        weight_bytes: all parameters, 4 bytes each.
        optimizer_bytes: what AdamW keeps beside the weights: two values a trainable parameter.
        training_activation_bytes: what the backward pass needs, for a batch: the outputs of
            convolutions, dense layers, normalisations, poolings and joins. Activations and dropout
            are taken to work in place where nothing else needs what they write over.
        prediction_activation_bytes: the most that is alive at once, for a batch: each layer's
            inputs, its output, and what later layers still need.
        receptive_field: (height, width) in pixels that one cell of the last map sees, the image's
            edge disregarded; None where dense layers, or gates, see the whole image.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input_shape: tuple[int, int, int]
    batch_size: int
    parameters: Parameters
    non_trainable: int
    multiply_adds: int
    weight_bytes: int
    optimizer_bytes: int
    training_activation_bytes: int
    prediction_activation_bytes: int
    receptive_field: tuple[int, int] | None


def count_cost(model: Any, input_shape: tuple[int, int, int], batch_size: int = 128) -> Cost:
    """What `model` costs, counted layer by layer; nothing is built, changed or computed.

    Args:
        model: whatever `nin.walk` takes: one of our networks, or a Keras model made of the usual
            layers.
        input_shape: (height, width, channels) of the images.
        batch_size: images at a time, for the memory of activations.

    Raises:
        NinError: a layer cannot be counted; it is named. Or there are no images in a batch.
        InputSizeError: the images are too small.
        ValueError: Keras finds that the images do not fit a layer.

    Example:
        >>> cost = nin.count_cost(nin.NiN(), (224, 224, 1))
        >>> cost.parameters.total, cost.multiply_adds, cost.receptive_field
        (1992166, 762297352, (195, 195))
    """
    if batch_size < 1:
        raise NinError(f"a batch has one image or more, not {batch_size}")
    tape = walk(model, input_shape)
    height, width, channels = seen = seen_shape(model, input_shape)
    parameters = _by_kind(tape)
    non_trainable = sum(step.non_trainable for step in tape)
    return Cost(
        input_shape=(height, width, channels),
        batch_size=batch_size,
        parameters=parameters,
        non_trainable=non_trainable,
        multiply_adds=sum(step.multiply_adds for step in tape),
        weight_bytes=_FLOAT * (parameters.total + non_trainable),
        optimizer_bytes=_FLOAT * 2 * parameters.total,
        training_activation_bytes=_FLOAT * batch_size * stored(tape),
        prediction_activation_bytes=_FLOAT * batch_size * peak(tape, seen),
        receptive_field=receptive_field(tape),
    )


def _by_kind(tape: Sequence[Step]) -> Parameters:
    found: Counter[str] = Counter()
    for step in tape:
        known = step.kind in ("spatial", "pointwise", "dense", "normalisation")
        found[step.kind if known else "other"] += step.parameters
    return Parameters(**found)
