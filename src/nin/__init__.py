"""Network-in-Network image classifiers that learn reliably.

Readers of *Dive into Deep Learning* can write ``import nin as d2l`` and run the book's cells.
The names are listed in the stub beside this file, and each is loaded when it is first used:
``import nin`` imports no framework. The names of `nin.d2l`, which only the book's cells need, work
here too, but are left out of ``dir(nin)``.
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

# Unless this is set before ONNX Runtime is imported, it reports its use to its maker and keeps an
# identifier of the machine. Child processes inherit it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
