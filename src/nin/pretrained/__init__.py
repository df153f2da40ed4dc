"""Pretrained trunks: weights from the package index, features computed by ONNX Runtime.

Nothing here imports Keras or its backend: a frozen trunk computes its features in less time than
they would take to load.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
