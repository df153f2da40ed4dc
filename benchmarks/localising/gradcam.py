"""Grad-CAM by tf-keras-vis, and where the cells of a map lie in the image.

Selvaraju et al. 2017, *Grad-CAM* (arXiv 1610.02391). tf-keras-vis 0.8.7 was made for Keras 2; with
Keras 3.15 on TensorFlow its `Gradcam` works on a functional model that is made anew around the
trained layers, without copying it (``clone=False``). It is no dependency of nin:
``pip install tf-keras-vis``.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from nin.models.geometry import leaves

#: Images at a time.
BATCH = 100


def gradcam(
    model: Any, images: NDArray[np.uint8], labels: NDArray[np.int32], layer: Any
) -> NDArray[np.float32]:
    """What speaks for each image's label at the cells of `layer`, after its ReLU: (n, h, w).

    Args:
        model: a `nin.models.Classifier` that has been trained.
        images: (n, h, w, c), as the model takes them.
        labels: (n,), the class to explain.
        layer: a layer of the network that puts out maps.
    """
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.scores import CategoricalScore

    explain, found = None, []
    for first in range(0, len(labels), BATCH):
        rows = slice(first, first + BATCH)
        X = model.preprocessing(keras.ops.convert_to_tensor(images[rows]))
        explain = explain or Gradcam(_watched(model.net, X.shape[1:], layer), clone=False)
        maps = explain(
            CategoricalScore(labels[rows].tolist()),
            X,
            penultimate_layer="watched",
            seek_penultimate_conv_layer=False,
            expand_cam=False,
            normalize_cam=False,
        )
        found.append(np.asarray(maps))
    return np.concatenate(found)


def _watched(net: Any, image_shape: tuple[int, ...], watched: Any) -> Any:
    """The layers of `net` as a functional model, the output of one of them under a name."""
    image = signal = keras.Input(image_shape)
    for layer in leaves(net):
        signal = layer(signal)
        if layer is watched:
            signal = keras.layers.Identity(name="watched")(signal)
    return keras.Model(image, signal)


def convolutions(net: Any) -> list[Any]:
    """The convolutions of `net`, from the first to the last."""
    return [layer for layer in leaves(net) if isinstance(layer, keras.layers.Conv2D)]


def centres(net: Any, side: int, last: Any) -> NDArray[np.float64]:
    """The middles, in pixels, of what the cells in a row of `last`'s output see.

    Args:
        net: a sequence of convolutions and poolings, and what changes no size.
        side: of the image that the network sees, in pixels.
        last: one of its layers.
    """
    first, apart, cells = 0.0, 1, side
    for layer in leaves(net):
        window = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
        if window:
            before, cells = _slid(cells, window[0], layer.strides[0], layer.padding)
            first += apart * ((window[0] - 1) / 2 - before)
            apart *= layer.strides[0]
        if layer is last:
            break
    return first + apart * np.arange(cells)


def _slid(cells: int, window: int, stride: int, padding: str) -> tuple[int, int]:
    """How many cells are padded in front, and how many windows there are then."""
    if padding == "valid":
        return 0, (cells - window) // stride + 1
    windows = -(-cells // stride)
    return max(0, (windows - 1) * stride + window - cells) // 2, windows
