"""`Augmentation`: random changes to training images that keep their labels valid."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.errors import DataError

#: The widest crop is a third wider than high, the narrowest a third higher than wide.
CROP_RATIO = 4 / 3
#: The shares of an image, and the ratios of the sides, that are erased (Zhong et al. 2017).
ERASED_SHARE, ERASED_RATIO = (0.02, 0.4), 1 / 0.3


@dataclass(frozen=True)
class Augmentation:
    """Random changes to a batch of images, made on the CPU and so the same on every backend.

    Uint8 in, uint8 out, at the same size unless `crop_size` is given. Changes are made in the order
    of the arguments; by default there are none. What a shift or a rotation uncovers is filled with
    the nearest pixel of the image: black on Fashion-MNIST or MNIST, and no frame on a photograph.

    Args:
        shift: largest displacement along each axis, in pixels of the stored image; every whole
            number from ``-shift`` to ``shift`` is equally likely.
        flip: mirror each image left to right with probability 0.5. Not for things that have a left
            and a right, such as arrows or letters.
        crop: random resized crop (Szegedy et al. 2015, arXiv 1409.4842): the smallest share of the
            area, above 0, that is cut out and enlarged to the size of the image. All shares from it
            to 1 are equally likely, at aspect ratios from 3/4 to 4/3, or the nearest that fits. 1
            for none.
        rotation: largest angle either way, in degrees, up to 180.
        brightness: values are multiplied by a factor from ``1 - brightness`` to
            ``1 + brightness``; 0 to 1.
        contrast: the same for their distance from the image's mean grey.
        saturation: the same for their distance from the pixel's grey; only of colour images.
        erasing: the share of images of which a rectangle, 0.02 to 0.4 of the area, is overwritten
            with noise (random erasing, Zhong et al. 2017, arXiv 1708.04896); 0 to 1.
        crop_size: side in pixels of what `crop` cuts out, in place of the image's own size. Objects
            look larger in a crop than in the whole image, so that a network trained on smaller
            crops is as good on larger images, and trains faster (Touvron et al. 2019, arXiv
            1906.06423).

    Raises:
        DataError: an argument is out of range.

    Example:
        What a network is shown in its first epoch:

        >>> data = nin.Digits(augmentation=nin.Augmentation(rotation=15, erasing=0.25))
        >>> batch = next(iter(data.train_dataloader()))
        >>> data.visualize(batch, nrows=2, ncols=8).savefig("augmented.png")
    """

    shift: int = 0
    flip: bool = False
    crop: float = 1.0
    rotation: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    erasing: float = 0.0
    crop_size: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.shift, bool) or not isinstance(self.shift, int) or self.shift < 0:
            raise DataError(f"shift must be a whole number of pixels, 0 or more, not {self.shift}")
        if not 0 < self.crop <= 1:
            raise DataError(f"crop must be above 0 and at most 1, not {self.crop}")
        if self.crop_size is not None and self.crop_size < 1:
            raise DataError(f"crop_size must be 1 pixel or more, not {self.crop_size}")
        bounds = {"rotation": 180, "brightness": 1, "contrast": 1, "saturation": 1, "erasing": 1}
        for name, most in bounds.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise DataError(f"{name} must be between 0 and {most}, not {value}")

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The (height, width, channels) that it makes of images of a `shape`."""
        return shape if self.crop_size is None else (self.crop_size, self.crop_size, shape[2])

    def __call__(self, images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return changed copies of the images.

        Args:
            images: (n, height, width, channels).
            rng: generator of the random numbers; generators in the same state give equal results.
        """
        from nin.data.transforms import cropped, recoloured, rotated

        count = len(images)
        changed = images.copy() if self.shift == 0 else _shifted(images, self.shift, rng)
        if self.flip:
            mirrored = np.flatnonzero(rng.random(count) < 0.5)
            changed[mirrored] = changed[mirrored, :, ::-1]
        if self.crop < 1 or self.crop_size:
            boxes = _boxes(images.shape, (self.crop, 1), CROP_RATIO, rng)
            changed = _each(partial(cropped, side=self.crop_size), changed, boxes)
        if self.rotation:
            changed = _each(rotated, changed, rng.uniform(-self.rotation, self.rotation, count))
        ranges = np.array([self.brightness, self.contrast, self.saturation])
        if ranges.any():
            changed = _each(recoloured, changed, rng.uniform(1 - ranges, 1 + ranges, (count, 3)))
        if self.erasing:
            _erase(changed, self.erasing, rng)
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


def _boxes(
    shape: tuple[int, ...], shares: tuple[float, float], ratio: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Rectangles anywhere within images: (n, 4), left, top, right, bottom in pixels.

    Every share of the area within `shares` is equally likely, and every logarithm of width / height
    within that of 1 / `ratio` and `ratio` for which such a rectangle fits; where none does, it is
    the nearest that fits.
    """
    count, height, width, _ = shape
    share = rng.uniform(*shares, count)
    narrowest, widest = share * width / height, width / (share * height)
    least, most = (np.clip(limit, narrowest, widest) for limit in (1 / ratio, ratio))
    chosen = least * (most / least) ** rng.random(count)
    area = share * height * width
    size = np.minimum(np.sqrt([area * chosen, area / chosen]).T, (width, height))
    corner = rng.random((count, 2)) * ((width, height) - size)
    return np.concatenate([corner, np.minimum(corner + size, (width, height))], axis=1)


def _erase(images: NDArray[np.uint8], probability: float, rng: np.random.Generator) -> None:
    chosen = np.flatnonzero(rng.random(len(images)) < probability)
    boxes = _boxes((len(chosen), *images.shape[1:]), ERASED_SHARE, ERASED_RATIO, rng)
    corners = boxes[:, :2].astype(int)
    ends = corners + (boxes[:, 2:] - boxes[:, :2]).astype(int)
    for index, (left, top), (right, bottom) in zip(chosen, corners, ends, strict=True):
        part = images[index, top:bottom, left:right]
        part[:] = rng.integers(0, 256, part.shape, dtype=np.uint8)


def _each(
    change: Callable[[NDArray[np.uint8], Any], NDArray[np.uint8]],
    images: NDArray[np.uint8],
    values: NDArray[np.float64],
) -> NDArray[np.uint8]:
    """Change every image by its own values. Pillow lets threads work at once."""
    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(change, images, values)))
