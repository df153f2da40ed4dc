"""How a run becomes a file: the door between what learns and what answers.

Loaded when first used: whoever opens an ONNX file imports neither Keras nor its backend.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
