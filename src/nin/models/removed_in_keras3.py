"""What cells call that Keras 3 no longer has: done as before, or explained in one line."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from nin.errors import NinError

#: The text of the error → what Keras 3 lacks, and what to do.
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
    """Within this, what Keras 3 lacks is raised as a `NinError`, without Keras's traceback.

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


@contextmanager
def sequential_of_one_layer() -> Iterator[None]:
    """Within this, ``Sequential(layer)`` is ``Sequential([layer])``, as it was in Keras 2.

    The book's ResNet, DenseNet and AnyNet are made so.
    """
    original = keras.Sequential.__init__

    @functools.wraps(original)
    def init(self: Any, layers: Any = None, **settings: Any) -> None:
        layers = [layers] if isinstance(layers, keras.layers.Layer) else layers
        original(self, layers, **settings)

    keras.Sequential.__init__ = init
    try:
        yield
    finally:
        keras.Sequential.__init__ = original
