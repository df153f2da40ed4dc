"""Chooses the framework that computes, before Keras is imported."""

from __future__ import annotations

import contextlib
import gc
import importlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, cast

from nin.errors import BackendError, UnknownNameError
from nin.installing import install_line, pip_install

#: Backend name → the line that installs it, in order of preference.
INSTALL = {
    "tensorflow": pip_install("tensorflow-cpu"),
    "jax": install_line("jax"),
    "torch": install_line("torch"),
}


class Backend(Protocol):
    """The functions that each backend's file provides."""

    def gpus(self) -> int: ...  # noqa: D102
    def gpu_name(self) -> str: ...  # noqa: D102
    def version(self) -> str: ...  # noqa: D102
    def fast_in_bfloat16(self) -> bool: ...  # noqa: D102
    def sync(self, model: Any) -> None: ...  # noqa: D102
    def set_seed(self, seed: int) -> None: ...  # noqa: D102
    def reseed(self, *numbers: int) -> None: ...  # noqa: D102
    def random_state(self) -> Callable[[], None]: ...  # noqa: D102
    def own_variable(self, value: Any) -> tuple[Any, bool, str] | None: ...  # noqa: D102
    def gradients(  # noqa: D102
        self, compute: Callable[[], tuple[Any, Any]], model: Any
    ) -> tuple[Any, Any, list[Any]]: ...
    def can_compile(self, function: Callable[..., Any], arrays: Sequence[Any]) -> bool: ...  # noqa: D102
    def prepare_optimizer(self, optimizer: Any) -> None: ...  # noqa: D102
    def batch_normalization(  # noqa: D102
        self, images: Any, layer: Any, training: bool
    ) -> tuple[Any, Any, Any] | None: ...


def backend_name() -> str:
    """The name of the backend that Keras uses or will use; nothing is imported.

    `KERAS_BACKEND` decides, then Keras's own configuration file, then the first of TensorFlow,
    JAX and PyTorch that is installed.

    Raises:
        BackendError: none is installed, the chosen one is not, or Keras is already imported with a
            backend other than `KERAS_BACKEND` names.
        UnknownNameError: `KERAS_BACKEND` names no backend.
    """
    requested = os.environ.get("KERAS_BACKEND")
    if "keras" in sys.modules and hasattr(sys.modules["keras"], "backend"):
        return _agreed(requested, str(sys.modules["keras"].backend.backend()))
    name = requested or _configured() or _first_installed()
    if name not in INSTALL:
        raise UnknownNameError("KERAS_BACKEND", name, INSTALL)
    if importlib.util.find_spec(name) is None:
        raise BackendError(
            f"the backend is set to {name}, which is not installed: {INSTALL[name]},"
            " or set KERAS_BACKEND to another one"
        )
    return name


def choose() -> str:
    """Set Keras's backend, before Keras is imported, and return its name; see `backend_name`.

    Raises:
        BackendError, UnknownNameError: see `backend_name`.
    """
    name = backend_name()
    if "keras" in sys.modules and hasattr(sys.modules["keras"], "backend"):
        return name
    os.environ["KERAS_BACKEND"] = name
    # Keras imports TensorFlow for its data sets on every backend.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if name == "tensorflow":
        quietly_imported(name)
    return name


def current() -> Backend:
    """The module of this folder for the chosen backend."""
    return cast(Backend, importlib.import_module(f"nin.backends._{choose()}"))


def quietly_imported(module: str) -> None:
    """Import without the log lines that compiled code writes to standard error by itself."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if module in sys.modules:
        return
    stderr = os.dup(2)
    with tempfile.TemporaryFile() as log, no_garbage_collection():
        os.dup2(log.fileno(), 2)
        try:
            importlib.import_module(module)
        except Exception:
            log.seek(0)
            os.write(stderr, log.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Turn garbage collection off during imports.

    Otherwise Python scans all that was imported so far again and again, which takes a quarter of
    the time of importing TensorFlow and Keras.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _agreed(requested: str | None, active: str) -> str:
    if active not in INSTALL:
        raise UnknownNameError("KERAS_BACKEND", active, INSTALL)
    if requested and requested != active:
        raise BackendError(
            f"Keras is already imported with the {active} backend, but KERAS_BACKEND names"
            f" {requested}: set it before anything imports Keras"
        )
    return active


def _configured() -> str | None:
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    try:
        name = str(json.loads((home / "keras.json").read_text())["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return name if name in INSTALL and importlib.util.find_spec(name) else None


def _first_installed() -> str:
    for name in INSTALL:
        if importlib.util.find_spec(name):
            return name
    raise BackendError(
        "Keras needs TensorFlow, JAX or PyTorch and none is installed: " + INSTALL["tensorflow"]
    )
