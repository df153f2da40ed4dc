"""`init_cnn`: how the book's PyTorch edition initialises its convolutional networks."""

from __future__ import annotations

from typing import Any

import keras


def init_cnn(layer: Any) -> None:
    """Draw the kernel of a convolution or a dense layer anew, as Glorot and Bengio (2010) do.

    For `Module.apply_init`. It is how Keras draws them in any case, so that a fresh model remains
    one: `nin.Trainer` gives it a start from which it learns.

    Args:
        layer: any layer; others, and those without weights yet, stay as they are.

    Example:
        >>> model, data = nin.LeNet(), nin.Digits(resize=(28, 28))
        >>> model.preprocessing.configure(data.resize)
        >>> model.apply_init([data.train.images[:1]], nin.init_cnn)
        >>> model.is_fresh
        True
    """
    if isinstance(layer, (keras.layers.Conv2D, keras.layers.Dense)) and layer.built:
        draw = keras.initializers.GlorotUniform()
        layer.kernel.assign(draw(layer.kernel.shape, dtype=layer.kernel.dtype))
