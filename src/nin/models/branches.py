"""`Branches`: several paths from the same input, joined: what Inception, residual and dense
blocks have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras


class Branches(keras.layers.Layer):
    """Sends its input down several paths and joins what comes out.

    Args:
        paths: the layers of each path; an empty path hands its input on.
        join: takes the list of what the paths put out, `keras.layers.Concatenate()` for one.
    """

    def __init__(self, *paths: Iterable[Any], join: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.paths = [
            keras.Sequential([*path] or [keras.layers.Identity()])
            for path in (list(path) for path in paths)
        ]
        self.join = join

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights of every path."""
        for path in self.paths:
            path.build(input_shape)
        self.join.build([path.compute_output_shape(input_shape) for path in self.paths])
        self.built = True

    def call(self, X: Any, training: bool | None = None) -> Any:
        """Input of shape (n, h, w, c) → what the join makes of the paths' outputs."""
        return self.join([path(X, training=training) for path in self.paths])

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of `call`'s result."""
        shapes = [path.compute_output_shape(input_shape) for path in self.paths]
        return tuple(self.join.compute_output_shape(shapes))
