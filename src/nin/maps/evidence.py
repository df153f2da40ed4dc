"""`Evidence`: an image with its class maps, and which of them to show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.decode import ResizeMode
from nin.errors import Argument, NinError, UnknownNameError
from nin.names import normalized

#: Maps per image in a picture: more cannot be compared by eye.
MOST_SHOWN = 60


class Evidence(NamedTuple):
    """One image and its class maps.

    Attributes:
        title: written above the photograph.
        photo: (height, width, 3), uint8, at any size.
        maps: (map height, map width, classes), signed; a map's mean is its class's logit.
        probabilities: (classes,).
        classes: their names.
        shown: the indices of the classes to draw, in order.
        resize_mode: how the photograph was brought to the network's size; see
            `nin.data.decoding.decode.decode`.
    """

    title: str
    photo: NDArray[np.uint8]
    maps: NDArray[np.float32]
    probabilities: NDArray[np.floating]
    classes: Sequence[str]
    shown: Sequence[int]
    resize_mode: ResizeMode = "squash"

    @property
    def predicted(self) -> int:
        """The index of the likeliest class."""
        return int(self.probabilities.argmax())

    @property
    def logits(self) -> NDArray[np.float64]:
        """(classes,): the maps' means."""
        means: NDArray[np.float64] = self.maps.mean(axis=(0, 1), dtype=np.float64)
        return means

    @property
    def shows_where(self) -> bool:
        """Whether there is more than one value per class."""
        return self.maps.shape[:2] != (1, 1)


def top_classes(probabilities: NDArray[np.floating], top: int) -> tuple[int, ...]:
    """The indices of the `top` likeliest classes, likeliest first; all if there are fewer."""
    best = np.argsort(-probabilities, kind="stable")[:top]
    return tuple(int(index) for index in best)


def class_indices(names: Sequence[str], classes: Sequence[str]) -> tuple[int, ...]:
    """The indices of the named classes, each once.

    Args:
        names: each a class, or several separated by commas; accents in either Unicode form.
        classes: all classes of the network.

    Raises:
        UnknownNameError: there is no such class.
    """
    chosen: dict[int, None] = {}
    known = [normalized(name) for name in classes]
    for name in names:
        for part in [name] if normalized(name) in known else name.split(","):
            spellings = (normalized(part), normalized(part.strip()))
            spelled = next((each for each in spellings if each in known), None)
            if spelled is None:
                raise UnknownNameError("class", part.strip(), classes)
            chosen[known.index(spelled)] = None
    return tuple(chosen)


def check_shown(shown: int) -> None:
    """Refuse to draw no maps of an image, or too many.

    Raises:
        NinError: it is not 1 to `MOST_SHOWN`.
    """
    if not 1 <= shown <= MOST_SHOWN:
        raise NinError(f"{shown} maps per image: 1 to {MOST_SHOWN} can be drawn")


def check_strongest(percent: float | None) -> None:
    """Refuse a percentage of a map's activations that is out of range.

    Raises:
        NinError: it is not above 0 and up to 100.
    """
    if percent is not None and not 0 < percent <= 100:
        raise NinError(
            "give a percentage above 0 and up to 100", about=Argument("strongest", f"{percent:g}")
        )


def strongest(map_: NDArray[np.float32], percent: float) -> NDArray[np.float32]:
    """Only the top `percent` % of a map's activations, as in *Network in Network*, section 4.6.

    Args:
        map_: (h, w).
        percent: above 0, up to 100; at least one cell is considered.

    Returns:
        (h, w), zero where the value is not among the largest or not above zero: only evidence for
        the class is kept.
    """
    kept = math.ceil(map_.size * percent / 100)
    least = np.partition(map_, -kept, axis=None)[-kept]
    return np.where((map_ >= least) & (map_ > 0), map_, 0).astype(np.float32)
