"""A network's predictions and class maps for image files, as `Evidence`."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.decode import ResizeMode
from nin.errors import NinError
from nin.maps.evidence import Evidence, check_shown, class_indices, top_classes

#: Images decoded and predicted at a time.
BATCH = 16
#: Longer side of a photograph in a picture, in pixels.
_SIDE = 480


class MapPredictor(Protocol):
    """A `nin.Predictor`, or anything with the same methods."""

    path: Path

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""

    @property
    def has_maps(self) -> bool:
        """Whether the network has class maps."""

    @property
    def resize_mode(self) -> ResizeMode:
        """How pictures are brought to the network's size."""

    def read(self, source: Path) -> NDArray[np.uint8]:
        """A picture at the network's size, (h, w, c)."""

    def predict(self, images: Any, maps: bool = False) -> Any:
        """``probabilities`` (n, classes) and ``maps`` (n, map h, map w, classes)."""


class MappedFiles(NamedTuple):
    """Files with their ``maps`` (n, h, w, classes) and ``probabilities`` (n, classes).

    The maps cover the part of each picture that ``resize_mode`` keeps.
    """

    files: Sequence[Path]
    maps: NDArray[np.float32]
    probabilities: NDArray[np.floating]
    classes: tuple[str, ...]
    shown: Sequence[tuple[int, ...]]
    resize_mode: ResizeMode

    def evidence(self, index: int) -> Evidence:
        """One image; its photograph is read again, because all together might not fit in memory."""
        file = self.files[index]
        return Evidence(
            file.name,
            photograph(file),
            self.maps[index],
            self.probabilities[index],
            self.classes,
            self.shown[index],
            self.resize_mode,
        )


def predict_maps(
    network: MapPredictor, files: Sequence[Path], names: Sequence[str] = (), top: int = 3
) -> MappedFiles:
    """Predict the classes of image files, with class maps.

    Args:
        network: a network that has class maps.
        files: pictures, of any format that `nin.data.decoding.decode.decode` reads.
        names: the classes to show; by default the `top` likeliest per image.
        top: number of likeliest classes to show.

    Raises:
        NinError: the network has no class maps, its predictions are not finite, or too many classes
            are to be shown.
        UnknownNameError: there is no such class.
        DataError: a file cannot be read.
    """
    if not network.has_maps:
        raise NinError(
            f"{network.path} has no class maps, by which something could be located: it was"
            " exported without them, or its logits are not means of maps"
        )
    chosen = class_indices(names, network.classes)
    check_shown(len(chosen) or min(top, len(network.classes)))
    batches = [_predict(network, files[i : i + BATCH]) for i in range(0, len(files), BATCH)]
    maps, probabilities = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    shown = [chosen or top_classes(row, top) for row in probabilities]
    return MappedFiles(files, maps, probabilities, network.classes, shown, network.resize_mode)


def photograph(file: str | PathLike[str]) -> NDArray[np.uint8]:
    """A picture (h, w, 3) in its own aspect ratio, at the size at which it is drawn.

    Args:
        file: its path, its name in a shard, or its URL.
    """
    from PIL import Image

    from nin.data.decoding.decode import decode

    picture = Image.fromarray(decode(file))
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return enlarged(np.asarray(picture))


def enlarged(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image, with pixels repeated if it is small, so that a map over it can be smooth."""
    times = max(1, _SIDE // max(photo.shape[:2]))
    return photo.repeat(times, axis=0).repeat(times, axis=1)


def _predict(
    network: MapPredictor, files: Sequence[Path]
) -> tuple[NDArray[np.float32], NDArray[np.floating]]:
    found = network.predict(np.stack([network.read(file) for file in files]), maps=True)
    if not (np.isfinite(found.maps).all() and np.isfinite(found.probabilities).all()):
        raise NinError(
            f"{network.path} predicts values that are not finite: its training has failed"
        )
    return found.maps, found.probabilities
