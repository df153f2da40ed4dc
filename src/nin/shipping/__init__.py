"""How a run leaves the house: exported files, one way to ask any of them, a server, a page.

Loaded when first used: whoever opens an ONNX file imports neither Keras nor its backend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nin._lazy import attach

if TYPE_CHECKING:
    from nin.shipping.exporting import Export, export
    from nin.shipping.predictor import Predictor

__all__ = ["Export", "Predictor", "export"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "nin.shipping.exporting": ("Export", "export"),
        "nin.shipping.predictor": ("Predictor",),
    },
)
