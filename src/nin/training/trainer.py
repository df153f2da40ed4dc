"""`Trainer`: the book's door to Keras's own `fit`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
from rich.console import Console

from nin import backends
from nin.backends.distribution import layout
from nin.data import Batches, DataModule, ImageData, Share, reading_ahead
from nin.errors import BackendError, NinError
from nin.hyperparameters import HyperParameters
from nin.models import Classifier, Module
from nin.models.module import CountedAccuracy
from nin.training.board import DrawCurves, ProgressBoard, in_notebook
from nin.training.health import Finding, HealthWatch
from nin.training.initialization import (
    ADAPTIVE_MAP_MEAN,
    MAP_MEAN,
    Started,
    is_fresh,
    start,
)
from nin.training.probe import Probe, take_probe
from nin.training.progress_bar import ShowProgress


class Trainer(HyperParameters):
    """Trains a model on a data module (*Dive into Deep Learning*, section 3.2).

    `fit` runs Keras's compiled loop. Before the first step it standardises the images inside the
    model and gives a fresh network weights it can learn from (see `nin.start`); it says so in one
    line. ``start=False`` leaves a model as Keras initialised it.

    Args:
        max_epochs: passes over the training images.
        num_gpus: 0 for wherever the backend computes by default, 1 for the first GPU.
        gradient_clip_val: largest norm of all gradients together; 0 for no clipping.
        start: whether to standardise the images and to prepare fresh weights.
        optimizer: in place of the model's `configure_optimizers`.
        callbacks: further Keras callbacks.
        verbose: whether to print: a bar, a line an epoch, findings. Curves are drawn in Jupyter.

    Raises:
        BackendError: there are fewer GPUs than asked for, or more than one was asked for.

    Attributes:
        history: after `fit`: the values of each epoch, by name.
        health: after `fit`: the `HealthWatch`, with its findings.
        board: the `ProgressBoard` that Jupyter shows.

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
        self._console = Console(stderr=True, quiet=not verbose, soft_wrap=True, highlight=False)
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
            model: a classifier.
            data: gives `train_dataloader()` and `val_dataloader()`.
            initial_epoch: how many epochs are done already.
            initial_batch: how many batches of the next epoch are done already; for data whose
                loader has `first`, as `Batches` does.

        Raises:
            InputSizeError: the images are too small.
            NinError: the model overrides a hook that a compiled loop cannot call.
        """
        _refuse_uncompiled_hooks(model)
        device = backends.try_gpu() if self.num_gpus else contextlib.nullcontext()
        with device:
            for line in _notes(data):
                self.note(line)
            self.prepare_model(model, data)
            classes = getattr(data, "classes", None)
            self.health = HealthWatch(
                take_probe(data).images,
                classes,
                self._report,
                started=self.start,
                epochs=self.max_epochs,
            )
            self._fit(model, data, initial_epoch, initial_batch)

    def prepare_model(self, model: Module, data: DataModule) -> None:
        """Set the model's preprocessing, build it, give it its start, and compile it.

        `fit` does this. A model that has been trained before keeps its weights.
        """
        probe = take_probe(data)
        fresh = isinstance(model, Classifier) and (not model.built or is_fresh(model))
        changes = []
        if fresh:
            changes += _set_preprocessing(model, data, standardise=self.start)
        if not model.built:
            model.build((None, *probe.images.shape[1:]))
        if fresh and self.start and self._give_start(model, probe):
            changes.append("initial weights set from the first training images")
        if changes:
            self._console.print(
                f"{type(model).__name__}: {'; '.join(changes)}. Trainer(start=False) does neither.",
                style="dim",
            )
        self.compile_model(model)

    def compile_model(self, model: Module) -> None:
        """Give the model its optimiser and its metric; `prepare_model` does this."""
        optimizer = self.optimizer or model.configure_optimizers()
        if self.gradient_clip_val:
            optimizer.global_clipnorm = float(self.gradient_clip_val)
        _compile(model, optimizer)
        if not optimizer.built:
            optimizer.build(model.trainable_variables)

    def _give_start(self, model: Classifier, probe: Probe) -> Started | None:
        is_sgd = isinstance(self.optimizer or model.configure_optimizers(), keras.optimizers.SGD)
        mean = MAP_MEAN if is_sgd else ADAPTIVE_MAP_MEAN
        return start(model, probe.images, probe.shares, map_mean=mean)

    def note(self, line: str | None) -> None:
        """Print a line for whoever watches; nothing for None, or if `verbose` is False."""
        if line is not None:
            self._console.print(line, markup=False)

    def _fit(self, model: Module, data: DataModule, epoch: int, batch: int) -> None:
        train, validation = self._loaders(data)
        progress = ShowProgress(_count(train), self._console, self.max_epochs)
        callbacks = [self.health, progress, *self.callbacks]
        if in_notebook() and self.verbose:
            callbacks.append(DrawCurves(self.board))
        self.history = {}
        # The rest of an epoch that was interrupted is a `fit` of its own: it has fewer steps.
        stops = [epoch + 1, self.max_epochs] if batch else [self.max_epochs]
        try:
            for stop in stops:
                _wind(train, epoch, batch)
                progress.skipped = batch
                with reading_ahead(_source(train), _source(validation)):
                    history = model.fit(
                        train,
                        validation_data=validation,
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
            for line in _unreadable(data):
                self.note(line)
        finally:
            progress.close()

    def _loaders(self, data: DataModule) -> tuple[Any, Any]:
        """Training and validation batches; where several devices train, this process's rows."""
        train, validation = data.train_dataloader(), data.val_dataloader()
        here = layout()
        if here.devices == 1:
            return train, validation
        if not (isinstance(train, Batches) and isinstance(validation, Batches)):
            raise BackendError(
                f"{type(data).__name__} gives loaders that several devices cannot share:"
                " let them be nin.data.Batches"
            )
        return Share(train, here, training=True), Share(validation, here, training=False)

    def _extend_history(self, values: dict[str, list[float]]) -> None:
        for name, more in values.items():
            self.history.setdefault(name, []).extend(more)

    def _report(self, finding: Finding) -> None:
        self._console.print(f"step {finding.step}: {finding.message}", style="yellow")


def _notes(data: DataModule) -> Iterator[str]:
    """What a person should know of the images before training on them."""
    if isinstance(data, ImageData) and (unbalanced := data.imbalance()):
        yield unbalanced
    yield from _unreadable(data)


def _unreadable(data: DataModule) -> Iterator[str]:
    """The pictures that had to be left out; of a streamed set they are known afterwards."""
    if skipped := getattr(data, "skipped", ()):
        yield f"left out {len(skipped)} unreadable images: {', '.join(skipped[:10])}"


def _refuse_uncompiled_hooks(model: Module) -> None:
    for hook in ("training_step", "validation_step"):
        if getattr(type(model), hook, None) is not getattr(Module, hook):
            raise NinError(
                f"{type(model).__name__} overrides {hook}, which a compiled loop cannot call:"
                " override loss(Y_hat, Y), or Keras's train_step and test_step"
            )


def _set_preprocessing(model: Classifier, data: DataModule, *, standardise: bool) -> list[str]:
    """Resize as the data asks, and standardise; returns what was done beyond the book."""
    statistics = getattr(data, "statistics", None) if standardise else None
    mean, std = statistics() if statistics else ((0.0,), (1.0,))
    model.preprocessing.configure(getattr(data, "resize", None), mean, std)
    return ["images standardised inside the model"] if statistics else []


def _compile(model: Module, optimizer: Any) -> None:
    model.compile(
        optimizer=optimizer,
        weighted_metrics=[CountedAccuracy(name="accuracy")],
        jit_compile=_pays_to_jit(),
    )


def _wind(loader: Any, epoch: int, batch: int) -> None:
    """Set a loader that can be set to where training goes on."""
    source = _source(loader)
    if hasattr(source, "epoch"):
        source.epoch, source.first = epoch, batch


def _source(loader: Any) -> Any:
    """What a `Share` takes its rows from; any other loader itself."""
    return loader.batches if isinstance(loader, Share) else loader


def _pays_to_jit() -> bool:
    """XLA is JAX's only way; on a CPU TensorFlow's own kernels (oneDNN) are faster than XLA's."""
    backend = backends.choose()
    return backend == "jax" or (backend == "tensorflow" and backends.num_gpus() > 0)


def _count(loader: Any) -> int:
    samples = getattr(loader, "num_samples", None)
    return int(samples) if samples is not None else len(loader)
