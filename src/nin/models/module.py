"""`Module`: a `keras.Model` with the book's hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from nin.hyperparameters import HyperParameters


class Module(HyperParameters, keras.Model):
    """Base class of networks (*Dive into Deep Learning*, section 3.2), trained by Keras's `fit`.

    A subclass sets `self.net` or defines ``forward(X)``, and gives `loss` and
    `configure_optimizers`. It is saved and loaded by Keras without custom objects: every subclass
    is registered when it is defined.

    Example:
        >>> import keras
        >>> class Regression(nin.Module):
        ...     def __init__(self, lr=0.1):
        ...         super().__init__()
        ...         self.save_hyperparameters()
        ...         self.net = keras.layers.Dense(1)
        ...
        ...     def loss(self, Y_hat, Y, averaged=True):
        ...         losses = keras.losses.mean_squared_error(Y, Y_hat)
        ...         return keras.ops.mean(losses) if averaged else losses
        >>> Regression(lr=0.03).configure_optimizers()
        <keras.src.optimizers.sgd.SGD object at ...>
    """

    _compiled_with_a_loss = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "forward" in cls.__dict__:
            # On PyTorch a Keras layer is a torch module as well, whose own `forward` has to stay.
            setattr(cls, "_network", cls.__dict__["forward"])  # noqa: B010
            del cls.forward
        package = cls.__module__.partition(".")[0]
        keras.saving.register_keras_serializable(package=package)(cls)

    def __init__(self) -> None:
        super().__init__(name=type(self).__name__.lower())

    def __setattr__(self, name: str, value: Any) -> None:
        # Keras keeps what `compile` was given in an attribute `loss`, which would hide the method.
        if name != "loss":
            super().__setattr__(name, value)

    def call(self, X: Any, training: bool | None = None) -> Any:
        """Keras's entry point; passes `training` on to every layer of the network."""
        network = _InContext(self._network, name="network", dtype=self.dtype_policy)
        return network(X, training=training)

    def _network(self, X: Any) -> Any:
        """What a subclass's `forward` replaces."""
        return self.net(X)

    def loss(self, Y_hat: Any, Y: Any, averaged: bool = True) -> Any:
        """The loss of predictions `Y_hat` against labels `Y`; a subclass gives it.

        `averaged` is False if samples have weights: the result is then one loss per sample.
        """
        raise NotImplementedError(f"{type(self).__name__} needs a method loss(Y_hat, Y)")

    def configure_optimizers(self) -> Any:
        """The optimiser to train with: plain SGD at the learning rate `self.lr`."""
        if not hasattr(self, "lr"):
            raise AttributeError(
                f"{type(self).__name__} has no learning rate: set self.lr,"
                " or override configure_optimizers"
            )
        return keras.optimizers.SGD(self.lr)

    def training_step(self, batch: Any) -> Any:
        """The loss of one batch ``(X, Y)``, for loops written by hand; `Trainer` calls `loss`."""
        *inputs, Y = batch
        return self.loss(self(*inputs, training=True), Y)

    def validation_step(self, batch: Any) -> Any:
        """The loss of one batch ``(X, Y)`` with dropout off, for loops written by hand."""
        *inputs, Y = batch
        return self.loss(self(*inputs, training=False), Y)

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, *others: Any, **settings: Any
    ) -> None:
        """Keras's own; without a `loss`, this network's own loss is trained with."""
        # Keras itself keeps the loss of an earlier `compile` when the next one gives none.
        self._compiled_with_a_loss = loss is not None
        super().compile(optimizer, loss, *others, **settings)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Keras's hook of `load_model`, which passes over a model with a `compile` of its own."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.built:
            self.optimizer.build(self.trainable_variables)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Keras's hook: the loss given to the last `compile`, else this network's own `loss`."""
        if self._compiled_with_a_loss:
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        if sample_weight is None:
            own = ops.mean(self.loss(y_pred, y))
        else:
            own = ops.mean(self.loss(y_pred, y, averaged=False) * sample_weight)
        return sum(self.losses, start=own)


def are_shares(Y: Any, Y_hat: Any) -> bool:
    """Whether labels are shares of the classes (n, classes), as `Y_hat` is, and not numbers."""
    shape = tuple(getattr(Y, "shape", ()))
    return len(shape) == 2 and shape[-1] == Y_hat.shape[-1]


@keras.saving.register_keras_serializable(package="nin")
class CountedAccuracy(keras.metrics.SparseCategoricalAccuracy):
    """Accuracy in which every image counts the same, whatever its weight in the loss.

    Images of weight 0 do not count: they pad a batch that several devices share. Where labels are
    shares of the classes it is the largest that counts. Keras writes the class's name into a saved
    network, so it has to be registered wherever networks are.
    """

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Count a batch."""
        if sample_weight is not None:
            sample_weight = ops.cast(ops.greater(sample_weight, 0), "float32")
        if are_shares(y_true, y_pred):
            y_true = ops.argmax(y_true, axis=-1)
        return super().update_state(y_true, y_pred, sample_weight)


class _InContext(keras.layers.Layer):
    """Calls a function that knows nothing of `training`, and hands it on to the layers in there.

    Keras does so by itself when a layer is called. But the JAX trainer calls a model's `call`, not
    the model: dropout and batch normalisation would then never be in training mode.
    """

    def __init__(self, function: Callable[[Any], Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.function = function

    def call(self, X: Any, training: bool | None = None) -> Any:
        return self.function(X)
