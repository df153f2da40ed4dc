"""What a network costs before anything is measured: parameters, arithmetic, memory."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


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
            are taken to work in place.
        prediction_activation_bytes: the most that is alive at once, for a batch: each layer's
            inputs, its output, and what later layers still need.
        receptive_field: (height, width) in pixels that one cell of the last map sees; None where
            dense layers see the whole image.
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
