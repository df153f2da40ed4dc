"""The yardstick: how fast a library multiplies two matrices of 2048×2048 floats."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

import numpy as np

SIDE = 2048
LIBRARIES = ("numpy", "tensorflow", "torch")
#: The yardstick's names among the contenders → whose interpreter.
PLACES = {"sgemm": "own", "sgemm-torch": "torch"}


def answer(seconds: float) -> dict[str, float]:
    """GFLOP/s of the best product, for each of `LIBRARIES` that can be imported here."""
    rates = {}
    for name in LIBRARIES:
        try:
            library = importlib.import_module(name)
        except ImportError:
            continue
        rates[name] = _rate(_product(name, library), seconds)
    return rates


def _product(name: str, library: Any) -> Callable[[], object]:
    a, b = np.random.default_rng(0).standard_normal((2, SIDE, SIDE), np.float32)
    if name == "tensorflow":
        a, b = library.constant(a), library.constant(b)
        return lambda: library.matmul(a, b)
    if name == "torch":
        a, b = library.from_numpy(a), library.from_numpy(b)
    return lambda: a @ b


def _rate(product: Callable[[], object], seconds: float) -> float:
    product()
    times = []
    while sum(times) < seconds or len(times) < 3:
        began = time.perf_counter()
        product()
        times.append(time.perf_counter() - began)
    return round(2 * SIDE**3 / min(times) / 1e9, 1)
