"""The book's names for what a tensor can do, on every backend of Keras.

They hide nothing: each is the function of `keras.ops` or `keras.random` that does the same.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from nin.data.loader import as_numpy

tensor = ops.convert_to_tensor
zeros, ones, zeros_like, ones_like, eye = (
    ops.zeros,
    ops.ones,
    ops.zeros_like,
    ops.ones_like,
    ops.eye,
)
arange, linspace, meshgrid = ops.arange, ops.linspace, ops.meshgrid
normal, rand = keras.random.normal, keras.random.uniform
reshape, transpose, expand_dims, repeat = ops.reshape, ops.transpose, ops.expand_dims, ops.repeat
concat, stack = ops.concatenate, ops.stack
matmul = batch_matmul = ops.matmul
reduce_sum, reduce_mean, argmax = ops.sum, ops.mean, ops.argmax
abs = ops.abs  # noqa: A001 - the book's own name
exp, log, sigmoid = ops.exp, ops.log, ops.sigmoid
sin, cos, tanh, sinh, cosh = ops.sin, ops.cos, ops.tanh, ops.sinh, ops.cosh
astype = ops.cast
numpy = as_numpy
float32, int32, int64 = "float32", "int32", "int64"


def size(a: Any) -> int:
    """The number of values in a tensor.

    Example:
        >>> nin.size(nin.zeros((2, 3)))
        6
    """
    return int(ops.size(a))


def randn(*shape: int) -> Any:
    """Normally distributed numbers, with the arguments of the book's PyTorch edition.

    Example:
        >>> tuple(nin.randn(2, 3).shape)
        (2, 3)
    """
    return keras.random.normal(shape)
