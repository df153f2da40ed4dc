"""Export of runs to other formats, and `Predictor`, which opens both runs and exported files.

Loaded when first used: opening an ONNX file imports neither Keras nor its backend.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nin._lazy import attach

if TYPE_CHECKING:
    from nin.exporting.exporter import Export, export
    from nin.exporting.predictor import Predictor

__all__ = ["Export", "Predictor", "export"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "nin.exporting.exporter": ("Export", "export"),
        "nin.exporting.predictor": ("Predictor",),
    },
)
