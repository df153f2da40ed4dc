"""Image files and a network's answers to them, as `Evidence`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from nin.data.decode import Fit
from nin.errors import NinError
from nin.maps.evidence import Evidence, check_number, likeliest, numbers_of

#: Images that are decoded and asked about at a time.
BATCH = 16
#: The longer side of a photograph in a picture, in pixels.
_SIDE = 480


class Network(Protocol):
    """What is asked: a `nin.Predictor`, or anything that answers as one does."""

    path: Path

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes' names."""

    @property
    def has_maps(self) -> bool:
        """Whether there are class maps."""

    @property
    def fit(self) -> Fit:
        """How pictures are brought to it: all of one, or its middle."""

    def read(self, source: Path) -> NDArray[np.uint8]:
        """A picture as the network takes it, (h, w, c)."""

    def predict(self, images: Any, maps: bool = False) -> Any:
        """``probabilities`` (n, classes) and ``maps`` (n, map h, map w, classes)."""


class Answered(NamedTuple):
    """Files and what a network says to them: ``maps`` (n, h, w, classes) and ``probabilities``.

    The maps cover what ``fit`` takes of each picture.
    """

    files: Sequence[Path]
    maps: NDArray[np.float32]
    probabilities: NDArray[np.floating]
    classes: tuple[str, ...]
    shown: Sequence[tuple[int, ...]]
    fit: Fit

    def evidence(self, index: int) -> Evidence:
        """One image, its photograph read anew: many would not fit into memory together."""
        file = self.files[index]
        answer = self.maps[index], self.probabilities[index]
        shown = self.shown[index]
        return Evidence(file.name, photograph(file), *answer, self.classes, shown, self.fit)


def ask(
    network: Network, files: Sequence[Path], names: Sequence[str] = (), top: int = 3
) -> Answered:
    """Ask a network what is in files, and where.

    Args:
        network: with class maps.
        files: JPEG, PNG, WebP, BMP or TIFF.
        names: the classes to show; without any the `top` likeliest of each image.
        top: how many.

    Raises:
        NinError: the network has no class maps, or its answers are no numbers; too many classes.
        UnknownNameError: a class it does not know.
        DataError: a file that cannot be read.
    """
    if not network.has_maps:
        raise NinError(
            f"{network.path} has no class maps: its network ends in dense layers, which mix all"
            " places, so no place can be named"
        )
    chosen = numbers_of(names, network.classes)
    check_number(len(chosen) or min(top, len(network.classes)))
    answers = [_answer(network, files[i : i + BATCH]) for i in range(0, len(files), BATCH)]
    maps, probabilities = (np.concatenate(parts) for parts in zip(*answers, strict=True))
    shown = [chosen or likeliest(row, top) for row in probabilities]
    return Answered(files, maps, probabilities, network.classes, shown, network.fit)


def photograph(file: Path) -> NDArray[np.uint8]:
    """A picture in its own shape, (h, w, 3), of a size to be printed."""
    from PIL import Image

    from nin.data.decode import decode

    picture = Image.fromarray(decode(file))
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return enlarged(np.asarray(picture))


def enlarged(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Few pixels as large squares, so that a map drawn over them has room to be smooth."""
    times = max(1, _SIDE // max(photo.shape[:2]))
    return photo.repeat(times, axis=0).repeat(times, axis=1)


def _answer(
    network: Network, files: Sequence[Path]
) -> tuple[NDArray[np.float32], NDArray[np.floating]]:
    answers = network.predict(np.stack([network.read(file) for file in files]), maps=True)
    if not (np.isfinite(answers.maps).all() and np.isfinite(answers.probabilities).all()):
        raise NinError(f"{network.path} answers with what is no number: its training has failed")
    return answers.maps, answers.probabilities
