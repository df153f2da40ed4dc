"""Export of runs to other formats, and `Predictor`, which opens both runs and exported files.

Loaded when first used: opening an ONNX file imports neither Keras nor its backend.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
