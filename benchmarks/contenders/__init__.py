"""The contenders of `speed.py`: one network, written for several libraries, a file each.

A contender's file has ``measure(task, seconds, **arguments)``, which returns an `Answer`. It runs
in an interpreter of its own, where nothing but its library need be installed.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import platform
from collections.abc import Mapping
from typing import Any, NamedTuple

from contenders.clock import Answer
from contenders.task import TASKS

#: Whose versions are recorded, where they are installed.
LIBRARIES = ("numpy", "tensorflow-cpu", "tensorflow", "keras", "jax", "torch", "tf_keras", "d2l")


class Contender(NamedTuple):
    """One way to train the network.

    Attributes:
        title: what the table calls it.
        file: its module in this folder.
        interpreter: whose: ``"own"``, that of this process, ``"torch"`` or ``"d2l"``.
        environment: set for its process.
        arguments: of its `measure`, beside the task and the seconds.
        same_mathematics: False where products are rounded to fewer bits than in float32.
    """

    title: str
    file: str
    interpreter: str = "own"
    environment: Mapping[str, str] = {}
    arguments: Mapping[str, Any] = {}
    same_mathematics: bool = True


CONTENDERS: dict[str, Contender] = {
    "ours": Contender("nin", "ours", environment={"KERAS_BACKEND": "tensorflow"}),
    "keras-tensorflow": Contender(
        "Keras on TensorFlow", "plain_keras", environment={"KERAS_BACKEND": "tensorflow"}
    ),
    "keras-jax": Contender("Keras on JAX", "plain_keras", environment={"KERAS_BACKEND": "jax"}),
    "torch": Contender("PyTorch, eager", "pytorch", "torch"),
    "torch-compile": Contender(
        "PyTorch, torch.compile",
        "pytorch",
        "torch",
        # Else the second round would find what the first has compiled.
        environment={"TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1"},
        arguments={"compiled": True},
    ),
    "d2l": Contender(
        "d2l, its own Trainer", "book", "d2l", environment={"TF_USE_LEGACY_KERAS": "1"}
    ),
    "ours-bfloat16": Contender(
        "nin, bfloat16 products",
        "ours",
        environment={"KERAS_BACKEND": "tensorflow", "ONEDNN_DEFAULT_FPMATH_MODE": "BF16"},
        same_mathematics=False,
    ),
}


def answer(name: str, task: str, seconds: float) -> dict[str, Any]:
    """Measure one contender in this process.

    Args:
        name: of the contender.
        task: name of the task.
        seconds: how long to train, and then how long to predict.
    """
    contender = CONTENDERS[name]
    module = importlib.import_module(f"contenders.{contender.file}")
    measured: Answer = module.measure(TASKS[task], seconds, **contender.arguments)
    return {**measured._asdict(), "versions": versions()}


def versions() -> dict[str, str]:
    """Versions of what this interpreter has of `LIBRARIES`."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
