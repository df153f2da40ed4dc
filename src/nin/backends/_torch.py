"""PyTorch's answers."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from typing import Any

import torch

from nin.backends import SEVERAL, Layout
from nin.errors import BackendError


def gpus() -> int:
    """How many GPUs PyTorch sees."""
    return int(torch.cuda.device_count())


def version() -> str:
    """PyTorch's version."""
    return str(torch.__version__)


def sync(model: Any) -> None:
    """Nothing to do: the weights are up to date at any time."""


def layout() -> Layout:
    """One device, one process."""
    return Layout()


def lost_peers() -> AbstractContextManager[None]:
    """There are no others to lose."""
    return contextlib.nullcontext()


def spread(_: int) -> None:
    """Refuse: Keras spreads a training on JAX only."""
    raise BackendError(SEVERAL.format("torch"))


def gather() -> None:
    """Nothing to do."""
