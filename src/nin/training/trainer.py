"""`Trainer`: the book's door to Keras's own `fit`."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from rich.console import Console

from nin import backends
from nin.data import DataModule
from nin.errors import BackendError, NinError
from nin.hyperparameters import HyperParameters
from nin.models import Classifier, Module
from nin.models.module import CountedAccuracy
from nin.names import printable
from nin.training.averaging import JudgeAverages, going_on
from nin.training.board import DrawCurves, ProgressBoard, in_notebook
from nin.training.calibration import CalibrationBatch, calibrate, calibration_batch
from nin.training.health import Finding, HealthWatch
from nin.training.loaders import open_loaders
from nin.training.progress_bar import ShowProgress
from nin.training.runs.dataset import balance_note, pictures_note, unreadable_note


class Trainer(HyperParameters):
    """Trains a model on a data module (*Dive into Deep Learning*, section 3.2).

    `fit` runs Keras's compiled loop. Before the first step it standardises the images inside the
    model and gives a fresh network (`Classifier.is_fresh`) weights it can learn from (see
    `nin.start`); it says so in one line. ``start=False`` leaves a model as Keras initialised it.

    Args:
        max_epochs: passes over the training images.
        num_gpus: 0 for wherever the backend computes by default, 1 for the first GPU.
        gradient_clip_val: largest norm of all gradients together; 0 for no clipping.
        start: whether to standardise the images and to initialise fresh weights.
        optimizer: in place of the model's `configure_optimizers`.
        callbacks: further Keras callbacks.
        verbose: whether to print: a bar, one line per epoch, findings. Curves are drawn in Jupyter.

    Raises:
        BackendError: there are fewer GPUs than asked for, or more than one was asked for.

    Attributes:
        history: after `fit`: the values of each epoch, by name.
        health: after `fit`: the `HealthWatch`, with its findings.
        board: the `ProgressBoard` that Jupyter shows.
        is_part_of_run: whether `nin.train` uses it: then it does not speak of its own arguments.
        best_loss: the lowest held-out loss of the epochs before, for whoever keeps the best epoch;
            each epoch's line then says whether it is the best so far. None for no such words.

    Example:
        >>> data = nin.Digits(limit=128)
        >>> trainer = nin.Trainer(max_epochs=1, verbose=False)
        >>> trainer.fit(nin.NiN(preset="mnist", width=0.1, lr=0.05), data)
        >>> trainer.history.keys() >= {"loss", "accuracy", "val_loss", "val_accuracy"}
        True
    """

    max_epochs: int
    num_gpus: int
    gradient_clip_val: float
    start: bool
    optimizer: Any
    callbacks: Sequence[Any]
    verbose: bool

    def __init__(
        self,
        max_epochs: int,
        num_gpus: int = 0,
        gradient_clip_val: float = 0,
        *,
        start: bool = True,
        optimizer: Any = None,
        callbacks: Sequence[Any] = (),
        verbose: bool = True,
    ) -> None:
        self.save_hyperparameters()
        self.board = ProgressBoard(xlabel="epoch")
        self.history: dict[str, list[float]] = {}
        self.health: HealthWatch | None = None
        self.is_part_of_run = False
        self.best_loss: float | None = None
        self._console = Console(stderr=True, quiet=not verbose, soft_wrap=True, highlight=False)
        self._compiled: Module | None = None
        self._batch: CalibrationBatch | None = None
        if num_gpus > 1 or num_gpus > backends.num_gpus():
            raise BackendError(
                f"num_gpus={num_gpus}, but the Trainer can use {min(1, backends.num_gpus())} here"
            )

    def fit(
        self,
        model: Module,
        data: DataModule,
        *,
        initial_epoch: int = 0,
        initial_batch: int = 0,
    ) -> None:
        """Train `model` on `data` until `max_epochs` epochs are done.

        Args:
            model: a classifier. If its optimiser averages weights (Keras's `use_ema`), the averages
                are validated, and are its weights in the end.
            data: gives `train_dataloader()` and `val_dataloader()`.
            initial_epoch: how many epochs are done already.
            initial_batch: how many batches of the next epoch are done already; for data whose
                loader has `first`, as `Batches` does.

        Raises:
            InputSizeError: the images are too small.
            NinError: the model overrides a hook that a compiled loop cannot call, or has a loss
                that cannot take labels that `data` mixes or smooths.
        """
        _refuse_uncompiled_hooks(model)
        _refuse_loss_of_numbers(model, data)
        device = backends.try_gpu() if self.num_gpus else contextlib.nullcontext()
        with device:
            unreadable = unreadable_note(data)
            self.note(balance_note(data))
            self.note(unreadable)
            said = pictures_note(data)
            self.note(said)
            if self._compiled is not model:
                self.prepare_model(model, data)
            self.health = HealthWatch(
                self._calibration_batch(data).images,
                getattr(data, "classes", None),
                self._report,
                started=self.start,
                epochs=self.max_epochs,
            )
            # Another `fit` begins with the model and the data as they are then.
            self._compiled = self._batch = None
            self._fit(model, data, initial_epoch, initial_batch)
            if unreadable_note(data) != unreadable:  # A streamed picture is only read now.
                self.note(unreadable_note(data))
            if pictures_note(data) != said:
                self.note(pictures_note(data))

    def prepare_model(self, model: Module, data: DataModule) -> None:
        """Set the model's preprocessing, build it, initialise its weights, and compile it.

        `fit` does this, unless it has been done. A model that is not fresh keeps its weights.
        """
        batch = self._calibration_batch(data)
        if isinstance(model, Classifier) and model.is_fresh:
            optimizer = self._optimizer(model) if self.start else None
            if changes := calibrate(model, data, batch, optimizer):
                line = f"{type(model).__name__}: {'; '.join(changes)}"
                hint = "" if self.is_part_of_run else ". Trainer(start=False) does neither."
                self._console.print(line + hint, style="dim")
        if not model.built:
            model.build((None, *batch.images.shape[1:]))
        self.compile_model(model)

    def compile_model(self, model: Module) -> None:
        """Give the model its optimiser and its metric; `prepare_model` does this."""
        optimizer = self._optimizer(model)
        if self.gradient_clip_val:
            optimizer.global_clipnorm = float(self.gradient_clip_val)
        model.compile(
            optimizer=optimizer,
            weighted_metrics=[CountedAccuracy(name="accuracy")],
            jit_compile=_pays_to_jit(),
        )
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        self._compiled = model

    def note(self, line: str | None) -> None:
        """Print a line for whoever watches; nothing for None, or if `verbose` is False."""
        if line is not None:
            self._console.print(printable(line), markup=False)

    def _optimizer(self, model: Module) -> Any:
        return self.optimizer or model.configure_optimizers()

    def _calibration_batch(self, data: DataModule) -> CalibrationBatch:
        if self._batch is None:
            self._batch = calibration_batch(data)
        return self._batch

    def _fit(self, model: Module, data: DataModule, epoch: int, batch: int) -> None:
        loaders = open_loaders(data)
        progress = ShowProgress(loaders.num_samples, self._console, self.max_epochs, self.best_loss)
        callbacks = [JudgeAverages(), self.health, progress, *self.callbacks]
        if in_notebook() and self.verbose:
            callbacks.append(DrawCurves(self.board))
        self.history = {}
        # The rest of an epoch that was interrupted is a `fit` of its own: it has fewer steps.
        stops = [epoch + 1, self.max_epochs] if batch else [self.max_epochs]
        try:
            for stop in stops:
                loaders.seek(epoch, batch)
                progress.skipped = batch
                with loaders.reading_ahead(), going_on(model.optimizer):
                    history = model.fit(
                        loaders.train,
                        validation_data=loaders.validation,
                        epochs=stop,
                        initial_epoch=epoch,
                        shuffle=False,
                        verbose=0,
                        callbacks=callbacks,
                    )
                self._extend_history(history.history)
                epoch, batch = stop, 0
                if model.stop_training:
                    break
            if not self.is_part_of_run:  # A run keeps the averages of its best epoch.
                model.optimizer.finalize_variable_values(model.trainable_variables)
        finally:
            progress.close()

    def _extend_history(self, values: dict[str, list[float]]) -> None:
        for name, more in values.items():
            self.history.setdefault(name, []).extend(more)

    def _report(self, finding: Finding) -> None:
        line = f"step {finding.step}: {finding.message}"
        self._console.print(printable(line), style="yellow", markup=False)


def _refuse_uncompiled_hooks(model: Module) -> None:
    for hook in ("training_step", "validation_step"):
        own = getattr(Classifier if isinstance(model, Classifier) else Module, hook)
        if getattr(type(model), hook, None) is not own:
            raise NinError(
                f"{type(model).__name__} overrides {hook}, which a compiled loop cannot call:"
                " override loss(Y_hat, Y), or Keras's train_step and test_step"
            )


def _refuse_loss_of_numbers(model: Module, data: DataModule) -> None:
    augmentation = getattr(data, "augmentation", None)
    if augmentation is None or not augmentation.shares_labels:
        return
    classes = len(getattr(data, "classes", ())) or 2
    logits, shares = np.zeros((2, 2, classes), np.float32)
    try:
        model.loss(keras.ops.convert_to_tensor(logits), keras.ops.convert_to_tensor(shares))
    except Exception as error:
        raise NinError(
            f"{type(model).__name__}.loss takes labels as numbers, not as shares of all classes,"
            " which mixup, cutmix and label_smoothing make of them: leave these out"
        ) from error


def _pays_to_jit() -> bool:
    """XLA is JAX's only way; on a CPU TensorFlow's own kernels (oneDNN) are faster than XLA's."""
    backend = backends.choose()
    return backend == "jax" or (backend == "tensorflow" and backends.num_gpus() > 0)
