"""What a network is: blocks, NiN from a table of stages, and the nets it is compared with.

Names, tables of stages and image sizes are known without Keras, which is imported for a network.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
