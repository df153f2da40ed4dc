"""An optimiser written by hand, such as the book's from-scratch SGD, in Keras's loop."""

from __future__ import annotations

from typing import Any

import keras

from nin.errors import NinError


class CustomOptimizer(keras.optimizers.SGD):
    """Passes all gradients, clipped on request, to an object that is not a Keras optimiser.

    Args:
        own: has ``apply_gradients(grads_and_vars)`` and perhaps `lr`.
    """

    def __init__(self, own: Any) -> None:
        super().__init__(learning_rate=float(getattr(own, "lr", 0.01)), name="own_optimizer")
        self.own = own

    def _backend_update_step(
        self, grads: Any, trainable_variables: Any, learning_rate: Any
    ) -> None:
        """Update all weights in one step; Keras's public hook updates one weight at a time."""
        is_native = keras.backend.backend() == "tensorflow"
        variables = [
            each.value if is_native and isinstance(each, keras.Variable) else each
            for each in trainable_variables
        ]
        self.own.apply_gradients(list(zip(grads, variables, strict=True)))


def innermost(optimizer: Any) -> Any:
    """The optimiser that takes the steps, which may be inside one that scales losses."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def clip_by_norm(optimizer: Any, norm: float) -> None:
    """Let an optimiser scale gradients so that their global norm is at most `norm`.

    Raises:
        NinError: it already clips, or is made of several.
    """
    inner = innermost(optimizer)
    if inner.clipnorm or inner.clipvalue or hasattr(inner, "optimizers"):
        raise NinError(
            "gradient_clip_val has no effect on an optimiser that clips by itself, or is made of"
            " several: clip in one place"
        )
    inner.global_clipnorm = float(norm)


def renewed(optimizer: Any) -> Any:
    """A copy of one of Keras's optimisers without its state; an object written by hand as it is.

    Raises:
        NinError: it cannot be copied, because of a schedule that Keras does not know, for example.
    """
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        return optimizer
    try:
        return type(optimizer).from_config(optimizer.get_config())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise NinError(
            "the optimizer of this Trainer belongs to another model: make a Trainer for each model"
        ) from error


def as_keras_optimizer(optimizer: Any, model: Any) -> Any:
    """The result of `configure_optimizers`, as an optimiser of Keras's.

    Args:
        optimizer: one of Keras's, or an object with ``apply_gradients``.
        model: the model that configured it.

    Raises:
        NinError: it is neither.
    """
    if isinstance(optimizer, keras.optimizers.Optimizer):
        return optimizer
    if hasattr(optimizer, "apply_gradients"):
        return CustomOptimizer(optimizer)
    raise NinError(
        f"{type(model).__name__}.configure_optimizers returned {_kind(optimizer)}",
        "return one of keras.optimizers",
        "an object with apply_gradients(grads_and_vars)",
    )


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    return f"a {type(value).__module__.partition('.')[0]} {type(value).__name__}"
