"""`Backend` on PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from nin.backends.devices import BFLOAT16_CAPABILITY, multiplies_bfloat16


def gpus() -> int:
    """How many GPUs PyTorch finds."""
    return int(torch.cuda.device_count())


def gpu_name() -> str:
    """The name of the first GPU; there must be one."""
    return str(torch.cuda.get_device_name(0))


def version() -> str:
    """PyTorch's version."""
    return str(torch.__version__)


def fast_in_bfloat16() -> bool:
    """Whether convolutions are faster in bfloat16 where PyTorch computes by default."""
    if not gpus():
        return multiplies_bfloat16()
    return bool(torch.cuda.get_device_capability() >= BFLOAT16_CAPABILITY)


def sync(model: Any) -> None:
    """Nothing to do: the weights are always up to date."""


def set_seed(seed: int) -> None:
    """Seed PyTorch's own generators, as Keras does."""
    torch.manual_seed(seed)


def reseed(*numbers: int) -> None:
    """Seed PyTorch's own generators, which Keras's dropout draws from on this backend."""
    torch.manual_seed(int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]))


def random_state() -> Callable[[], None]:
    """A function that restores the state of PyTorch's own generators, including those of GPUs."""
    state, of_gpus = torch.get_rng_state(), torch.cuda.get_rng_state_all() if gpus() else []

    def restore() -> None:
        torch.set_rng_state(state)
        if of_gpus:
            torch.cuda.set_rng_state_all(of_gpus)

    return restore


def own_variable(value: Any) -> tuple[Any, bool, str] | None:
    """The content of a parameter or other tensor with a gradient, and its type; None for others."""
    if not (isinstance(value, torch.Tensor) and value.requires_grad and value.is_leaf):
        return None
    return value.detach().cpu().numpy(), True, str(value.dtype).removeprefix("torch.")


def gradients(compute: Callable[[], tuple[Any, Any]], model: Any) -> tuple[Any, Any, list[Any]]:
    """The loss and the other value that `compute` returns, and the loss's gradients.

    Args:
        compute: computes with the weights of `model`.
        model: a built model.
    """
    weights = [weight.value for weight in model.trainable_variables]
    loss, beside = compute()
    return loss.detach(), beside, list(torch.autograd.grad(loss, weights, allow_unused=True))


def can_compile(function: Callable[..., Any], arrays: Sequence[Any]) -> bool:
    """True: on PyTorch Keras compiles nothing."""
    return True


def prepare_optimizer(optimizer: Any) -> None:
    """Nothing to do."""


def batch_normalization(images: Any, layer: Any, training: bool) -> tuple[Any, Any, Any] | None:
    """As on TensorFlow: the normalised images, and the mean and variance that were used.

    None if only the shape is needed, or if there is one value per channel, which PyTorch refuses.
    """
    if images.is_meta or images.numel() == images.shape[-1]:
        return None
    mean, variance = (each.value.detach() for each in (layer.moving_mean, layer.moving_variance))
    if training:  # Momentum 1 replaces them by the batch's; they only have to be finite.
        mean, variance = torch.zeros_like(mean), torch.zeros_like(variance)
    normalized = torch.nn.functional.batch_norm(
        images.movedim(-1, 1),
        mean,
        variance,
        layer.gamma.value,
        layer.beta.value,
        training=training,
        momentum=1.0,
        eps=layer.epsilon,
    )
    if training:
        # PyTorch returns the unbiased variance (n - 1), Keras averages the biased one (n).
        pixels = images.numel() // images.shape[-1]
        variance = variance * ((pixels - 1) / pixels)
    return normalized.movedim(1, -1), mean, variance
