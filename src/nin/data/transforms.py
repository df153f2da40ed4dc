"""Deterministic changes to a single image: crop, rotation, colour."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

#: Weights of red, green and blue in grey, in thousandths (ITU-R BT.601).
LUMA = (299, 587, 114)


def cropped(image: Pixels, box: Sequence[float], side: int | None = None) -> Pixels:
    """Return the part of an image that lies in a box, resized.

    Args:
        image: (height, width, channels).
        box: left, top, right, bottom in pixels, within the image; fractions are allowed.
        side: side of the resulting square in pixels. None: the size of the image.
    """
    height, width = image.shape[:2] if side is None else (side, side)
    part = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
    return _by_pillow(
        image, lambda each: each.resize((width, height), Image.Resampling.BILINEAR, box=part)
    )


def rotated(
    image: Pixels, degrees: float, border: Literal["edge", "constant", "reflect"] = "edge"
) -> Pixels:
    """Return an image turned about its centre, at the same size.

    Args:
        image: (height, width, channels).
        degrees: counterclockwise.
        border: how to fill what the rotation uncovers, as in `numpy.pad`: with the nearest pixel of
            the image, with black, or with the mirrored image.
    """
    height, width, _ = image.shape
    more = math.ceil((math.hypot(height, width) - min(height, width)) / 2) + 1
    padded = np.pad(image, ((more, more), (more, more), (0, 0)), mode=border)
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    x, y = width / 2, height / 2
    where_from = (
        *(cos, -sin, more + x - cos * x + sin * y),
        *(sin, cos, more + y - sin * x - cos * y),
    )
    return _by_pillow(
        padded,
        lambda each: each.transform(
            (width, height), Image.Transform.AFFINE, where_from, Image.Resampling.BILINEAR
        ),
    )


def recoloured(image: Pixels, factors: Sequence[float]) -> Pixels:
    """Return an image with its brightness, contrast and saturation changed.

    Brightness is a factor on every value, contrast on its distance from the image's mean grey,
    saturation on its distance from the pixel's own grey. Only the result is clipped and rounded,
    so that the order of the changes makes no difference.

    Args:
        image: (height, width, channels). Saturation has no effect on grey images.
        factors: for brightness, contrast and saturation; 1 changes nothing.
    """
    brightness, contrast, saturation = np.asarray(factors, float)
    channels = image.shape[-1]
    parts = np.array(LUMA if channels == 3 else [1] * channels)
    # Integers: their sums are the same on every machine.
    grey = (image @ parts)[..., None]
    mean = float(grey.sum()) / grey.size
    own = brightness * contrast * saturation
    greys = brightness * contrast * (1 - saturation) * grey + brightness * (1 - contrast) * mean
    changed: Pixels = np.rint(own * image + greys / parts.sum()).clip(0, 255).astype(np.uint8)
    return changed


def _by_pillow(image: Pixels, change: Callable[[Any], Any]) -> Pixels:
    """Change three channels together, as Pillow's RGB; any other number one by one."""
    if image.shape[-1] == 3:
        return np.asarray(change(Image.fromarray(image)))
    channels = (Image.fromarray(image[..., index]) for index in range(image.shape[-1]))
    return np.stack([np.asarray(change(channel)) for channel in channels], axis=-1)
