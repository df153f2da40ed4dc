"""What the cells of *Dive into Deep Learning* call beside the package's own names.

``import nin as d2l`` finds it all. The names are listed in the stub beside this file, and each is
loaded when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
