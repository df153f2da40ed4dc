"""A run directory: all that a training leaves, human-readable, safe to open from any source.

::

    runs/digits-1/
      run.json                 recipe, data, classes, network, versions, device, result
      metrics.jsonl            one line per epoch
      curves.png               loss and accuracy, drawn
      pictures.safetensors     which picture of a folder was in which part, by its content
      images.npz               images that were in memory when it was trained, by part
      features.safetensors     the features of each photograph from a frozen trunk, by its content
      weights.safetensors      the network's weights after the best epoch
      checkpoint.safetensors   weights, optimiser and random state: what --resume continues from
      evaluations/             what nin evaluate found: a folder per data set and part

It holds only numbers and names; opening it executes nothing.
"""

from __future__ import annotations

import shlex
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from nin.data.decoding.decode import ResizeMode
from nin.data.decoding.image_arrays import check_images, fitted_images
from nin.errors import RunError
from nin.files import expand, write_json
from nin.names import normalized
from nin.training.runs import metrics_file
from nin.training.runs.custom_source import CustomSource
from nin.training.runs.locations import locate
from nin.training.runs.record import read_record
from nin.training.runs.run_format import RunRecord

if TYPE_CHECKING:
    from nin.training.recipe import Recipe
    from nin.training.runs.evaluation import Evaluation
    from nin.training.runs.run_images import RunImages

#: Seconds between checkpoints within an epoch, which a power cut may cost.
SAVE_EVERY = 60.0


class Run:
    """A run directory: a training and its result, on disk.

    Args:
        path: the run directory.
        record: what ``run.json`` holds; see `nin.training.runs.run_format.RunRecord`.
        trust: whether the code of a custom network may run.

    Attributes:
        path: the run directory.
        record: what ``run.json`` holds.

    Example:
        >>> run = nin.load("runs/digits-1")
        >>> run.predict(nin.Digits().test.images[:3]).shape
        (3, 10)
        >>> evaluation = run.evaluate()
        >>> evaluation.part, evaluation.n
        ('test', 359)
    """

    def __init__(self, path: Path, record: RunRecord, *, trust: bool = False) -> None:
        self.path = path
        self.record = record
        self.trust = trust
        self._model: Any = None

    @property
    def weights_path(self) -> Path:
        """Where the network's weights are."""
        return self.path / "weights.safetensors"

    @property
    def checkpoint_path(self) -> Path:
        """Where the state to continue from is."""
        return self.path / "checkpoint.safetensors"

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the network's outputs."""
        return tuple(map(normalized, self.record["classes"]))

    @property
    def recipe(self) -> Recipe:
        """How it is trained; `precision` is the one in use, never ``"auto"``."""
        from nin.training.recipe import Recipe

        # Runs from before these fields existed computed in float32, and divided by position.
        before = {"precision": "float32", "split_by": "position"}
        return Recipe.parse({**before, **self.record["recipe"]})

    @property
    def bit_depth(self) -> int | None:
        """Bit depth of images whose files do not state one; None for as many bits as each needs."""
        bits = self.record["data"].get("bit_depth")
        return None if bits is None else int(bits)

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of the images the network was trained on, as stored."""
        height, width, channels = self.record["model"]["input_shape"]
        return height, width, channels

    @property
    def resize_mode(self) -> ResizeMode:
        """How images were made square for training: ``"squash"`` or ``"crop"``."""
        recipe = self.record["recipe"]
        resize_mode: ResizeMode = recipe.get("resize_mode", recipe.get("fit", "squash"))
        return resize_mode

    @property
    def model(self) -> Any:
        """The trained network, a `keras.Model`; loaded on first use.

        Raises:
            RunError: the weights are missing, damaged, or not those of the described network; the
                first epoch has not ended, so that there are none yet; or the code of a custom
                network is not trusted, is missing, or has changed.
        """
        if self._model is None:
            if self.record["state"] == "training" and not self.weights_path.exists():
                raise RunError(f"{self.path} has no weights yet: its first epoch has not ended")
            from nin.training.runs.weights import load_weights

            model = self.network(self.weights_path)
            load_weights(self.weights_path, model)
            self._model = model
        return self._model

    @model.setter
    def model(self, model: Any) -> None:
        self._model = model

    def network(self, weights: Path) -> Any:
        """The network as described, before it has its weights.

        Args:
            weights: the file that holds them; their number must be that of the network.

        Raises:
            RunError: see `model`.
        """
        from nin.training.runs.arrays import count_weights
        from nin.training.runs.description import rebuild

        return rebuild(
            self.record["model"],
            count_weights(weights),
            trust=self.trust,
            locate=self.locate,
            run=self.path,
        )

    @property
    def own_source(self) -> CustomSource | None:
        """Where the code of a custom network is; None for one of this package."""
        described = self.record["model"]
        source = described.get("source")
        return None if source is None else CustomSource(described["net"], **source)

    @property
    def images(self) -> RunImages:
        """The images it was trained on and is evaluated on; this reads none yet."""
        from nin.training.runs.run_images import RunImages

        return RunImages(self.path, self.record, self.recipe)

    def locate(self, name: str) -> Path:
        """The path of a file or folder that the record names."""
        return locate(name, self.path, self.record)

    def predict(self, images: Any, batch_size: int = 64) -> np.ndarray[Any, Any]:
        """Classify images.

        Args:
            images: (n, height, width, channels): uint8 of any size, grey, RGB or RGBA, which are
                resized as by `nin.Predictor`; or floats from 0 to 1 of `input_shape`.
            batch_size: images per batch.

        Returns:
            Probabilities (n, classes).

        Raises:
            DataError: images of another shape or type, or out of range.
        """
        from nin.training.runs.evaluation import softmax

        images = np.asarray(images)
        check_images(images, floats=True)
        images = fitted_images(images, self.input_shape, self.resize_mode)
        return softmax(self.model.predict(images, batch_size=batch_size, verbose=0))

    def evaluate(
        self, data: Any = None, *, skip_bad: bool = False, verbose: bool = False
    ) -> Evaluation:
        """Evaluate the network.

        The run's own images are those that were set aside for evaluation in training, wherever they
        are now. Images added to its folder since then are left out, with a warning.

        Args:
            data: other data, whose classes are among the run's: a named data set, a folder, an
                ``.npz`` file, ``(x, y)`` arrays or a loader of batches. None for the run's own.
                Integer labels are indices of the run's classes. If a folder is not divided into
                parts, all its images are used.
            skip_bad: skip images of a folder that cannot be read; a run trained with this option
                always does.
            verbose: whether to print what was found in a folder, and progress, on standard error.

        Returns:
            The evaluation; its `part` says which part of the data was used.

        Raises:
            DataError: the images cannot be found or read.
            RunError: they are no longer the run's own, or do not fit the network.
        """
        from nin.training.runs.data_notes import show_found
        from nin.training.runs.evaluation import evaluate_images

        images = self.images.for_evaluation(data, skip_bad=skip_bad)
        if verbose:
            show_found(images.data, divided=images.part != "all")
        for note in images.notes():
            warnings.warn(f"{self.path}: {note}", stacklevel=2)
        return evaluate_images(self.model, images, self.classes, verbose=verbose)

    def metrics(self) -> list[dict[str, Any]]:
        """The metrics, one row per epoch; empty before the end of the first.

        Raises:
            RunError: the file is damaged.
        """
        return metrics_file.read_metrics(self.path / "metrics.jsonl")

    def best_epoch(self, rows: metrics_file.Rows | None = None) -> int | None:
        """The epoch whose weights are kept, with the lowest validation loss; None before the first.

        The loss decides and not the accuracy, which has few values if few images are held out; see
        `nin.training.runs.metrics_file`. Without held-out images it is the last epoch: test images
        are never used for a choice.

        Args:
            rows: one per epoch; default: those on disk.
        """
        rows = self.metrics() if rows is None else rows
        return metrics_file.best_epoch(rows, self.record)

    def best_loss(self, rows: metrics_file.Rows) -> float | None:
        """The lowest validation loss, infinite before the first; None without validation images.

        Args:
            rows: one per epoch.
        """
        return metrics_file.best_loss(rows, self.record)

    def is_over(self, rows: metrics_file.Rows) -> bool:
        """Whether the recipe's patience has run out: no better epoch for that many epochs."""
        return metrics_file.is_over(rows, self.record)

    def write_metrics(self, rows: list[dict[str, Any]]) -> None:
        """Write all rows, or none if that fails; a number that is not finite becomes null."""
        metrics_file.write_metrics(self.path / "metrics.jsonl", rows)

    def update(self, **values: Unpack[RunRecord]) -> None:
        """Change the record, in memory and on disk."""
        self.record = {**self.record, **values}
        write_json(self.path / "run.json", self.record)

    def __repr__(self) -> str:
        return f"<Run {self.path} ({self.record['state']})>"


def resume_hint(path: str | Path) -> str:
    """How to continue an interrupted run, in words."""
    return f"to continue: nin train --resume {shlex.quote(str(path))}"


def load(path: str | Path, *, trust: bool = False) -> Run:
    """Open a run directory; nothing in it is executed.

    Args:
        path: the directory that ``nin train`` printed.
        trust: whether to import the file of a custom network when its model is first used. Its
            code can do anything that you can. Without `trust` such a model is only opened if this
            process made the network itself.

    Raises:
        RunError: it is not a run directory, or a damaged one, or one of a later version.

    Example:
        >>> run = nin.load("runs/digits-1")
        >>> run.record["recipe"]["data"], run.input_shape
        ('digits', (8, 8, 1))
    """
    path = expand(path)
    return Run(path, read_record(path), trust=trust)
