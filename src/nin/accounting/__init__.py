"""What a network costs, counted and not measured: parameters, multiply-adds, memory, fields."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
