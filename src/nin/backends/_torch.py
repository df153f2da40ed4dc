"""PyTorch's answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from nin.backends.processor import BFLOAT16_CAPABILITY, multiplies_bfloat16


def gpus() -> int:
    """How many GPUs PyTorch sees."""
    return int(torch.cuda.device_count())


def version() -> str:
    """PyTorch's version."""
    return str(torch.__version__)


def fast_in_bfloat16() -> bool:
    """Whether convolutions are faster in bfloat16 where PyTorch computes by default."""
    if not gpus():
        return multiplies_bfloat16()
    return bool(torch.cuda.get_device_capability() >= BFLOAT16_CAPABILITY)


def sync(model: Any) -> None:
    """Nothing to do: the weights are up to date at any time."""


def reseed(*numbers: int) -> None:
    """Seed PyTorch's own generators, which Keras's dropout draws from on this backend."""
    torch.manual_seed(int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]))


def random_state() -> Callable[[], None]:
    """What puts the state of PyTorch's own generators back, those of GPUs in use included."""
    state, of_gpus = torch.get_rng_state(), torch.cuda.get_rng_state_all() if gpus() else []

    def restore() -> None:
        torch.set_rng_state(state)
        if of_gpus:
            torch.cuda.set_rng_state_all(of_gpus)

    return restore
