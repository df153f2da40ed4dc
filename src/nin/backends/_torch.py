"""PyTorch's answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def gpus() -> int:
    """How many GPUs PyTorch sees."""
    return int(torch.cuda.device_count())


def version() -> str:
    """PyTorch's version."""
    return str(torch.__version__)


def sync(model: Any) -> None:
    """Nothing to do: the weights are up to date at any time."""


def reseed(*numbers: int) -> None:
    """Seed PyTorch's own generators, which Keras's dropout draws from on this backend."""
    torch.manual_seed(int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]))
