"""`corr2d`: what a convolution computes, in two loops."""

from __future__ import annotations

from typing import Any

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
