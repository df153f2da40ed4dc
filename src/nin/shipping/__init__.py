"""How a run leaves the house: exported files, one way to ask any of them, a server, a page.

Loaded when first used: whoever opens an ONNX file imports neither Keras nor its backend.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nin.shipping.engines import Answers
    from nin.shipping.exporting import Export, export
    from nin.shipping.predictor import Predictor

__all__ = ["Answers", "Export", "Predictor", "export"]

_HOME = {
    "Answers": "nin.shipping.engines",
    "Export": "nin.shipping.exporting",
    "Predictor": "nin.shipping.predictor",
    "export": "nin.shipping.exporting",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'nin.shipping' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
