"""`Classifier`: images in, one logit per class out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import keras
from keras import ops

from nin.errors import InputSizeError, NinError
from nin.models.counted_accuracy import are_shares
from nin.models.geometry import (
    flow,
    has_class_maps,
    is_builtin,
    leaves,
    smallest_sides,
    takes_any_size,
)
from nin.models.keras_settings import check_layout
from nin.models.module import Module
from nin.models.preprocessing import Preprocessing
from nin.models.removed_in_keras3 import explained_errors
from nin.networks.network_source import NetworkSource


class Classifier(Module):
    """Base class of image classifiers (*Dive into Deep Learning*, section 4.3).

    A subclass sets `self.net`, usually a `keras.Sequential`, or defines ``forward(X)``; either
    turns floats of shape (n, height, width, channels) into logits of shape (n, classes). The model
    itself takes images as they are stored, uint8 0…255 or floats 0…1: `self.preprocessing` resizes
    and standardises them as part of the model. `Trainer` sets it from the data.

    Example:
        >>> import keras
        >>> class Linear(nin.Classifier):
        ...     def __init__(self, lr=0.1, num_classes=10):
        ...         super().__init__()
        ...         self.save_hyperparameters()
        ...         self.net = keras.Sequential(
        ...             [keras.layers.Flatten(), keras.layers.Dense(num_classes)]
        ...         )
        >>> tuple(Linear()(nin.Digits().test.images[:5]).shape)
        (5, 10)
    """

    _fresh: bool | None = None
    #: Whether a user's `init` set fresh weights in `apply_init`: preprocessing may still change.
    set_by_init = False
    #: Whether `nin.initialize` has set its initial weights.
    is_initialized = False
    #: Where a custom network's code is; None for the networks of this package.
    source: NetworkSource | None = None
    #: The name it was made by, and its number of classes.
    made_as: tuple[str, int] | None = None

    def __init__(self, plot_train_per_epoch: int = 2, plot_valid_per_epoch: int = 1) -> None:
        super().__init__(plot_train_per_epoch, plot_valid_per_epoch)
        check_layout(self)
        self.preprocessing = Preprocessing(name="preprocessing", dtype="float32")

    @property
    def is_fresh(self) -> bool:
        """Whether the weights are as Keras initialised them, or not made yet.

        `Trainer` initialises fresh weights anew (see `nin.initialize`) and leaves all others alone.
        They are no longer fresh once this model has been trained, loaded, or given weights by its
        `set_weights`; set this to False if you set those of its layers. If `self.net` has weights
        before this model is built, they are taken for trained ones; set this to True if they are
        not.
        """
        if self._fresh is not None:
            return self._fresh
        net = self if (whole := self.whole_net()) is None else whole
        return not (net.built or net.weights)

    @is_fresh.setter
    def is_fresh(self, fresh: bool) -> None:
        self._fresh = fresh

    def call(self, X: Any, training: bool | None = None) -> Any:
        """Images of shape (n, h, w, c) → logits of shape (n, classes), in float32."""
        X = self.preprocessing(X)
        self.check_size(X.shape[1:])
        return ops.cast(super().call(X, training), "float32")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights.

        Args:
            input_shape: (n, height, width, channels) of the images; n may be None.

        Raises:
            InputSizeError: the images are too small; names the smallest size that works.
        """
        shape = self.preprocessing.compute_output_shape(tuple(input_shape))
        self.check_size(shape[1:])
        self.preprocessing.build(input_shape)
        self._fresh = self.is_fresh
        net = self.whole_net()
        if not is_builtin(type(self).call):
            self.call(ops.zeros((1, *(side or 1 for side in input_shape[1:]))), training=False)
        elif net is None:  # Only its own `forward` knows the inputs of its layers.
            super().call(ops.zeros((1, *(side or 1 for side in shape[1:]))), training=False)
        elif not net.built:
            self._build_net(net, shape)
        self.built = True

    def _build_net(self, net: Any, shape: tuple[int | None, ...]) -> None:
        known = all(_has_known_shape(layer) for layer in leaves(net))
        if known or keras.backend.backend() == "tensorflow" or None in shape[1:]:
            size = (None, None) if known and takes_any_size(net) else shape[1:3]
            net.build((None, *size, shape[3]))
        else:  # This runs the layers to find their shapes: on one image, not on many.
            net(ops.zeros((1, *shape[1:])), training=False)

    def whole_net(self) -> Any:
        """`self.net` if it is the whole network; None if `forward` or `call` is overridden."""
        is_own = self.own_forward or not is_builtin(type(self).call)
        return None if is_own else getattr(self, "net", None)

    def apply_init(self, inputs: Sequence[Any], init: Callable[[Any], None] | None = None) -> None:
        """As in `Module`; weights set by the user's own `init` are kept in training."""
        super().apply_init(inputs, init)
        if init is not None and not is_builtin(init):  # `init_cnn` draws as Keras does.
            self.set_by_init, self._fresh = self.is_fresh, False

    def make_train_function(self, force: bool = False) -> Any:
        """Keras's hook: what `fit` and `train_on_batch` do first."""
        self._fresh = False
        return super().make_train_function(force)

    def training_step(self, batch: Any) -> Any:
        """The loss of one batch ``(X, Y)``. A subclass may override it."""
        self._fresh = False
        return super().training_step(batch)

    def validation_step(self, batch: Any) -> Any:
        """The loss of one batch ``(X, Y)`` with dropout off. A subclass may override it."""
        *inputs, Y = batch
        Y_hat = self(*inputs, training=False)
        loss = sum(self.losses, start=self.loss(Y_hat, Y))
        self._plot_while_trained("loss", loss, train=False)
        self._plot_while_trained("acc", self.accuracy(Y_hat, Y), train=False)
        return loss

    def set_weights(self, weights: Any) -> None:
        """Set all weights, as Keras does."""
        super().set_weights(weights)
        self._fresh = False

    def load_own_variables(self, store: Any) -> None:
        """Keras's hook: what `load_model` and `load_weights` call."""
        super().load_own_variables(store)
        self._fresh = False

    def check_size(self, image_shape: Sequence[int | None]) -> None:
        """Refuse images that some layer would reduce to nothing.

        Args:
            image_shape: (height, width, channels) after preprocessing; None is not checked.

        Raises:
            InputSizeError: they are too small; names the smallest size that works.
        """
        height, width = image_shape[:2]
        net = self.whole_net()
        if height is None or width is None or not isinstance(net, keras.Sequential):
            return
        least_height, least_width = smallest_sides(net)
        if height < least_height or width < least_width:
            raise InputSizeError(
                f"{type(self).__name__} cannot take images of {height}x{width}:"
                f" the smallest that works is {least_height}x{least_width}"
            )

    def loss(self, Y_hat: Any, Y: Any, averaged: bool = True) -> Any:
        """Cross-entropy of logits `Y_hat` (n, classes) against labels `Y`.

        Labels are numbers (n,), or shares of the classes (n, classes).
        """
        if are_shares(Y, Y_hat):
            Y = ops.pad(Y, ((0, 0), (0, Y_hat.shape[-1] - Y.shape[-1])))
            entropy = keras.losses.categorical_crossentropy
        else:
            entropy = keras.losses.sparse_categorical_crossentropy
        losses = entropy(Y, Y_hat, from_logits=True)
        return ops.mean(losses) if averaged else losses

    def accuracy(self, Y_hat: Any, Y: Any, averaged: bool = True) -> Any:
        """Share of rows of `Y_hat` (n, classes) whose largest value is at the label.

        Of labels that are shares (n, classes) it is the largest that counts.
        """
        if are_shares(Y, Y_hat):
            Y = ops.argmax(Y, axis=-1)
        right = ops.equal(ops.argmax(Y_hat, axis=-1), ops.cast(ops.reshape(Y, (-1,)), "int32"))
        right = ops.cast(right, "float32")
        return ops.mean(right) if averaged else right

    def class_maps(self, images: Any, image_size: int | None = None) -> Any:
        """Where the evidence for each class is: the maps whose averages are the logits.

        *Network in Network* (2014), section 3.2: each class has a map, and the map's mean is the
        class's logit. If one linear layer follows the average, as in GoogLeNet and ResNet, it is
        applied at each position instead, which is equivalent (Zhou et al. 2016, *Learning Deep
        Features for Discriminative Localization*).

        Args:
            images: (n, h, w, c) as the model takes them, of any size that the network takes.
            image_size: side in pixels to resize them to, instead of the model's own: larger images
                give larger maps. None: as the model does.

        Returns:
            (n, height, width, classes); its mean over height and width is ``model(images)`` for the
            images at that size.

        Raises:
            InputSizeError: the images are too small.
            NinError: the logits are not averages over positions.
        """
        net = self.whole_net()
        if net is None or not has_class_maps(net):
            why = "its logits are not means of maps"
            if net is None:
                why = "its forward or call is its own"
            raise NinError(f"{type(self).__name__} has no class maps: {why}")
        preprocessing = (
            self.preprocessing if image_size is None else self.preprocessing.at(image_size)
        )
        X = preprocessing(keras.ops.convert_to_tensor(images))
        self.check_size(X.shape[1:])
        return keras.ops.cast(flow(net, X, without_averaging), "float32")

    def layer_summary(self, X_shape: tuple[int, ...]) -> None:
        """Print one line per top-level layer: its class and its output shape for `X_shape`.

        Raises:
            NinError: `self.net` is not a `keras.Sequential`.
        """
        if not hasattr(self, "net"):
            raise NinError(f"{type(self).__name__} has no self.net, whose layers could be listed")
        if not isinstance(self.net, keras.Sequential):
            raise NinError(
                f"the layers of {type(self).__name__}.net do not follow one another: call"
                " net.summary() of a keras.Model"
            )
        with explained_errors():
            if not self.built:
                self.build((None, *X_shape[1:]))
            X = keras.random.normal(X_shape)
            for layer in self.net.layers:
                X = layer(X)
                print(type(layer).__name__, "output shape:\t", tuple(X.shape))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, and the preprocessing.

        Raises:
            NinError: as `Module.get_config`.
        """
        return {**super().get_config(), "preprocessing": self.preprocessing.description()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the model that `get_config` describes."""
        arguments = {key: value for key, value in config.items() if key != "preprocessing"}
        model: Self = super().from_config(arguments)
        model.preprocessing.configure(**config.get("preprocessing", {}))
        return model


def _has_known_shape(layer: Any) -> bool:
    """Whether a layer's output shape follows from its input shape without running it."""
    return is_builtin(type(layer)) and not isinstance(layer, keras.Model)


def without_averaging(layer: Any, X: Any) -> Any:
    """The output of `layer` for X; averages over positions and flattening are left out."""
    if isinstance(layer, (keras.layers.GlobalAveragePooling2D, keras.layers.Flatten)):
        return X
    if isinstance(layer, (keras.layers.Dropout, keras.layers.BatchNormalization)):
        return layer(X, training=False)
    return layer(X)
