"""`Module`: a `keras.Model` with the book's hooks."""

from __future__ import annotations

import inspect
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, cast

import keras
from keras import ops

from nin import backends
from nin.errors import NinError
from nin.hyperparameters import HyperParameters, saved_arguments
from nin.models.custom_optimizer import as_keras_optimizer
from nin.models.keras_settings import default_settings
from nin.models.own_forward import ASIDE, InContext, set_forward_aside
from nin.models.own_variables import as_weight
from nin.models.removed_in_keras3 import explained_errors, sequential_of_one_layer
from nin.progress_board import ProgressBoard


class ModuleType(type(keras.Model)):  # type: ignore[misc]
    """Makes modules: this package's with Keras's default settings, a user's as in the book."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a module."""
        if cls.__module__.partition(".")[0] == "nin":
            with default_settings():
                return super().__call__(*args, **kwargs)
        with explained_errors(), sequential_of_one_layer():
            return super().__call__(*args, **kwargs)

    @property
    def __signature__(cls) -> inspect.Signature:
        """The signature of `__init__`: Python would take that of `__call__` above."""
        made = inspect.signature(type.__getattribute__(cls, "__init__"))
        return made.replace(parameters=[*made.parameters.values()][1:])


class Module(HyperParameters, keras.Model, metaclass=ModuleType):
    """Base class of networks (*Dive into Deep Learning*, section 3.2), trained by Keras's `fit`.

    A subclass sets `self.net` or defines ``forward(X)``, and defines `loss` and
    `configure_optimizers`. Each may be attached to the class later. A TensorFlow variable or a
    PyTorch parameter that is set as an attribute becomes a weight. Keras saves and loads the module
    without custom objects: every subclass is registered when it is defined.

    Args:
        plot_train_per_epoch: how many points of a training curve are drawn per epoch.
        plot_valid_per_epoch: how many points of a validation curve are drawn per epoch in the
            book's loop; Keras's loop draws one.

    Attributes:
        board: where `plot` draws; each training begins a new one that looks the same.
        trainer: the `Trainer` that is training it; None at other times.
        training: whether `forward` is being called for training.

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
    _mode: bool | None = None
    _plotted: deque[tuple[str, Any, bool]] | None = None  # Keras would copy a list.

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        package = cls.__module__.partition(".")[0]
        keras.saving.register_keras_serializable(package=package)(cls)

    def __init__(self, plot_train_per_epoch: int = 2, plot_valid_per_epoch: int = 1) -> None:
        # TensorFlow makes scopes of the name, which take no other characters.
        name = re.sub(r"[^a-z0-9_]", "", type(self).__name__.lower()).lstrip("_")
        super().__init__(name=name or "module")
        self.plot_train_per_epoch = plot_train_per_epoch
        self.plot_valid_per_epoch = plot_valid_per_epoch
        self.board = ProgressBoard(xlabel="epoch")
        self.trainer: Any = None
        self.training = False

    def __setattr__(self, name: str, value: Any) -> None:
        # Keras keeps the argument of `compile` in an attribute `loss`, which would hide the method.
        if name != "loss":
            super().__setattr__(name, as_weight(name, value))
        elif value is not None and not self._compiled_with_a_loss:
            raise NinError("loss is a method here: define loss(self, Y_hat, Y) in the class")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the network."""
        set_forward_aside(_derived(type(self)))
        return super().__call__(*args, **kwargs)

    def call(self, X: Any, training: bool | None = None) -> Any:
        """Keras's entry point; passes `training` on to every layer of the network."""
        set_forward_aside(_derived(type(self)))
        if training is None:
            training = self._mode_by_hand()
        network = InContext(self.own_forward or self._network, self.dtype_policy)
        before, self.training = self.training, bool(training)
        try:
            return network(X, training=training)
        finally:
            self.training = before

    if keras.backend.backend() != "torch":  # There Keras has a `forward` of its own.

        def forward(self, X: Any) -> Any:
            """The network's output: `self.net(X)`, unless a subclass overrides it."""
            return self._network(X)

    @property
    def own_forward(self) -> Callable[[Any], Any] | None:
        """The `forward` that a subclass defines, or was given later; None if there is none."""
        for kind in _derived(type(self)):
            for name in ("forward", ASIDE):
                if name in vars(kind):
                    return cast(Callable[[Any], Any], vars(kind)[name].__get__(self))
        return None

    def _network(self, X: Any) -> Any:
        if not hasattr(self, "net"):
            raise NinError(
                f"{type(self).__name__} has no network: set self.net, or define forward(self, X)"
            )
        return self.net(X)

    def _mode_by_hand(self) -> bool | None:
        """Whether a hand-written loop is training, for calls that do not state it."""
        if self._mode is not None or keras.backend.backend() == "torch":
            return self._mode  # PyTorch sets `training` by itself, and never takes it back.
        return self.training or None

    @contextmanager
    def in_mode(self, training: bool) -> Iterator[None]:
        """Within this block, calls that do not state `training` use this mode; for manual loops."""
        self._mode = training
        try:
            yield
        finally:
            self._mode = None

    @contextmanager
    def collecting_plots(self) -> Iterator[deque[tuple[str, Any, bool]]]:
        """Within this block, `plot` appends (key, value, train) to the result and draws nothing."""
        self._plotted = plotted = deque[tuple[str, Any, bool]]()
        try:
            yield plotted
        finally:
            self._plotted = None

    def apply_init(self, inputs: Sequence[Any], init: Callable[[Any], None] | None = None) -> None:
        """Make the weights by sending `inputs` through, and let `init` set them, layer by layer.

        Args:
            inputs: the arguments to call the model with.
            init: called with each innermost layer, such as `nin.init_cnn`; None keeps Keras's own.
        """
        self(*inputs)
        if init is not None:
            for layer in self._flatten_layers(include_self=False):
                if not [*layer._flatten_layers(include_self=False)]:
                    init(layer)

    def loss(self, Y_hat: Any, Y: Any, averaged: bool = True) -> Any:
        """The loss of predictions `Y_hat` against labels `Y`; a subclass defines it.

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

    def plot(self, key: str, value: Any, train: bool) -> None:
        """Add a point to the curve ``train_KEY`` or ``val_KEY``; for steps that a subclass defines.

        Args:
            key: name of the value, such as ``"loss"``.
            value: a number, or a tensor that holds one.
            train: whether it is from training; otherwise it is from validation.

        Raises:
            NinError: no `Trainer` is training.
        """
        if self._plotted is not None:
            self._plotted.append((key, value, train))
        elif self.trainer is not None:
            self.trainer.draw(key, value, train)
        else:
            raise NinError(f"{type(self).__name__}.plot draws while a Trainer trains: call its fit")

    def training_step(self, batch: Any) -> Any:
        """The loss of one batch ``(X, Y)``. A subclass may override it."""
        *inputs, Y = batch
        Y_hat = self(*inputs, training=True)
        loss = sum(self.losses, start=self.loss(Y_hat, Y))
        self._plot_while_trained("loss", loss, train=True)
        return loss

    def validation_step(self, batch: Any) -> Any:
        """The loss of one batch ``(X, Y)`` with dropout off. A subclass may override it."""
        *inputs, Y = batch
        Y_hat = self(*inputs, training=False)
        loss = sum(self.losses, start=self.loss(Y_hat, Y))
        self._plot_while_trained("loss", loss, train=False)
        return loss

    def _plot_while_trained(self, key: str, value: Any, train: bool) -> None:
        if self._plotted is not None or self.trainer is not None:
            self.plot(key, value, train)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as `save_hyperparameters` keeps them.

        Raises:
            NinError: a parent class saved its arguments, but one that only this class takes is
                missing.
        """
        return saved_arguments(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the module that `get_config` describes."""
        return cls(**config)

    def compile(
        self, optimizer: Any = "rmsprop", loss: Any = None, *others: Any, **settings: Any
    ) -> None:
        """As in Keras; without a `loss`, the network is trained with its own."""
        # Keras itself keeps the loss of an earlier `compile` when the next one gives none.
        self._compiled_with_a_loss = loss is not None
        super().compile(optimizer, loss, *others, **settings)
        backends.current().prepare_optimizer(self.optimizer)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Keras's hook in `load_model`, which would skip a model with its own `compile`."""
        made = config.get("optimizer") or {}
        is_ours = str(made.get("module")).startswith("nin.")
        by_hand = is_ours and made.get("class_name") == "CustomOptimizer"
        given = {**config, "optimizer": None} if by_hand else config
        settings = keras.saving.deserialize_keras_object(given)
        if by_hand:  # No file stores a hand-written optimiser: the model configures it anew.
            settings["optimizer"] = as_keras_optimizer(self.configure_optimizers(), self)
        self.compile(**settings)
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
            losses = self.loss(y_pred, y, averaged=False)
            if len(losses.shape) == 0:
                why = "where samples have weights it has to return one loss per sample"
                raise NinError(f"{type(self).__name__}.loss ignores averaged=False: {why}")
            if losses.shape[1:] != sample_weight.shape[1:]:  # A weight for all its outputs.
                losses = ops.mean(ops.reshape(losses, (ops.shape(losses)[0], -1)), axis=1)
                sample_weight = ops.reshape(sample_weight, (-1,))
            own = ops.mean(losses * sample_weight)
        return sum(self.losses, start=own)


def _derived(kind: type[Module]) -> Sequence[type[Any]]:
    """A class and those above it that are derived from `Module`."""
    return [*kind.__mro__[: kind.__mro__.index(Module)]]
