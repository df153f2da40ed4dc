"""`Trainer`: the book's door to Keras's own `fit`."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator, Sequence
from typing import Any, cast

from nin import backends
from nin.data import DataModule
from nin.data.sources import as_module
from nin.errors import BackendError
from nin.hyperparameters import HyperParameters
from nin.models import Classifier, Module
from nin.models.counted_accuracy import CountedAccuracy
from nin.models.custom_optimizer import as_keras_optimizer, clip_by_norm, renewed
from nin.models.geometry import is_builtin
from nin.models.keras_settings import default_settings
from nin.models.removed_in_keras3 import explained_errors
from nin.names import printable
from nin.plotting import in_notebook
from nin.progress import stderr_console
from nin.progress_board import ProgressBoard
from nin.training.averaging import ValidateAverages, showing_averages
from nin.training.book_loop import BookLoop
from nin.training.calibration import (
    CalibrationBatch,
    calibrate,
    calibration_batch,
    check_outputs,
    is_untouched,
)
from nin.training.compiled_loop import as_one_training, fit_compiled, history_of, pays_to_jit, stops
from nin.training.custom_hooks import check_loss, check_weights, hidden_net_note, needs_book_loop
from nin.training.draw_curves import DrawCurves
from nin.training.health import Finding, HealthWatch
from nin.training.loaders import Loaders, open_loaders
from nin.training.progress_bar import ShowProgress
from nin.training.runs.data_notes import found_note, notes_on


class Trainer(BookLoop, HyperParameters):
    """Trains a model on a data module (*Dive into Deep Learning*, section 3.2).

    `fit` runs Keras's compiled loop. Before the first step it standardises the images inside the
    model, gives a fresh network (`Classifier.is_fresh`) weights it can learn from (see
    `nin.initialize`), and prints a line that says so. ``initialize=False`` turns both off.

    Args:
        max_epochs: passes over the training images.
        num_gpus: 0 for the backend's default device, 1 for the first GPU, if there is one.
        gradient_clip_val: largest norm of all gradients together; 0 for no clipping.
        initialize: whether to standardise the images and to initialise fresh weights.
        optimizer: used in place of the one from the model's `configure_optimizers`; for a second
            model a copy of it.
        callbacks: further Keras callbacks.
        verbose: whether to print a progress bar, a line per epoch and the findings of the health
            watch, and to draw curves in Jupyter.

    Raises:
        BackendError: more than one GPU was requested.

    Attributes:
        history: after `fit`, the values of each metric, one per epoch.
        health: after `fit`, the `HealthWatch` with its findings.
        board: the `ProgressBoard` that Jupyter shows.
        is_part_of_run: whether `nin.train` uses this trainer; messages then do not mention the
            trainer's arguments.
        best_loss: the lowest validation loss of earlier epochs; each epoch's line then notes
            whether it is the best so far. None to leave that out.

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
    initialize: bool
    optimizer: Any
    callbacks: Sequence[Any]
    verbose: bool

    def __init__(
        self,
        max_epochs: int,
        num_gpus: int = 0,
        gradient_clip_val: float = 0,
        *,
        initialize: bool = True,
        optimizer: Any = None,
        callbacks: Sequence[Any] = (),
        verbose: bool = True,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.board = ProgressBoard(xlabel="epoch")
        self.history: dict[str, list[float]] = {}
        self.health: HealthWatch | None = None
        self.is_part_of_run = False
        self.best_loss: float | None = None
        self._console = stderr_console(quiet=not verbose)
        self._compiled: Module | None = None
        self._optimized: Module | None = None
        self._batch: tuple[DataModule, CalibrationBatch] | None = None
        if num_gpus > 1:
            raise BackendError(f"num_gpus={num_gpus}, but the Trainer can use one GPU: num_gpus=1")

    def fit(
        self,
        model: Module,
        data: Any,
        *,
        initial_epoch: int = 0,
        initial_batch: int = 0,
    ) -> None:
        """Train `model` on `data` until `max_epochs` epochs are done.

        Args:
            model: a network; for a classifier, accuracy is reported as well. If its optimiser
                averages the weights (Keras's `use_ema`), the averages are validated, and become the
                model's weights at the end.
            data: provides `train_dataloader()` and `val_dataloader()`; or ``(x, y)`` arrays, or
                ``(train, validation)`` pairs of arrays or loaders; see `nin.train`.
            initial_epoch: number of epochs already done.
            initial_batch: number of batches of the next epoch already done; only for loaders with
                an attribute `first`, such as `Batches`.

        Raises:
            InputSizeError: the images are too small.
            DataError: a loader has no length.
            NinError: the model has no network, its optimiser is not one that Keras can use, its
                loss cannot take labels that `data` mixes or smooths, or its own training steps
                cannot take weights of images.
        """
        if not isinstance(data, DataModule):
            data = as_module(data)
            self.note(found_note(data))
        check_loss(model, data)
        check_weights(self, model, data)
        device = backends.try_gpu() if self.num_gpus else contextlib.nullcontext()
        with explained_errors(), device, default_settings():
            if self.num_gpus and not backends.num_gpus():
                self.note("num_gpus=1, but there is no GPU here: training without one")
            with notes_on(data, self.note):
                self.prepare_data(data)
                self._prepare(model, data)
                self.health = self._watch(model, data)
                # The next `fit` prepares anew: model and data may have changed by then.
                self._compiled = self._batch = None
                self._begin(model, initial_epoch, initial_batch)
                with self._trained_by_this(model):
                    self._fit(model, initial_epoch, initial_batch)

    def prepare_data(self, data: DataModule) -> None:
        """Open the data loaders for training and validation. A subclass may override it."""
        self.train_dataloader, self.val_dataloader = open_loaders(data)
        self.num_train_batches = len(self.train_dataloader)
        self.num_val_batches = 0 if self.val_dataloader is None else len(self.val_dataloader)

    def prepare_model(self, model: Module, data: DataModule) -> None:
        """Set the model's preprocessing, build it, initialise its weights, and compile it.

        `fit` does this unless it has been done already. A model that is not fresh keeps its
        weights, and also its preprocessing if it has been built or configured.
        """
        batch = self._calibration_batch(data)
        if isinstance(model, Classifier) and (model.is_fresh or is_untouched(model)):
            optimizer = (
                as_keras_optimizer(self._optimizer(model), model) if self.initialize else None
            )
            if changes := calibrate(model, data, batch, optimizer):
                line = f"{type(model).__name__}: {'; '.join(changes)}"
                hint = "" if self.is_part_of_run else ". Trainer(initialize=False) does neither."
                self._console.print(line + hint, style="dim")
            elif self.initialize and model.is_fresh:
                self.note(hidden_net_note(model))
        if not model.built and isinstance(model, Classifier):
            model.build((None, *batch.images.shape[1:]))
        elif not model.built:
            model(batch.images[:1])
        if isinstance(model, Classifier):
            check_outputs(model, data, batch)
        self.compile_model(model)

    #: This version, still available if a user replaces `prepare_model`.
    _prepare_model = prepare_model

    def compile_model(self, model: Module) -> None:
        """Compile the model with its optimiser and metric; `prepare_model` does this."""
        self.optim = self._optimizer(model)
        optimizer = as_keras_optimizer(self.optim, model)
        if self.gradient_clip_val and is_builtin(type(self).clip_gradients):
            clip_by_norm(optimizer, self.gradient_clip_val)
        metrics = [CountedAccuracy(name="accuracy")] if isinstance(model, Classifier) else None
        model.compile(optimizer=optimizer, weighted_metrics=metrics, jit_compile=pays_to_jit())
        if not optimizer.built:
            optimizer.build(model.trainable_variables)
        self._compiled = model

    def note(self, line: str | None) -> None:
        """Print a line on standard error; nothing for None, or if `verbose` is False."""
        if line is not None:
            self._console.print(printable(line), markup=False)

    def _optimizer(self, model: Module) -> Any:
        if self.optimizer is None:
            return model.configure_optimizers()
        if self._optimized not in (None, model):  # It has the state of another model's weights.
            self.optimizer = renewed(self.optimizer)
        self._optimized = model
        return self.optimizer

    def _calibration_batch(self, data: DataModule) -> CalibrationBatch:
        if self._batch is None or self._batch[0] is not data:
            self._batch = data, calibration_batch(data)
        return self._batch[1]

    def _prepare(self, model: Module, data: DataModule) -> None:
        """Prepare the model if needed; the book's ``prepare_model(model)`` is called as well."""
        is_books = len(inspect.signature(self.prepare_model).parameters) == 1
        if self._compiled is not model:
            (self._prepare_model if is_books else self.prepare_model)(model, data)
        if is_books:
            cast(Any, self.prepare_model)(model)

    def _watch(self, model: Module, data: DataModule) -> HealthWatch | None:
        """A health watch; None for a model that is not a classifier."""
        if not isinstance(model, Classifier):
            return None
        return HealthWatch(
            self._calibration_batch(data).images,
            getattr(data, "classes", None),
            self._report,
            # The network of a run was initialised at its beginning, before it was resumed.
            initialized=self.initialize
            and hidden_net_note(model) is None
            and (self.is_part_of_run or model.is_initialized),
            epochs=self.max_epochs,
        )

    @contextlib.contextmanager
    def _trained_by_this(self, model: Module) -> Iterator[None]:
        """Show curves in the block only if `verbose`; afterwards detach the model."""
        shows, self.board.display = self.board.display, self.board.display and self.verbose
        try:
            yield
        finally:
            model.trainer, model.training, self.board.display = None, False, shows

    def _begin(self, model: Module, epoch: int, batch: int) -> None:
        """Set the book's counters; start new curves unless a training is continued."""
        self.model = model
        model.trainer = self
        if not (epoch or batch):
            self.board = model.board.renewed()
        model.board = self.board
        self.history, self.epoch, self.val_batch_idx = {}, epoch, 0
        self.train_batch_idx = epoch * self.num_train_batches + batch

    def _fit(self, model: Module, epoch: int, batch: int) -> None:
        loaders = Loaders(self.train_dataloader, self.val_dataloader)
        progress = ShowProgress(loaders.num_samples, self._console, self.max_epochs, self.best_loss)
        by_hand = needs_book_loop(self, model)
        if by_hand:
            self.note("trained batch by batch, without the health watch: a hook has been replaced")
        watch = [self.health] if self.health and not by_hand else []
        averages, callbacks = ValidateAverages(), self.callbacks
        if not self.is_part_of_run:  # A run keeps the averages of its best epoch.
            averages, callbacks = ValidateAverages(self.max_epochs), showing_averages(callbacks)
        ends = stops(epoch, batch, self.max_epochs)
        callbacks = [averages, *watch, progress, *as_one_training(callbacks, len(ends))]
        fit = self.fit_by_hand if by_hand else self._fit_compiled
        try:
            for stop in ends:
                progress.skipped = batch
                fit(loaders, callbacks, epoch, batch, stop)
                epoch, batch = stop, 0
                if model.stop_training:
                    break
        finally:
            progress.close()

    def _fit_compiled(
        self, loaders: Loaders, callbacks: list[Any], epoch: int, batch: int, stop: int
    ) -> None:
        if not self.is_part_of_run or (in_notebook() and self.verbose):
            callbacks = [*callbacks, DrawCurves(self.board, self.model.plot_train_per_epoch)]
        try:
            fit_compiled(self.model, loaders, callbacks, epoch, batch, stop)
        finally:  # Also after an interruption.
            self.extend_history(history_of(self.model))

    def _report(self, finding: Finding) -> None:
        line = printable(f"step {finding.step}: {finding.message}")
        self._console.print(line, style="yellow", markup=False)
