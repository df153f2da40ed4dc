"""Draws class maps: where in an image a network sees evidence for each class.

*Network in Network* (2014), section 3.2: each class has a map, and the map's mean is the class's
logit. This package takes arrays; it imports neither Keras nor the networks.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
