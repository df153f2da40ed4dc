"""Predictions from exported files: no training, no Keras.

`nin.Predictor`, which also opens runs, is in `nin.exporting`, the only package that knows both.
Everything is loaded when first used; no framework is loaded, unless the file is TensorFlow's own.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
