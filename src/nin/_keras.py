"""Settles Keras's backend before Keras is imported, and registers our networks right after.

`keras.saving.load_model` finds a class only if it has been registered, and Keras uses the backend
that is configured, even if it is not installed. `import nin` imports no framework, so both steps
wait until Keras is imported.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


def watch() -> None:
    """Act now if Keras is already imported, otherwise as soon as it is."""
    if "keras" in sys.modules:
        _settle_backend()
        _register_networks()
    else:
        sys.meta_path.insert(0, _KerasFinder())


class _KerasFinder(MetaPathFinder):
    """Finds Keras through the other finders, and acts when it is executed.

    Acting when it is found would be too early: TensorFlow finds Keras long before it imports it.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "keras":
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            self._act_around(spec.loader)
        return spec

    def _act_around(self, loader: Any) -> None:
        execute = loader.exec_module

        def settle_execute_register(module: ModuleType) -> None:
            from nin.backends import no_garbage_collection

            _settle_backend()
            with no_garbage_collection():
                execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            _register_networks()

        loader.exec_module = settle_execute_register


def _settle_backend() -> None:
    from nin import backends

    backends.choose()


def _register_networks() -> None:
    importlib.import_module("nin.models")
