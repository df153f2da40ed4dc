"""Network-in-Network image classifiers that learn reliably.

The reader of *Dive into Deep Learning* writes ``import nin as d2l`` and runs the book's cells.
The names are listed in the stub beside this file, and each is loaded when it is first used:
``import nin`` imports no framework. Those that only the book's cells need, of `nin.d2l`, are found
here as well, and left out of ``dir(nin)``.
"""

import os

import lazy_loader

from nin import _keras, d2l
from nin._version import __version__ as __version__

__getattr__, _, _every_name = lazy_loader.attach_stub(__name__, __file__)

__all__ = sorted(set(_every_name) - set(d2l.__all__))


def __dir__() -> list[str]:
    return ["__version__", *__all__]


_keras.watch()

# ONNX Runtime reports its use to its maker, and keeps an identifier of the machine, unless this is
# set before it is imported. Child processes inherit it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
