"""How good a model is: by sums and counts over every image, never by averaging batch means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from nin.data import ImageData, Pictures, Split
from nin.errors import DataError, NinError


class Evaluation(NamedTuple):
    """A model's answers to a split.

    Attributes:
        classes: the classes' names.
        loss: mean cross-entropy, in nats.
        confusion: (classes, classes) counts; rows are the truth, columns the answers.
    """

    classes: tuple[str, ...]
    loss: float
    confusion: np.ndarray[Any, Any]

    @property
    def n(self) -> int:
        """How many images were looked at."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """Share of images whose label was found."""
        return float(np.trace(self.confusion) / self.n)

    @property
    def interval(self) -> tuple[float, float]:
        """Between which bounds the accuracy lies, with 95 % confidence."""
        return wilson(int(np.trace(self.confusion)), self.n)

    @property
    def largest_class(self) -> tuple[str, float]:
        """The most frequent class of these images, and its share: what always naming it gives."""
        images = self.confusion.sum(axis=1)
        return self.classes[int(images.argmax())], float(images.max() / self.n)

    def summary(self) -> dict[str, Any]:
        """Return it in a few numbers, ready for JSON."""
        name, share = self.largest_class
        return {
            "n": self.n,
            "accuracy": self.accuracy,
            "interval": list(self.interval),
            "largest_class": {"name": name, "share": share},
            "loss": self.loss,
        }

    def per_class(self) -> list[dict[str, Any]]:
        """A row a class: how many images, the share found, and the share of answers right."""
        right = np.diag(self.confusion)
        images, answers = self.confusion.sum(axis=1), self.confusion.sum(axis=0)
        return [
            {
                "class": name,
                "n": int(images[i]),
                "recall": float(right[i] / images[i]) if images[i] else None,
                "precision": float(right[i] / answers[i]) if answers[i] else None,
            }
            for i, name in enumerate(self.classes)
        ]


def evaluate(model: Any, split: Split, classes: Sequence[str], batch_size: int = 256) -> Evaluation:
    """Ask `model` about every image of `split`.

    Args:
        model: gives logits (n, classes).
        split: images, in memory or on disk, and labels.
        classes: the classes' names.
        batch_size: images asked about at a time.

    Raises:
        DataError: the split is empty, or a picture on disk cannot be read.
        NinError: the model's answers are not finite.

    Example:
        >>> run, data = nin.load("runs/digits-1"), nin.Digits()
        >>> nin.evaluate(run.model, data.test, data.classes).confusion.shape
        (10, 10)
    """
    if len(split.labels) == 0:
        raise DataError("there is no image to evaluate on")
    return compared(_predicted(model, split, batch_size), split.labels, classes)


def compared(logits: Any, labels: Any, classes: Sequence[str]) -> Evaluation:
    """Answers that have been given already.

    Args:
        logits: (n, classes).
        labels: (n,), the truth.
        classes: the classes' names.

    Raises:
        NinError: the answers are not finite.
    """
    count = len(classes)
    pairs = labels.astype(np.int64) * count + logits.argmax(axis=1)
    confusion = np.bincount(pairs, minlength=count * count).reshape(count, count)
    log_probabilities = _log_softmax(logits)[np.arange(len(logits)), labels]
    return Evaluation(tuple(classes), float(-log_probabilities.mean()), confusion)


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share, `right` of `n` (Wilson 1927); also right near 0 and 1."""
    z2 = 1.959964**2
    middle = (right + z2 / 2) / (n + z2)
    half = math.sqrt(z2 * (right * (n - right) / n + z2 / 4)) / (n + z2)
    return max(0.0, middle - half), min(1.0, middle + half)


def final_split(data: ImageData) -> tuple[str, Split]:
    """The images a finished training is judged by: the test part, else the held-out one."""
    if "test" in data.parts:
        return "test", data.test
    return "validation", data.validation_split


def every_image(data: ImageData) -> Split:
    """All parts of `data` together."""
    parts = [data.split(part) for part in data.parts]
    return Split(
        _joined([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


def softmax(logits: Any) -> np.ndarray[Any, Any]:
    """Logits (n, classes) → probabilities (n, classes), in double precision."""
    probabilities: np.ndarray[Any, Any] = np.exp(_log_softmax(logits))
    return probabilities


def _predicted(model: Any, split: Split, batch_size: int) -> Any:
    if not isinstance(split.images, Pictures):
        return model.predict(split.images, batch_size=batch_size, verbose=0)
    from nin.data import batches, reading_ahead

    loader = batches(split, batch_size, shuffle=False)
    with reading_ahead(loader):
        return model.predict(loader, verbose=0)


def _joined(parts: Sequence[Any]) -> Any:
    if isinstance(parts[0], Pictures):
        return parts[0].joined(parts[1:])
    return np.concatenate(parts)


def _log_softmax(logits: Any) -> np.ndarray[Any, Any]:
    shifted = np.asarray(logits, dtype=np.float64)
    if not np.isfinite(shifted).all():
        raise NinError(
            "the network answers with numbers that are not finite: train it at a lower"
            " learning rate"
        )
    shifted = shifted - shifted.max(axis=1, keepdims=True)
    log_probabilities: np.ndarray[Any, Any] = shifted - np.log(
        np.exp(shifted).sum(axis=1, keepdims=True)
    )
    return log_probabilities
