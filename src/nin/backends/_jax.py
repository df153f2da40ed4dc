"""`Backend` on JAX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax

from nin.backends.devices import BFLOAT16_CAPABILITY


def gpus() -> int:
    """How many GPUs JAX finds."""
    return sum(device.platform == "gpu" for device in jax.devices())


def gpu_name() -> str:
    """The name of the first GPU; there must be one."""
    return str(next(device.device_kind for device in jax.devices() if device.platform == "gpu"))


def version() -> str:
    """JAX's version."""
    return str(jax.__version__)


def fast_in_bfloat16() -> bool:
    """Whether convolutions are faster in bfloat16 where JAX computes; on a CPU they are not."""
    device = jax.devices()[0]
    if device.platform != "gpu":
        return bool(device.platform == "tpu")
    capability = tuple(map(int, device.compute_capability.split(".")))
    return capability >= BFLOAT16_CAPABILITY


def sync(model: Any) -> None:
    """Bring the model's weights up to date while `fit` runs: JAX's loop holds the current ones."""
    model.jax_state_sync()


def set_seed(seed: int) -> None:
    """Nothing to do: JAX has no random state of its own."""


def reseed(*_: int) -> None:
    """Nothing to do: Keras keeps the state of all random numbers in variables."""


def random_state() -> Callable[[], None]:
    """Nothing to put back: JAX has no random state of its own."""
    return lambda: None


def own_variable(value: Any) -> tuple[Any, bool, str] | None:
    """None: JAX has no variables of its own."""
    return None


def gradients(compute: Callable[[], tuple[Any, Any]], model: Any) -> tuple[Any, Any, list[Any]]:
    """The loss and the other value that `compute` returns, and the loss's gradients.

    Args:
        compute: computes with the weights of `model`.
        model: a built model.
    """
    from keras import StatelessScope

    others = model.non_trainable_variables

    def loss_of(weights: list[Any]) -> tuple[Any, Any]:
        mapping = list(zip(model.trainable_variables, weights, strict=True))
        with StatelessScope(mapping, collect_losses=True) as scope:
            loss, beside = compute()
        return loss, (beside, [scope.get_current_value(each) for each in others])

    weights = [weight.value for weight in model.trainable_variables]
    (loss, (beside, values)), found = jax.value_and_grad(loss_of, has_aux=True)(weights)
    for each, value in zip(others, values, strict=True):
        if value is not None:
            each.assign(value)
    return loss, beside, found


def can_compile(function: Callable[..., Any], arrays: Sequence[Any]) -> bool:
    """True: JAX knows the shapes of each batch when it compiles."""
    return True


def prepare_optimizer(optimizer: Any) -> None:
    """Nothing to do."""


def batch_normalization(*_: Any) -> None:
    """None: XLA fuses Keras's own operators."""
