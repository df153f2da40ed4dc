"""How a network learns: the Trainer, initial weights, recipes, runs and the health watch.

`runs` holds what a training leaves in a folder; `transfer_learning` trains a head on a pretrained
trunk. Everything is loaded on first use, so that recipes and runs can be read without Keras.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
