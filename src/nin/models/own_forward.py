"""A subclass's own `forward`, as Keras's `call` and PyTorch need it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras

#: Where a subclass's `forward` is kept on PyTorch.
ASIDE = "_own_forward"


class InContext(keras.layers.Layer):
    """Calls a function without `training`, but passes it on to the layers inside.

    Keras does so by itself when a layer is called. But the JAX trainer calls a model's `call`, not
    the model: dropout and batch normalisation would never be in training mode.
    """

    def __init__(self, function: Callable[[Any], Any], dtype: Any) -> None:
        super().__init__(name="network", dtype=dtype)
        self.function = function

    def call(self, X: Any, training: bool | None = None) -> Any:
        """The function's result; Keras notes `training` for the layers that it calls."""
        return self.function(X)


def set_forward_aside(kinds: Iterable[type[Any]]) -> None:
    """Move the `forward` of classes to another name on PyTorch, where Keras needs the name itself.

    There a Keras layer is also a torch module, whose own `forward` has to stay.
    """
    if keras.backend.backend() == "torch":
        for each in kinds:
            if "forward" in vars(each):
                setattr(each, ASIDE, vars(each)["forward"])
                del each.forward
