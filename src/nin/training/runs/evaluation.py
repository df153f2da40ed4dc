"""Evaluates models by sums and counts over every image, never by averaging batch means."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nin.data import Pictures, Split
from nin.errors import DataError, NinError
from nin.progress import progress
from nin.training.runs.reliability import Bin, calibration_error, reliability
from nin.training.runs.run_format import EvaluationSummary

if TYPE_CHECKING:
    from nin.data.split import StoredImages
    from nin.training.runs.evaluation_images import EvaluationImages


class Evaluation(NamedTuple):
    """A model's predictions for a split, and how good they are.

    Attributes:
        classes: the classes' names.
        loss: mean cross-entropy, in nats.
        confusion: (classes, classes) counts; rows are true classes, columns predicted ones.
        probabilities: (n, classes), float32, for each image.
        labels: (n,), the true classes.
        images: (n, height, width, channels), as stored.
        names: the images' files, or their positions in the part; only for a run's evaluation.
        part: which part of the data was used: ``"test"``, ``"validation"`` or ``"all"``; only for
            a run's evaluation.

    Example:
        >>> evaluation = nin.load("runs/digits-1").evaluate()
        >>> evaluation.part
        'test'
        >>> worst = evaluation.mistakes()[0]
        >>> bool(evaluation.labels[worst] == evaluation.probabilities[worst].argmax())
        False
        >>> 0 < evaluation.calibration_error < 1
        True
    """

    classes: tuple[str, ...]
    loss: float
    confusion: np.ndarray[Any, Any]
    probabilities: np.ndarray[Any, Any] | None = None
    labels: np.ndarray[Any, Any] | None = None
    images: StoredImages | None = None
    names: tuple[str, ...] = ()
    part: str = ""

    @property
    def n(self) -> int:
        """Number of images."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of images whose class was predicted correctly."""
        return float(np.trace(self.confusion) / self.n)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the accuracy (Wilson 1927)."""
        return wilson(int(np.trace(self.confusion)), self.n)

    @property
    def largest_class(self) -> tuple[str, float]:
        """The most frequent class, and its share: the accuracy of always predicting it."""
        images = self.confusion.sum(axis=1)
        return self.classes[int(images.argmax())], float(images.max() / self.n)

    @property
    def reliability(self) -> list[Bin]:
        """How often predictions are correct, by their probability; empty bins are left out."""
        if self.probabilities is None or self.labels is None:
            return []
        return reliability(self.probabilities, self.labels)

    @property
    def calibration_error(self) -> float | None:
        """How far the predictions' probabilities are from their accuracy, on average.

        The expected calibration error with 15 bins (Guo et al. 2017, *On Calibration of Modern
        Neural Networks*); with few images it is above zero by chance alone. None if the
        probabilities are not known.
        """
        return calibration_error(self.reliability) if self.reliability else None

    def mistakes(self) -> np.ndarray[Any, Any]:
        """Positions of the misclassified images, the least likely true class first."""
        if self.probabilities is None or self.labels is None:
            raise DataError("this evaluation holds no predictions for single images")
        wrong = np.flatnonzero(self.probabilities.argmax(axis=1) != self.labels)
        of_truth = self.probabilities[wrong, self.labels[wrong]]
        return wrong[np.argsort(of_truth, kind="stable")]

    def summary(self) -> EvaluationSummary:
        """The evaluation in a few numbers, ready for JSON."""
        name, share = self.largest_class
        error = self.calibration_error
        summary: EvaluationSummary = {
            "n": self.n,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "largest_class": {"name": name, "share": share},
            "loss": self.loss,
        }
        return summary if error is None else {**summary, "calibration_error": error}

    def per_class(self) -> list[dict[str, Any]]:
        """One row per class: its number of images, recall and precision.

        Both shares come with their 95 % interval; they are None if there is nothing to count.
        """
        counts = (self.confusion.diagonal(), self.confusion.sum(axis=1), self.confusion.sum(axis=0))
        rows = []
        for name, *each in zip(self.classes, *counts, strict=True):
            right, images, predictions = map(int, each)
            row = {"class": name, "n": images}
            for share, n in (("recall", images), ("precision", predictions)):
                row[share] = right / n if n else None
                row[f"{share}_interval"] = list(wilson(right, n)) if n else None
            rows.append(row)
        return rows


def evaluate(
    model: Any,
    data: Any,
    classes: Sequence[str] | None = None,
    batch_size: int = 256,
    *,
    verbose: bool = False,
) -> Evaluation:
    """Evaluate `model` on every image that can be read.

    Args:
        model: gives logits (n, classes).
        data: ``(x, y)``, images and labels in memory; a `Split`, also of pictures on disk; or a
            data set, an ``.npz`` file or a loader, of which the last part, the test, is used.
        classes: the classes' names; None for those of the data.
        batch_size: images per batch.
        verbose: whether to show progress on standard error.

    Returns:
        Accuracy with its interval, loss, confusion matrix, and the probabilities for each image.

    Raises:
        DataError: there are no images, or they cannot be used; or one on disk cannot be read.
        NinError: the model's outputs are not finite.

    Example:
        >>> run, data = nin.load("runs/digits-1"), nin.Digits()
        >>> nin.evaluate(run.model, data.test, data.classes).confusion.shape
        (10, 10)
        >>> nin.evaluate(run.model, (data.test.images[:50], data.test.labels[:50])).n
        50
    """
    split, names = _split_and_classes(data, classes)
    if len(split.labels) == 0:
        raise DataError("there are no images to evaluate on")
    if verbose:
        with progress("evaluating", len(split.labels)) as advance:
            logits = _predicted(model, split, batch_size, callbacks=[_counting(advance)])
    else:
        logits = _predicted(model, split, batch_size)
    if isinstance(split.images, Pictures) and not (read := split.images.is_readable()).all():
        if not read.any():
            raise DataError("none of the images to evaluate on can be read")
        logits, split = logits[read], Split(split.images.readable(), split.labels[read])
    if classes is None:  # If they are numbers, the last ones may have no images.
        names = (*names, *map(str, range(len(names), logits.shape[1])))
    if len(names) != logits.shape[1]:
        raise DataError(f"{len(names)} classes, and the network has {logits.shape[1]} outputs")
    return evaluate_logits(logits, split.labels, names)._replace(images=split.images)


def evaluate_images(
    model: Any, images: EvaluationImages, classes: Sequence[str], *, verbose: bool = False
) -> Evaluation:
    """`evaluate` on the evaluation images of a run, adding their names and part."""
    evaluation, names = evaluate(model, images.split, classes, verbose=verbose), images.names
    if isinstance(images.split.images, Pictures):
        names = tuple(compress(names, images.split.images.is_readable()))
    return evaluation._replace(names=names, part=images.part)


def evaluate_logits(logits: Any, labels: Any, classes: Sequence[str]) -> Evaluation:
    """Evaluate logits that have been computed already.

    Args:
        logits: (n, classes).
        labels: (n,), the truth.
        classes: the classes' names.

    Raises:
        NinError: the logits are not finite.
    """
    count = len(classes)
    pairs = labels.astype(np.int64) * count + logits.argmax(axis=1)
    confusion = np.bincount(pairs, minlength=count * count).reshape(count, count)
    log_probabilities = _log_softmax(logits)[np.arange(len(logits)), labels]
    probabilities = softmax(logits).astype(np.float32)
    loss = float(-log_probabilities.mean())
    return Evaluation(tuple(classes), loss, confusion, probabilities, labels)


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share, `right` of `n` (Wilson 1927); also valid near 0 and 1."""
    z2 = 1.959964**2
    middle = (right + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (right * (n - right) / n + z2 / 4)) / (n + z2)
    return max(0.0, middle - half), min(1.0, middle + half)


def softmax(logits: Any) -> np.ndarray[Any, Any]:
    """Logits (n, classes) → probabilities (n, classes), in double precision."""
    probabilities: np.ndarray[Any, Any] = np.exp(_log_softmax(logits))
    return probabilities


def _split_and_classes(data: Any, classes: Sequence[str] | None) -> tuple[Split, Sequence[str]]:
    if isinstance(data, Split) and classes is not None:
        return data, classes
    from nin.data.sources import as_evaluation_images

    images = as_evaluation_images(data, classes)
    return images.split(images.parts[-1]), classes or images.classes


def _predicted(model: Any, split: Split, batch_size: int, **settings: Any) -> Any:
    if not isinstance(split.images, Pictures):
        return model.predict(split.images, batch_size=batch_size, verbose=0, **settings)
    from nin.data import batches, reading_ahead

    loader = batches(split._replace(images=split.images.with_blanks()), batch_size, shuffle=False)
    with reading_ahead(loader):
        return model.predict(loader, verbose=0, **settings)


def _counting(advance: Callable[[int], None]) -> Any:
    """A Keras callback that calls `advance` with the number of images of each batch."""
    from keras.callbacks import LambdaCallback

    def count(_: int, logs: Any) -> None:
        advance(len(logs["outputs"]))

    return LambdaCallback(on_predict_batch_end=count)


def _log_softmax(logits: Any) -> np.ndarray[Any, Any]:
    from scipy.special import log_softmax

    exact = np.asarray(logits, dtype=np.float64)
    if not np.isfinite(exact).all():
        raise NinError("the network's outputs are not finite: train it at a lower learning rate")
    log_probabilities: np.ndarray[Any, Any] = log_softmax(exact, axis=1)
    return log_probabilities
