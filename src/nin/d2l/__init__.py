"""What the cells of *Dive into Deep Learning* need besides the package's own names.

All of it is available after ``import nin as d2l``. The names are listed in the stub beside this
file, and each is loaded when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
