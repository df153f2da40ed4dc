"""Sets preprocessing and initial weights from a few training images, the calibration batch."""

from __future__ import annotations

import inspect
from collections.abc import Collection
from typing import Any, NamedTuple

import keras
import numpy as np

from nin.data import DataModule, ImageData
from nin.errors import NinError
from nin.models import Classifier
from nin.models.geometry import is_builtin
from nin.training.initialization import ADAPTIVE_MAP_MEAN, MAP_MEAN, initialize

#: Approximate number of images in the calibration batch.
SIZE = 64


class CalibrationBatch(NamedTuple):
    """Some training images.

    Attributes:
        images: (n, height, width, channels), as stored.
        shares: how much each class counts in training: its share of all training images, or the
            same for each if classes are balanced; None if unknown.
    """

    images: np.ndarray[Any, Any]
    shares: np.ndarray[Any, Any] | None


def calibration_batch(data: DataModule) -> CalibrationBatch:
    """About `SIZE` images, equally many per class; for loaders, the start of the first batch."""
    if not isinstance(data, ImageData):
        images, *_ = next(iter(data.train_dataloader()))
        return CalibrationBatch(np.asarray(keras.ops.convert_to_numpy(images))[:SIZE], None)
    images, labels = data.train
    classes = len(data.classes)
    per_class = max(1, SIZE // classes)
    chosen = [np.flatnonzero(labels == number)[:per_class] for number in range(classes)]
    counts = np.bincount(labels, minlength=classes)
    if data.balance != "none":
        counts = np.sign(counts)
    shares = counts / counts.sum()
    return CalibrationBatch(images[np.sort(np.concatenate(chosen))], shares)


def calibrate(
    model: Classifier, data: DataModule, batch: CalibrationBatch, optimizer: Any | None
) -> list[str]:
    """Set a model's preprocessing from its data, build it, and initialise fresh weights.

    Args:
        model: fresh, or not built yet.
        data: the training images.
        batch: a few of them.
        optimizer: what the model will be trained with; None leaves images and weights as they are,
            and only resizes as the data requires.

    Returns:
        What was done that the book does not do, in words.
    """
    changes = []
    # A network with its own `forward` is trained as written.
    is_whole = optimizer is not None and model.whole_net() is not None
    is_fresh = model.is_fresh
    statistics = getattr(data, "statistics", None) if is_whole else None
    before = model.preprocessing.description()
    mean, std = statistics() if statistics else (before["mean"], before["std"])
    model.preprocessing.configure(getattr(data, "resize", None) or before["size"], mean, std)
    if statistics:
        changes.append("images standardised inside the model")
    if not model.built:
        try:
            model.build((None, *batch.images.shape[1:]))
        except Exception:  # Refused images must leave no trace in the model.
            model.preprocessing.configure(**before)
            raise
    if is_whole and is_fresh:
        is_sgd = isinstance(optimizer, keras.optimizers.SGD)
        map_mean = MAP_MEAN if is_sgd else ADAPTIVE_MAP_MEAN
        if initialize(model, batch.images, batch.shares, map_mean=map_mean):
            changes.append("initial weights set from the first training images")
    return changes


def is_untouched(model: Classifier) -> bool:
    """Whether a model was not built, except by `apply_init`, and its preprocessing not set."""
    seen = model.preprocessing
    is_new = not model.built or model.set_by_init
    return is_new and (seen.size, seen.mean, seen.std) == (None, (0.0,), (1.0,))


def check_outputs(model: Classifier, data: DataModule, batch: CalibrationBatch) -> None:
    """Refuse a network with fewer outputs than the data has classes, unless its loss is custom.

    Raises:
        NinError: there are fewer; the message gives both numbers.
    """
    named = getattr(data, "classes", None)
    classes = len(named) if isinstance(named, Collection) and not isinstance(named, str) else 0
    if not is_builtin(type(model).loss):  # A custom loss may define classes differently.
        return
    made_for = getattr(model, "num_classes", None)
    # No forward pass is needed, except for a table, which may end in another number of maps.
    if is_builtin(type(model)) and getattr(model, "stages", None) is None and made_for == classes:
        return
    outputs = int(model(batch.images[:1], training=False).shape[-1])
    if outputs < classes:
        known = inspect.signature(type(model)).parameters
        named = next((name for name in ("num_classes", "num_outputs") if name in known), None)
        raise NinError(
            f"{type(model).__name__} has {outputs} outputs, and the images are of {classes}"
            f" classes: make it with {f'{named}={classes}' if named else f'{classes} outputs'}"
        )
