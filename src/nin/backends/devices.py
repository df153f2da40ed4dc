"""The devices of this machine: the GPUs of the backend, the cores of the processor."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, cast

from nin.backends.choice import current

#: The first compute capability of NVIDIA's GPUs with matrix units for bfloat16 (Ampere).
BFLOAT16_CAPABILITY = (8, 0)
#: Linux's names for the instructions that multiply in bfloat16, on x86 and ARM.
_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}


def num_gpus() -> int:
    """How many GPUs the backend can use.

    Example:
        >>> nin.num_gpus() >= 0
        True
    """
    return current().gpus()


def try_gpu(i: int = 0) -> AbstractContextManager[Any]:
    """The i-th GPU if there is one, else the CPU: ``with try_gpu(): ...``.

    Example:
        >>> import keras
        >>> with nin.try_gpu():
        ...     total = float(keras.ops.sum(keras.ops.ones(3)))
        >>> total
        3.0
    """
    gpus = current().gpus()
    if not gpus:
        # If there is only the CPU, naming it makes PyTorch copy the weights.
        return contextlib.nullcontext()
    import keras

    return cast(AbstractContextManager[Any], keras.device(f"gpu:{i}" if i < gpus else "cpu:0"))


def multiplies_bfloat16() -> bool:
    """Whether this processor has instructions for products in bfloat16; False if not on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return False
    flags = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return not _BFLOAT16.isdisjoint(next(flags, "").split())


@contextlib.contextmanager
def cores_shared(workers: int) -> Iterator[None]:
    """Within this block, processes that are started use only their share of the cores.

    Args:
        workers: number of processes at a time.
    """
    threads = str(max(1, (os.cpu_count() or 1) // workers))
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    ours = [name for name in names if name not in os.environ]
    os.environ.update(dict.fromkeys(ours, threads))
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
