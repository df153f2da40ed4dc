"""What a convolution computes, and how the book's PyTorch edition initialises one."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


def corr2d(X: Any, K: Any) -> Any:
    """The cross-correlation of an image with a kernel (*Dive into Deep Learning*, section 7.2).

    Args:
        X: (height, width).
        K: (kernel height, kernel width).

    Returns:
        (height - kernel height + 1, width - kernel width + 1).

    Example:
        >>> X = nin.tensor([[0.0, 1, 2], [3, 4, 5], [6, 7, 8]])
        >>> nin.numpy(nin.corr2d(X, nin.tensor([[0.0, 1], [2, 3]]))).tolist()
        [[19.0, 25.0], [37.0, 43.0]]
    """
    X, K = ops.convert_to_tensor(X), ops.convert_to_tensor(K)
    height, width = K.shape
    windows = [
        [
            ops.sum(X[row : row + height, column : column + width] * K)
            for column in range(X.shape[1] - width + 1)
        ]
        for row in range(X.shape[0] - height + 1)
    ]
    return ops.stack([ops.stack(row) for row in windows])


def init_cnn(layer: Any) -> None:
    """Draw the kernel of a convolution or a dense layer again, as Glorot and Bengio (2010) do.

    For `Module.apply_init`. Keras draws kernels in this way in any case, so a fresh model stays
    fresh: `nin.Trainer` gives it a start from which it learns.

    Args:
        layer: any layer; other layers, and layers without weights yet, stay as they are.

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
