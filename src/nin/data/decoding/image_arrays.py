"""Arrays of images to predict: checked, and resized to a network's input."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.decode import ResizeMode, fitted
from nin.errors import DataError


def check_images(images: NDArray[Any], *, floats: bool = False) -> None:
    """Refuse arrays that are not images.

    Args:
        images: (n, height, width, channels), uint8, of any size; grey, RGB or RGBA.
        floats: whether floats from 0 to 1 are accepted as well.

    Raises:
        DataError: the array has another shape or type, is empty, or has values out of range.
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
    """Convert images to a network's input shape: to its size and number of channels.

    Args:
        images: (n, height, width, channels), checked by `check_images`.
        shape: (height, width, channels) that the network was trained on.
        resize_mode: how to resize; see `nin.data.decoding.decode.fitted`.

    Raises:
        DataError: images of floats have another shape; resizing would round them.
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
