"""`Cost`: parameters, multiply-adds, memory and receptive field of a network, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from nin.accounting.memory import peak_activations, training_activations
from nin.accounting.receptive_field import receptive_field
from nin.accounting.trace import Step, first_layer_shape, walk
from nin.errors import NinError

#: Bytes of a value in single precision.
_FLOAT = 4


class Parameters(BaseModel):
    """Trainable parameters by kind of layer.

    Attributes:
        spatial: parameters of convolutions larger than 1×1.
        pointwise: parameters of 1×1 convolutions.
        dense: parameters of dense layers.
        normalisation: parameters of batch, layer and group normalisation.
        other: parameters of other layers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    spatial: int = 0
    pointwise: int = 0
    dense: int = 0
    normalisation: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """Number of all trainable parameters."""
        return self.spatial + self.pointwise + self.dense + self.normalisation + self.other


class Cost(BaseModel):
    """The cost of a network at one image shape, counted and not measured.

    Attributes:
        input_shape: (height, width, channels) of the input of the first layer.
        batch_size: number of images that the activations are counted for.
        parameters: trainable parameters by kind of layer.
        non_trainable: number of other values, such as moving averages.
        multiply_adds: products of a weight and a value, per image.
        weight_bytes: memory of all parameters and other values, 4 bytes each.
        optimizer_bytes: memory of AdamW's state: two values per trainable parameter.
        training_activation_bytes: memory kept for the backward pass, per batch: the outputs of
            convolutions, dense layers, normalisations, poolings and joins. Activations and dropout
            count as working in place if nothing else needs the input they overwrite.
        prediction_activation_bytes: peak memory of activations in prediction, per batch: the inputs
            and the output of a layer, and what later layers still need.
        receptive_field: (height, width) in pixels that one cell of the last map sees, ignoring the
            edges of the image; None if dense layers or gates see the whole image.
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
    """The cost of `model`, counted layer by layer; nothing is built, changed or computed.

    Args:
        model: anything that `nin.walk` takes: a network of this package, or a Keras model of the
            usual layers.
        input_shape: (height, width, channels) of the images.
        batch_size: images per batch, for the memory of activations.

    Returns:
        Parameters, multiply-adds per image, bytes of memory and the receptive field in pixels.

    Raises:
        NinError: a layer cannot be counted (the message names it), or `batch_size` is below 1.
        InputSizeError: the images are too small.
        ValueError: Keras finds that the images do not fit a layer.

    Example:
        >>> cost = nin.count_cost(nin.NiN(), (224, 224, 1))
        >>> cost.parameters.total, cost.multiply_adds, cost.receptive_field
        (1992166, 762297352, (195, 195))
    """
    if batch_size < 1:
        raise NinError(f"a batch has one image or more, not {batch_size}")
    trace = walk(model, input_shape)
    height, width, channels = shape = first_layer_shape(model, input_shape)
    parameters = _by_kind(trace)
    non_trainable = sum(step.non_trainable for step in trace)
    return Cost(
        input_shape=(height, width, channels),
        batch_size=batch_size,
        parameters=parameters,
        non_trainable=non_trainable,
        multiply_adds=sum(step.multiply_adds for step in trace),
        weight_bytes=_FLOAT * (parameters.total + non_trainable),
        optimizer_bytes=_FLOAT * 2 * parameters.total,
        training_activation_bytes=_FLOAT * batch_size * training_activations(trace),
        prediction_activation_bytes=_FLOAT * batch_size * peak_activations(trace, shape),
        receptive_field=receptive_field(trace),
    )


def _by_kind(trace: Sequence[Step]) -> Parameters:
    found: Counter[str] = Counter()
    for step in trace:
        known = step.kind in ("spatial", "pointwise", "dense", "normalisation")
        found[step.kind if known else "other"] += step.parameters
    return Parameters(**found)
