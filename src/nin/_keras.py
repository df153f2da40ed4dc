"""Makes Keras know our networks as soon as both are imported, whichever comes first.

`keras.saving.load_model` finds a class only if it has been registered. `import nin` imports no
framework, so it waits for Keras: when Keras is imported its backend is settled first, and the
networks are registered right after.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


def watch() -> None:
    """Register the networks now if Keras is here, else when it comes."""
    if "keras" in sys.modules:
        importlib.import_module("nin.models")
    else:
        sys.meta_path.insert(0, _AtImport())


class _AtImport(MetaPathFinder):
    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if name != "keras":
            return None
        sys.meta_path.remove(self)
        from nin import backends

        backends.choose()
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.loader is not None:
            _after(spec)
        return spec


def _after(spec: ModuleSpec) -> None:
    loader = spec.loader
    assert loader is not None
    execute = loader.exec_module

    def execute_and_register(module: ModuleType) -> None:
        execute(module)
        importlib.import_module("nin.models")

    loader.exec_module = execute_and_register  # type: ignore[method-assign]
