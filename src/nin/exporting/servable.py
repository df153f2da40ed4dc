"""`Servable`: a network that takes images as they are stored, in Keras's own operations.

For the formats that Keras writes itself. The ONNX graph does the same in ONNX's operations
(`nin.exporting.onnx.onnx_preprocessing`); tests check that the two agree.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from nin.data.decoding.decode import CUBIC, ResizeMode
from nin.models import Classifier


class Servable(keras.Model):
    """uint8 images of any size in, probabilities and class maps out.

    Args:
        model: a built classifier.
        shape: (height, width, channels) that images are resized to; channels 1 or 3.
        maps: whether class maps are returned; the network must have them.
        resize_mode: which part of an image fills `shape`; see `nin.data.decoding.decode.seen_box`.
    """

    def __init__(
        self,
        model: Classifier,
        shape: tuple[int, int, int],
        maps: bool,
        resize_mode: ResizeMode = "squash",
    ) -> None:
        super().__init__(name="servable")
        self.model, self.shape_trained, self.maps, self.fitting = model, shape, maps, resize_mode
        self(ops.zeros((1, *shape), "uint8"))

    def call(self, images: Any) -> dict[str, Any]:
        """Images (n, height, width, channels), uint8 → outputs."""
        height, width, channels = self.shape_trained
        x = ops.cast(images, "float32")
        down, across = _resizing(ops.shape(x)[1:3], (height, width), self.fitting)
        x = _whole(ops.einsum("vw,nhwc->nhvc", across, x))
        x = _whole(ops.einsum("uh,nhwc->nuwc", down, x))
        x = ops.reshape(x, (-1, height, width, channels)) / 255.0
        if not self.maps:
            return {"probabilities": ops.softmax(self.model(x, training=False))}
        maps = self.model.class_maps(x)
        return {"maps": maps, "probabilities": ops.softmax(ops.mean(maps, axis=(1, 2)))}


def _resizing(sides: Any, sizes: tuple[int, int], resize_mode: ResizeMode) -> list[Any]:
    """A matrix (size, side) per axis: for all of it, or for its middle at one scale for both."""
    floats = [ops.cast(side, "float32") for side in sides]
    scales = [side / size for side, size in zip(floats, sizes, strict=True)]
    margins = [0.0, 0.0]
    if resize_mode == "crop":
        scales = [ops.minimum(*scales)] * 2
        margins = [(s - scales[0] * size) / 2 for s, size in zip(floats, sizes, strict=True)]
    return [_weights(*axis) for axis in zip(sides, sizes, scales, margins, strict=True)]


def _weights(side: Any, size: int, scale: Any, margin: Any) -> Any:
    """The matrix (size, side) that resizes an axis: a cubic filter, wider where it shrinks."""
    here = (ops.arange(size, dtype="float32") + 0.5) * scale + margin
    there = ops.cast(ops.arange(side), "float32") + 0.5
    weights = _cubic(ops.abs((there[None] - here[:, None]) / ops.maximum(scale, 1.0)))
    return weights / ops.sum(weights, axis=1, keepdims=True)


def _cubic(t: Any) -> Any:
    t = ops.minimum(t, 2.0)
    near = ((CUBIC + 2) * t - (CUBIC + 3)) * t * t + 1.0
    far = ((CUBIC * t - 5 * CUBIC) * t + 8 * CUBIC) * t - 4 * CUBIC
    return ops.where(t < 1.0, near, far)


def _whole(x: Any) -> Any:
    """Eight-bit values, as Pillow keeps them between steps."""
    return ops.clip(ops.floor(x + 0.5), 0.0, 255.0)
