"""The book's training loop: hooks of a Trainer that Keras's compiled loop cannot call."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from nin import backends
from nin.errors import NinError
from nin.models import Module
from nin.models.geometry import is_builtin
from nin.progress_board import ProgressBoard
from nin.training.loaders import Loaders


class BookLoop:
    """The loop of a `Trainer` when one of its hooks, or a step of the model, is overridden.

    The attributes are those that the book's own loop uses.

    Attributes:
        model: the network that is trained.
        optim: the optimiser, as `configure_optimizers` or the caller gave it.
        train_dataloader: the training batches.
        val_dataloader: the validation batches; None for no validation.
        num_train_batches: number of training batches per epoch.
        num_val_batches: number of validation batches per epoch.
        epoch: the number of the epoch, from 0.
        train_batch_idx: number of training batches used so far, in all epochs.
        val_batch_idx: number of validation batches used so far, in all epochs.
        means: the means of the values plotted in the current epoch.
    """

    max_epochs: int
    gradient_clip_val: float
    board: ProgressBoard
    history: dict[str, list[float]]
    model: Module
    optim: Any
    train_dataloader: Any
    val_dataloader: Any
    num_train_batches: int
    num_val_batches: int
    epoch: int
    train_batch_idx: int
    val_batch_idx: int

    def __init__(self) -> None:
        self._samples, self._skipped = 1, 0
        self.means = EpochMeans()
        self._callbacks: Any = None

    def prepare_batch(self, batch: Any) -> Any:
        """Turn a batch into tensors. A subclass may override it."""
        return tuple(_tensor(each) for each in batch)

    def fit_epoch(self) -> None:
        """Train for an epoch with the model's `training_step`, and validate.

        A subclass may override it. It is only called if this or another hook is overridden;
        otherwise Keras's compiled loop trains.
        """
        for batch in self.train_dataloader:
            number = self.train_batch_idx % self.num_train_batches - self._skipped
            self._callbacks.on_train_batch_begin(number)
            self._train_on(self.prepare_batch(batch))
            self._callbacks.on_train_batch_end(number)
            self.train_batch_idx += 1
            if self.model.stop_training:
                break
        if self.val_dataloader is not None:
            self._callbacks.on_test_begin()
            self._validate()
            self._callbacks.on_test_end()

    def clip_gradients(self, grad_clip_val: float, grads: Sequence[Any]) -> list[Any]:
        """Scale gradients so that their global norm is at most `grad_clip_val`."""
        norm = keras.ops.sqrt(sum(keras.ops.sum(keras.ops.square(each)) for each in grads))
        scale = keras.ops.minimum(1.0, grad_clip_val / keras.ops.maximum(norm, 1e-12))
        return [each * scale for each in grads]

    def draw(self, key: str, value: Any, train: bool) -> None:
        """Add a point to a curve and to the epoch's mean; called by `Module.plot`."""
        # In section 3.7 the loss includes a list of one penalty.
        number = float(np.mean(keras.ops.convert_to_numpy(value)))
        self.means.add(key, number, train, self._samples)
        if train:
            x = self.train_batch_idx / self.num_train_batches
            every = self.num_train_batches / self.model.plot_train_per_epoch
        else:
            x = self.epoch + 1
            every = self.num_val_batches / self.model.plot_valid_per_epoch
        label = f"{'train' if train else 'val'}_{key}"
        self.board.draw(x, number, label, every_n=max(1, int(every)))

    def fit_by_hand(
        self, loaders: Loaders, callbacks: Sequence[Any], epoch: int, batch: int, stop: int
    ) -> None:
        """Call `fit_epoch` for each epoch.

        Args:
            loaders: the batches.
            callbacks: Keras's callbacks.
            epoch: number of epochs already done.
            batch: number of batches of the next epoch already done; if any, `stop` is that epoch.
            stop: number of epochs done at the end.
        """
        model = self.model
        model.stop_training, self._samples, self._skipped = False, 1, batch
        self.means = EpochMeans()
        steps = self.num_train_batches - batch
        self._callbacks = keras.callbacks.CallbackList(
            list(callbacks), model=model, epochs=stop, steps=steps
        )
        self._callbacks.on_train_begin()
        for number in range(epoch, stop):
            self.epoch = number
            loaders.seek(number + 1, batch)
            _tell(loaders.train, "on_epoch_begin")
            self._callbacks.on_epoch_begin(number)
            with loaders.reading_ahead():
                self.fit_epoch()
            _tell(loaders.train, "on_epoch_end")
            logs = self.means.taken()
            self._callbacks.on_epoch_end(number, logs)
            self.extend_history({name: [value] for name, value in logs.items()})
            if model.stop_training:
                break
        self._callbacks.on_train_end()

    def extend_history(self, values: dict[str, list[float]]) -> None:
        """Append the values of further epochs to `history`."""
        for name, more in values.items():
            self.history.setdefault(name, []).extend(more)

    def _train_on(self, batch: Any) -> None:
        """Take a step, and draw what it plotted."""
        model, names = self.model, list[tuple[str, bool]]()
        compute = functools.partial(_step, model, batch, names)
        with model.in_mode(training=True):
            _, values, gradients = backends.current().gradients(compute, model)
        if self.gradient_clip_val and not is_builtin(type(self).clip_gradients):
            gradients = self._clipped(gradients)
        model.optimizer.apply(gradients, model.trainable_variables)
        self._samples = len(batch[-1])
        for (key, train), value in zip(names, values, strict=True):
            self.draw(key, value, train)

    def _clipped(self, gradients: Sequence[Any]) -> list[Any]:
        """Clip the gradients that exist by `clip_gradients`, without the scaling of the loss."""
        scale = self.model.optimizer.scale_loss(1.0)
        given = [each / scale for each in gradients if each is not None]
        clipped = iter(self.clip_gradients(self.gradient_clip_val, given))
        return [None if each is None else next(clipped) * scale for each in gradients]

    def _validate(self) -> None:
        with self.model.in_mode(training=False):
            for batch in self.val_dataloader:
                prepared = self.prepare_batch(batch)
                self._samples = len(prepared[-1])
                self.model.validation_step(prepared)
                self.val_batch_idx += 1


class EpochMeans:
    """The means of what is plotted within an epoch, by the names that Keras uses."""

    def __init__(self) -> None:
        self._values: dict[str, list[tuple[float, int]]] = {}

    def add(self, key: str, value: float, train: bool, samples: int) -> None:
        """Count a batch."""
        name = ("" if train else "val_") + {"acc": "accuracy"}.get(key, key)
        self._values.setdefault(name, []).append((value, samples))

    def values(self) -> dict[str, list[tuple[float, int]]]:
        """The values and sample counts so far."""
        return {name: [*pairs] for name, pairs in self._values.items()}

    def restore(self, values: Mapping[str, Sequence[tuple[float, int]]]) -> None:
        """Go on from what `values` returned."""
        self._values = {name: [*pairs] for name, pairs in values.items()}

    def taken(self) -> dict[str, float]:
        """Return the means, batches weighted by their number of samples, and start anew."""
        values, self._values = self._values, {}
        means = {}
        for name, pairs in values.items():
            numbers, samples = zip(*pairs, strict=True)
            means[name] = float(np.average(numbers, weights=samples))
        return means


def _tell(loader: Any, what: str) -> None:
    """Call a hook of Keras's `PyDataset`, which other loaders do not have."""
    getattr(loader, what, lambda: None)()


def _step(model: Module, batch: Any, names: list[tuple[str, bool]]) -> tuple[Any, list[Any]]:
    """The loss that `training_step` returns, and the values that it plots, named in `names`."""
    with model.collecting_plots() as plotted:
        loss = model.training_step(batch)
    if loss is None:
        raise NinError(f"{type(model).__name__}.training_step has to return the loss")
    names += [(key, train) for key, _, train in plotted]
    return model.optimizer.scale_loss(loss), [value for _, value, _ in plotted]


def _tensor(values: Any) -> Any:
    tensor = keras.ops.convert_to_tensor(values)
    is_wide = keras.backend.standardize_dtype(tensor.dtype) == "float64"
    return keras.ops.cast(tensor, keras.config.floatx()) if is_wide else tensor
