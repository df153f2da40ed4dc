"""Lower precision where it is safe: products in bfloat16, weights and answers in float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


@contextmanager
def computing_in(precision: str) -> Iterator[None]:
    """Networks that are made and built in this block compute in `precision`.

    bfloat16 has the range of float32, so gradients need no scaling. The preprocessing, the average
    of the class maps and the loss stay in float32, as do weights and the optimiser's state: what
    is saved does not depend on the precision.

    Args:
        precision: ``"float32"`` or ``"bfloat16"``.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(_POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
