"""How a network learns: the Trainer, initial weights, recipes, runs and the health watch.

`runs` is what a training leaves in a folder, `transfer_learning` the training of a head on a
pretrained trunk. Everything is loaded when first used: recipes and runs can be read without Keras.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
