"""How a network learns: the Trainer, its start, recipes, runs and the health watch.

Everything is loaded when first used: recipes and runs can be read without Keras.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
