"""`show_maps`: class maps of images in memory, for notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.decode import ResizeMode
from nin.data.decoding.image_arrays import check_images
from nin.errors import DataError, NinError
from nin.maps.evidence import Evidence, check_shown, check_strongest, class_indices, top_classes
from nin.maps.picture import draw
from nin.maps.predictions import enlarged

if TYPE_CHECKING:
    from nin.notebook_figure import NotebookFigure

#: Most images per figure.
MOST_IMAGES = 20


def show_maps(
    model: Any,
    images: Any,
    labels: Sequence[Any] | None = None,
    *,
    classes: str | int | Sequence[str | int] = (),
    top: int = 3,
    strongest: float | None = None,
) -> NotebookFigure:
    """Draw images beside the class maps of their most likely classes, all on one scale.

    Warm colours are evidence for the class, blue ones evidence against it; a map's mean is the
    class's logit (*Network in Network* 2014, section 3.2).

    Args:
        model: a `Classifier`, a `Run`, or a `nin.Predictor`.
        images: (n, height, width, channels) or (n, height, width), uint8 0…255 or floats 0…1; 20
            at most. A `Classifier` and a `Run` use each image whole, at its own size; a `Predictor`
            brings it to the size it was trained with.
        labels: (n,) or (n, 1), the true classes, written above each image.
        classes: names of the classes to show, in place of the most likely ones; a `Classifier`
            has its classes by index only: 0, 1.
        top: number of most likely classes to show.
        strongest: show only this percentage of each map's activations, the strongest, as in
            section 4.6.

    Returns:
        A matplotlib figure; a notebook shows it.

    Raises:
        DataError: the images have another shape or type, or are too many; or the labels do not fit.
        NinError: the network has no class maps, or they are not finite; or `strongest` is out of
            range.
        UnknownNameError: there is no such class.

    Example:
        >>> run = nin.load("runs/digits-1")
        >>> nin.show_maps(run, nin.Digits().test.images[:3], top=2).savefig("maps.png")
    """
    pixels = _pixels(images)
    check_strongest(strongest)
    maps, probabilities, names, resize_mode = _predict(model, pixels)
    chosen = class_indices([str(each) for each in np.atleast_1d(np.asarray(classes))], names)
    check_shown(len(chosen) or min(top, len(names)))
    titles = _titles(labels, len(pixels), names)
    rows = [
        Evidence(
            titles[i],
            _photo(pixels[i]),
            maps[i],
            probabilities[i],
            names,
            chosen or top_classes(probabilities[i], top),
            resize_mode,
        )
        for i in range(len(pixels))
    ]
    figure = draw(rows, strongest)
    figure.show_in_notebook()
    return figure


def _predict(
    model: Any, images: NDArray[Any]
) -> tuple[NDArray[np.float32], NDArray[np.floating], tuple[str, ...], ResizeMode]:
    if hasattr(model, "has_maps"):
        found = model.predict(_as_bytes(images), maps=True)
        return found.maps, found.probabilities, model.classes, model.resize_mode
    from scipy.special import softmax

    network = model if hasattr(model, "class_maps") else model.model
    maps = _as_array(network.class_maps(images)).astype(np.float32)
    logits = maps.mean(axis=(1, 2), dtype=np.float64)
    numbers = tuple(map(str, range(logits.shape[1])))
    if not np.isfinite(logits).all():
        raise NinError("the network's class maps are not finite: its training has failed")
    names = numbers if network is model else model.classes
    return maps, softmax(logits, axis=1), names, "squash"


def _titles(labels: Sequence[Any] | None, count: int, names: Sequence[str]) -> list[str]:
    if labels is None:
        return [""] * count
    truth = _as_array(labels)
    if truth.ndim == 2 and truth.shape[1] == 1:
        truth = truth[:, 0]
    if truth.ndim != 1:
        raise DataError(f"labels must be of shape (n,) or (n, 1), not {truth.shape}")
    if len(truth) != count:
        raise DataError(f"{count} images but {len(truth)} labels: give as many of each")
    if not np.issubdtype(truth.dtype, np.integer):
        return [str(label) for label in truth]
    if truth.min() < 0 or truth.max() >= len(names):
        raise DataError(
            f"labels {truth.min()} to {truth.max()}, but there are {len(names)} classes"
        )
    return [names[label] for label in truth]


def _pixels(images: Any) -> NDArray[Any]:
    pixels = _as_array(images)
    if pixels.ndim == 3 and pixels.shape[2] not in (1, 3):  # those are one picture
        pixels = pixels[..., None]
    if pixels.ndim != 4 or pixels.shape[3] not in (1, 3) or not 1 <= len(pixels) <= MOST_IMAGES:
        raise DataError(
            f"images must be (1 to {MOST_IMAGES}, height, width, 1 or 3), not {pixels.shape}"
        )
    check_images(pixels, floats=True)
    return pixels


def _photo(image: NDArray[Any]) -> NDArray[np.uint8]:
    return enlarged(np.broadcast_to(_as_bytes(image), (*image.shape[:2], 3)))


def _as_bytes(images: NDArray[Any]) -> NDArray[np.uint8]:
    if images.dtype == np.uint8:
        return images
    pixels: NDArray[np.uint8] = np.round(255 * np.clip(images, 0, 1)).astype(np.uint8)
    return pixels


def _as_array(values: Any) -> NDArray[Any]:
    if isinstance(values, (np.ndarray, list, tuple)):
        return np.asarray(values)
    from nin.data.loader import as_numpy

    return as_numpy(values)
