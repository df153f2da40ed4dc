"""What the book's code calls and Keras 3 no longer has: done as before, or explained."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras

from nin.errors import NinError

#: Pattern of the error's text → what Keras 3 lacks, and what to do.
REMOVED = {
    r"'(\w+)' object has no attribute 'add_update'": (
        "{} calls add_update, which Keras 3 does not have",
        "delete the call: to assign to the variable is enough",
    ),
    r"Layer (\w+) has multiple required positional arguments: .*training": (
        "{}.call requires training, which Keras 3 gives to a layer of a Sequential only by name",
        "write call(self, inputs, training=None)",
    ),
    r"'TrackedList' object has no attribute 'layers'()": (
        "in Keras 3 a list of layers has no .layers",
        "iterate over the list itself",
    ),
}


@contextmanager
def explained_errors() -> Iterator[None]:
    """Within this block, calls of what Keras 3 lacks raise a `NinError` without its traceback.

    Raises:
        NinError: states what is called, and what to do instead.
    """
    try:
        yield
    except Exception as error:
        for pattern, (what, way) in REMOVED.items():
            if found := re.search(pattern, str(error)):
                raise NinError(what.format(found[1]), way) from None
        raise


#: In how many blocks `keras.Sequential` is changed now, its own `__init__`, and what guards both.
_blocks = 0
_original: Callable[..., None] = keras.Sequential.__init__
_CHANGING = threading.Lock()


@contextmanager
def sequential_of_one_layer() -> Iterator[None]:
    """Within this block, ``Sequential(layer)`` is ``Sequential([layer])``, as in Keras 2.

    The book makes its ResNet, DenseNet and AnyNet in this way. Blocks may be nested, and in several
    threads at once: the last one that ends restores the class.
    """
    _count_block(1)
    try:
        yield
    finally:
        _count_block(-1)


def _count_block(change: int) -> None:
    global _blocks, _original
    with _CHANGING:
        if not _blocks:
            _original = keras.Sequential.__init__
            keras.Sequential.__init__ = _of_one_layer(_original)
        _blocks += change
        if not _blocks:
            keras.Sequential.__init__ = _original


def _of_one_layer(original: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(original)
    def init(self: Any, layers: Any = None, **settings: Any) -> None:
        layers = [layers] if isinstance(layers, keras.layers.Layer) else layers
        original(self, layers, **settings)

    return init
