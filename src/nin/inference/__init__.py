"""Predictions from exported files: no training, no Keras.

Everything is loaded when first used; no framework is, unless the file is TensorFlow's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nin._lazy import attach

if TYPE_CHECKING:
    from nin.inference.engines import Engine, Predictions
    from nin.inference.file_predictor import FilePredictor

__all__ = ["Engine", "FilePredictor", "Predictions"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "nin.inference.engines": ("Predictions", "Engine"),
        "nin.inference.file_predictor": ("FilePredictor",),
    },
)
