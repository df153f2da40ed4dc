"""`add_to_class`: the methods of a class, one cell at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import keras

Method = TypeVar("Method", bound=Callable[..., object])

#: What the book derives its own `Module` from.
nn_Module = keras.Model  # noqa: N816


def add_to_class(Class: type) -> Callable[[Method], Method]:
    """Add a function to an existing class as a method; existing objects have it, too.

    Example:
        >>> class Greeter(nin.HyperParameters):
        ...     def __init__(self, name):
        ...         self.save_hyperparameters()
        >>> greeter = Greeter("Ada")
        >>> @nin.add_to_class(Greeter)
        ... def greet(self):
        ...     return f"Hello, {self.name}!"
        >>> greeter.greet()
        'Hello, Ada!'
    """

    def attach(function: Method) -> Method:
        setattr(Class, function.__name__, function)
        return function

    return attach
