"""`Servable`: a network that takes images as they are stored, in Keras's own operations.

For the forms that Keras writes itself. The ONNX graph says the same in ONNX's operations
(`nin.shipping.onnx.intake`); tests hold the two equal.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from nin.data.decode import CUBIC, LUMA
from nin.models import Classifier


class Servable(keras.Model):
    """uint8 images of any size in, probabilities and class maps out.

    Args:
        model: a built classifier.
        shape: (height, width, channels) that images are brought to; channels 1 or 3.
        maps: whether class maps are put out; the network must have them.
    """

    def __init__(self, model: Classifier, shape: tuple[int, int, int], maps: bool) -> None:
        super().__init__(name="servable")
        self.model, self.shape_trained, self.maps = model, shape, maps
        self(ops.zeros((1, *shape), "uint8"))

    def call(self, images: Any) -> dict[str, Any]:
        """Images (n, height, width, channels), uint8, with 1, 3 or 4 channels → answers."""
        height, width, channels = self.shape_trained
        x = _to_channels(ops.cast(images, "float32"), channels)
        x = _whole(ops.einsum("vw,nhwc->nhvc", _weights(ops.shape(x)[2], width), x))
        x = _whole(ops.einsum("uh,nhwc->nuwc", _weights(ops.shape(x)[1], height), x))
        x = ops.reshape(x, (-1, height, width, channels)) / 255.0
        if not self.maps:
            return {"probabilities": ops.softmax(self.model(x, training=False))}
        maps = self.model.class_maps(x)
        return {"maps": maps, "probabilities": ops.softmax(ops.mean(maps, axis=(1, 2)))}


def _to_channels(x: Any, channels: int) -> Any:
    """Grey or colour from grey, RGB, or RGB on white where it is transparent."""
    last = ops.shape(x)[3] - 1
    rgb = ops.take(x, ops.minimum(ops.arange(3), last), axis=3)
    opaque = ops.pad(x, ((0, 0), (0, 0), (0, 0), (0, 3)), constant_values=255.0)
    x = _whole((rgb - 255.0) * (opaque[..., 3:4] / 255.0) + 255.0)
    return x if channels == 3 else _whole(ops.sum(x * ops.array(LUMA, "float32"), 3, keepdims=True))


def _weights(side: Any, size: int) -> Any:
    """The matrix (size, side) that resizes an axis: a cubic filter, wider where it shrinks."""
    scale = ops.cast(side, "float32") / size
    here = (ops.arange(size, dtype="float32") + 0.5) * scale
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
