"""Makes Keras know our networks as soon as both are imported, whichever comes first.

`keras.saving.load_model` finds a class only if it has been registered. `import nin` imports no
framework, so it waits for Keras: when Keras is imported its backend is settled first, and the
networks are registered right after.
"""

from __future__ import annotations

import importlib
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
    """Finds Keras where the other finders find it; acts when it is executed.

    To be found is not enough: TensorFlow, for one, looks for Keras long before it imports it.
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
            self._act_around(spec)
        return spec

    def _act_around(self, spec: ModuleSpec) -> None:
        loader = spec.loader
        assert loader is not None
        execute = loader.exec_module

        def choose_execute_register(module: ModuleType) -> None:
            from nin import backends

            backends.choose()
            execute(module)
            if self in sys.meta_path:
                sys.meta_path.remove(self)
            importlib.import_module("nin.models")

        loader.exec_module = choose_execute_register  # type: ignore[method-assign]
