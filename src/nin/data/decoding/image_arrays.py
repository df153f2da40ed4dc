"""Arrays of images as they are handed in: checked, and brought to a network's size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.decode import ResizeMode, fitted
from nin.errors import DataError


def check_images(images: NDArray[Any], *, floats: bool = False) -> None:
    """Refuse what are no images.

    Args:
        images: (n, height, width, channels), uint8, of any size; grey, RGB or RGBA.
        floats: whether floating-point numbers from 0 to 1 will do as well.

    Raises:
        DataError: another shape or type, no image, or numbers out of range.
    """
    if images.ndim < 2 and images.dtype.kind in "OSU":  # Names of files, most likely.
        raise DataError(
            "images must be an array of numbers: files are read by nin.Predictor(RUN).predict_files"
        )
    is_float = floats and np.issubdtype(images.dtype, np.floating)
    of_images = images.ndim == 4 and images.shape[3] in (1, 3, 4)
    if not of_images or not (is_float or images.dtype == np.uint8):
        raise DataError(
            f"images must be uint8 {'or floats from 0 to 1, ' if floats else ''}of shape"
            " (n, height, width, channels) with 1, 3 or 4 channels,"
            f" not {images.dtype} of shape {images.shape}"
        )
    if not images.size:
        raise DataError(f"an array of shape {images.shape} holds no images")
    if is_float and not (images.min() >= 0 and images.max() <= 1):  # False of NaN, too.
        raise DataError(
            f"images of floats must be from 0 to 1, not from {images.min():g} to"
            f" {images.max():g}: divide by 255, or give uint8"
        )


def fitted_images(
    images: NDArray[Any], shape: tuple[int, int, int], resize_mode: ResizeMode
) -> NDArray[Any]:
    """Images as a network takes them: those of another size or other channels are resized.

    Args:
        images: (n, height, width, channels), as `check_images` leaves them.
        shape: (height, width, channels) that the network was trained on.
        resize_mode: how they are resized; see `nin.data.decoding.decode.fitted`.

    Raises:
        DataError: images of floats have another shape: they would have to be rounded.
    """
    if images.shape[1:] == shape:
        return images
    if images.dtype != np.uint8:
        raise DataError(
            f"images of floats must be of shape (n, {', '.join(map(str, shape))}), not"
            f" {images.shape}: give uint8, which is resized"
        )
    height, width, channels = shape
    return np.stack([fitted(image, (height, width), channels, resize_mode) for image in images])
