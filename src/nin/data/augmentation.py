"""`Augmentation`: small random changes to training images that leave the label true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nin.errors import DataError


@dataclass(frozen=True)
class Augmentation:
    """Random shifts and mirror images, made on the host in numpy and so alike on every backend.

    What a shift uncovers is filled with the nearest pixel of the image. On the black border of
    Fashion-MNIST or MNIST that is black; on a photograph it draws no frame.

    Args:
        shift: largest displacement along each axis, in pixels of the stored image; every whole
            number from ``-shift`` to ``shift`` is equally likely. Default 0.
        flip: whether half of the images, chosen at random, are mirrored left to right.
            Default False.

    Raises:
        DataError: `shift` is negative or not a whole number.
    """

    shift: int = 0
    flip: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.shift, bool) or not isinstance(self.shift, int) or self.shift < 0:
            raise DataError(f"shift must be a whole number of pixels, 0 or more, not {self.shift}")

    def __call__(self, images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return changed copies of the images.

        Args:
            images: (n, height, width, channels).
            rng: where the random numbers come from; equal generators give equal results.
        """
        changed = images.copy() if self.shift == 0 else _shifted(images, self.shift, rng)
        if self.flip:
            mirrored = np.flatnonzero(rng.random(len(changed)) < 0.5)
            changed[mirrored] = changed[mirrored, :, ::-1]
        return changed


def _shifted(images: NDArray[np.uint8], shift: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    count, height, width, channels = images.shape
    border = ((0, 0), (shift, shift), (shift, shift), (0, 0))
    rows = np.pad(images, border, mode="edge").reshape(count, height + 2 * shift, -1)
    # One row of pixels is one run of bytes, so that a crop copies whole rows at a time.
    windows = np.lib.stride_tricks.sliding_window_view(
        rows, (height, width * channels), axis=(1, 2)
    )
    down, right = rng.integers(0, 2 * shift + 1, size=(2, count))
    crops: NDArray[np.uint8] = windows[np.arange(count), down, right * channels]
    return crops.reshape(images.shape)
