"""Lower precision where it is safe: products in bfloat16, weights and outputs in float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nin import backends
from nin.networks.lookup import known_stages
from nin.networks.stages import MBConv
from nin.training.recipe import Recipe

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def resolve_precision(recipe: Recipe) -> Recipe:
    """The recipe with ``precision="auto"`` replaced by what is faster here.

    That is bfloat16 where the GPU has matrix units for it (compute capability 8.0 and above; TPUs),
    or the processor instructions (AVX512-BF16, AMX, ARM's BF16; TensorFlow and PyTorch use them,
    JAX does not); and float32 everywhere else. Networks with depthwise convolutions stay in
    float32: those are no faster in bfloat16. The choice is looked up, not measured, so that it is
    always the same on the same machine.
    """
    if recipe.precision != "auto":
        return recipe
    depthwise = any(isinstance(stage, MBConv) for stage in known_stages(recipe.preset))
    fast = not depthwise and backends.current().fast_in_bfloat16()
    return recipe.revised(precision="bfloat16" if fast else "float32")


@contextmanager
def precision_policy(precision: str) -> Iterator[None]:
    """Networks that are made and built in this block compute in `precision`.

    bfloat16 has the range of float32, so gradients need no scaling. The preprocessing, the average
    of the class maps and the loss stay in float32, as do weights and the optimiser's state: the
    format of saved files does not depend on the precision.

    Args:
        precision: ``"float32"`` or ``"bfloat16"``.
    """
    # Not imported at the top: fitting a head needs no Keras.
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(_POLICIES[precision])
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
