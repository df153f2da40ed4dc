"""Trunks that know photographs already: weights from the package index, features by ONNX Runtime.

Nothing here imports Keras or its backend: what a frozen trunk says of a photograph is known before
they would have been loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nin._lazy import attach

if TYPE_CHECKING:
    from nin.pretrained.features import FeatureExtractor
    from nin.pretrained.trunk import Trunk, load_trunk, trunk_of

__all__ = ["FeatureExtractor", "Trunk", "load_trunk", "trunk_of"]

__getattr__, __dir__ = attach(
    __name__,
    {
        "nin.pretrained.features": ("FeatureExtractor",),
        "nin.pretrained.trunk": ("Trunk", "load_trunk", "trunk_of"),
    },
)
