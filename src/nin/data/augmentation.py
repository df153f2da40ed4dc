"""`Augmentation`: random changes to training images, and their effect on the labels."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from nin.data.mixing import Mixed, blended, pasted, smoothed
from nin.errors import DataError

#: The widest crop is a third wider than high; the narrowest is a third higher than wide.
CROP_RATIO = 4 / 3
#: Range of the erased share of an image, and largest ratio of its sides (Zhong et al. 2017).
ERASED_SHARE, ERASED_RATIO = (0.02, 0.4), 1 / 0.3


FillMode = Literal["nearest", "constant", "reflect"]
#: The names of the fill modes in `numpy.pad`.
_PADDING: dict[str, Literal["edge", "constant", "reflect"]] = {
    "nearest": "edge",
    "constant": "constant",
    "reflect": "reflect",
}
#: The largest parameter of the beta distributions: there, all shares are close to a half.
MOST_ALPHA = 100.0


@dataclass(frozen=True)
class Augmentation:
    """Random changes to a batch of images, made on the CPU and therefore the same on every backend.

    Uint8 in, uint8 out, at the same size unless `crop_size` is given. Changes are made in the order
    of the arguments; by default there are none. `mixup`, `cutmix` and `label_smoothing` turn labels
    into shares of all classes, of shape (n, classes) for a batch. Accuracy then counts the class
    with the largest share.

    Args:
        shift: largest displacement along each axis, in pixels of the stored image; every whole
            number from ``-shift`` to ``shift`` is equally likely.
        flip: mirror each image left to right with probability 0.5. Not for things that have a left
            and a right, such as arrows or letters.
        crop: random resized crop (Szegedy et al. 2015, arXiv 1409.4842): the smallest share of the
            area, above 0, to cut out and resize to the size of the image. All shares from this to 1
            are equally likely, at aspect ratios from 3/4 to 4/3, or the nearest that fits. 1 for no
            crop.
        rotation: largest angle in either direction, in degrees, up to 180.
        brightness: values are multiplied by a factor from ``1 - brightness`` to
            ``1 + brightness``; 0 to 1.
        contrast: the same for the distance of values from the image's mean grey.
        saturation: the same for the distance of values from their pixel's grey; colour images only.
        erasing: probability that a rectangle of an image, 0.02 to 0.4 of its area, is overwritten
            with noise (random erasing, Zhong et al. 2017, arXiv 1708.04896); 0 to 1.
        crop_size: side in pixels that crops are resized to, instead of the image's own size.
            Objects look larger in a crop than in the whole image, so that a network trained on
            smaller crops is as good on larger images, and trains faster (Touvron et al. 2019,
            arXiv 1906.06423).
        fill_mode: how to fill what a shift or a rotation uncovers: ``"nearest"`` repeats the
            image's border, ``"constant"`` is black, ``"reflect"`` mirrors the image. A shift of 4
            on black is the random crop of a padded image that is usual for CIFAR.
        mixup: each batch is blended with itself in reverse order, labels included, by a share drawn
            from a beta distribution with this parameter (see `nin.data.mixing`); 0 for none.
        cutmix: a rectangle of each image is replaced by that of its counterpart in the reversed
            batch, and the same share of its label. The share is drawn from a beta distribution with
            this parameter; 0 for none. With `mixup` as well, each batch gets one of the two, with
            equal probability.
        mixup_prob: probability that a batch is mixed, by `mixup` or `cutmix`.
        label_smoothing: share of each label that is spread over all classes; 0 to below 1.

    Raises:
        DataError: an argument is out of range.

    Example:
        What a network sees in its first epoch:

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
    fill_mode: FillMode = "nearest"
    mixup: float = 0.0
    cutmix: float = 0.0
    mixup_prob: float = 1.0
    label_smoothing: float = 0.0

    def __post_init__(self) -> None:
        for name in ("shift", "crop_size"):
            if isinstance(value := getattr(self, name), np.integer):
                object.__setattr__(self, name, int(value))
        if isinstance(self.shift, bool) or not isinstance(self.shift, int) or self.shift < 0:
            raise DataError(f"shift must be a whole number of pixels, 0 or more, not {self.shift}")
        if not 0 < self.crop <= 1:
            raise DataError(f"crop must be above 0 and at most 1, not {self.crop}")
        side = self.crop_size
        if side is not None and (not isinstance(side, int) or side < 1):
            raise DataError(f"crop_size must be a whole number of pixels, 1 or more, not {side}")
        if self.fill_mode not in _PADDING:
            raise DataError(f"fill_mode must be {', '.join(_PADDING)}, not {self.fill_mode!r}")
        bounds = {"rotation": 180.0, "mixup": MOST_ALPHA, "cutmix": MOST_ALPHA}
        ones = "brightness contrast saturation erasing mixup_prob".split()  # noqa: SIM905
        for name, most in {**bounds, **dict.fromkeys(ones, 1.0)}.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise DataError(f"{name} must be between 0 and {most:g}, not {value}")
        if not 0 <= self.label_smoothing < 1:
            raise DataError(f"label_smoothing must be 0 to below 1, not {self.label_smoothing}")

    @property
    def shares_labels(self) -> bool:
        """Whether labels become shares of all classes."""
        return bool(self.label_smoothing or ((self.mixup or self.cutmix) and self.mixup_prob))

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the (height, width, channels) that images of a `shape` have afterwards."""
        return shape if self.crop_size is None else (self.crop_size, self.crop_size, shape[2])

    def __call__(self, images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        """Return changed copies of the images.

        Args:
            images: (n, height, width, channels).
            rng: random number generator; generators in the same state give equal results.
        """
        from nin.data.transforms import cropped, recoloured, rotated

        count = len(images)
        border = _PADDING[self.fill_mode]
        changed = images.copy() if self.shift == 0 else _shifted(images, self.shift, border, rng)
        if self.flip:
            mirrored = np.flatnonzero(rng.random(count) < 0.5)
            changed[mirrored] = changed[mirrored, :, ::-1]
        if self.crop < 1 or self.crop_size:
            boxes = _boxes(images.shape, (self.crop, 1), CROP_RATIO, rng)
            changed = _each(partial(cropped, side=self.crop_size), changed, boxes)
        if self.rotation:
            turn = partial(rotated, border=border)
            changed = _each(turn, changed, rng.uniform(-self.rotation, self.rotation, count))
        ranges = np.array([self.brightness, self.contrast, self.saturation])
        if ranges.any():
            changed = _each(recoloured, changed, rng.uniform(1 - ranges, 1 + ranges, (count, 3)))
        if self.erasing:
            _erase(changed, self.erasing, rng)
        return changed

    def mixed(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[Any],
        classes: int,
        rng: np.random.Generator,
        weights: NDArray[np.float32] | None = None,
    ) -> Mixed:
        """Return the batch, smoothed and mixed, with labels as shares.

        Args:
            images: (n, height, width, channels), as `__call__` left them.
            labels: (n,), counted from 0.
            classes: number of classes.
            rng: random number generator.
            weights: (n,): how much each image counts in the loss. None: all the same.
        """
        batch = Mixed(images, smoothed(labels, classes, self.label_smoothing), weights)
        mixes, cuts = rng.random(2)
        if not (self.mixup or self.cutmix) or mixes >= self.mixup_prob:
            return batch
        if self.cutmix and (not self.mixup or cuts < 0.5):
            return pasted(batch, self.cutmix, rng)
        return blended(batch, self.mixup, rng)


def _shifted(
    images: NDArray[np.uint8],
    shift: int,
    border: Literal["edge", "constant", "reflect"],
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    count, height, width, channels = images.shape
    sides = ((0, 0), (shift, shift), (shift, shift), (0, 0))
    rows = np.pad(images, sides, mode=border).reshape(count, height + 2 * shift, -1)
    # With each row of pixels as one run of bytes, a crop copies whole rows at a time.
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

    Shares of the area are uniform within `shares`. Aspect ratios, width / height, are log-uniform
    from 1 / `ratio` to `ratio`, as far as such a rectangle fits; otherwise the nearest that fits.
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
    """Change every image by its own values, in threads: Pillow releases the interpreter's lock."""
    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(change, images, values)))
