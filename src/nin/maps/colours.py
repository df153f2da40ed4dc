"""Signed values as colours over a photograph, defined once for figures and web pages."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.decode import LUMA, ResizeMode, seen_box

#: From zero to the strongest: red, green, blue, opacity, 0…1. Blue and orange differ in every kind
#: of colour vision; each ramp darkens steadily, so that it can be read in grey as well.
_FOR = np.array(
    [
        (1.00, 0.86, 0.35, 0.00),
        (1.00, 0.75, 0.20, 0.48),
        (0.95, 0.48, 0.10, 0.60),
        (0.80, 0.18, 0.10, 0.67),
        (0.50, 0.00, 0.15, 0.72),
    ]
)
_AGAINST = np.array(
    [
        (0.65, 0.88, 1.00, 0.00),
        (0.50, 0.78, 0.98, 0.48),
        (0.20, 0.55, 0.90, 0.60),
        (0.10, 0.32, 0.70, 0.67),
        (0.05, 0.12, 0.45, 0.72),
    ]
)
#: Laid over what is outside the network's input.
_VEIL = np.array((0, 0, 0, 160), np.uint8)
#: The grey that black becomes beneath an overlay, 0…1; white stays white.
_BLACK = 0.5


def limit(low: float, high: float) -> float:
    """The value with the strongest colour on a scale from `low` to `high`; zero has no colour."""
    return max(abs(low), abs(high)) or 1.0


def seen_part(size: tuple[int, int], resize_mode: ResizeMode) -> tuple[slice, slice]:
    """The rows and columns that the network sees of a photograph of this (height, width).

    A map covers exactly these, divided evenly among its cells.
    """
    left, top, right, bottom = seen_box(size, resize_mode)
    return _pixels(top, bottom), _pixels(left, right)


def _pixels(start: float, stop: float) -> slice:
    first = int(start)
    return slice(first, first + round(stop - start))


def shade(values: NDArray[np.floating], most: float) -> NDArray[np.uint8]:
    """RGBA colours (…, 4) of signed `values`; beyond ±`most` they stay the same."""
    share = np.clip(np.asarray(values, np.float64) / most, -1, 1)
    colours = np.where(share[..., None] < 0, _ramp(_AGAINST, -share), _ramp(_FOR, share))
    return np.round(255 * colours).astype(np.uint8)


def stretched(map_: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.float32]:
    """A map (h, w) resized to `size`, (height, width): bilinear, with cell values at their centres.

    The cells divide the picture evenly; within half a cell of its edges the value is constant.
    """
    from PIL import Image

    height, width = size
    picture = Image.fromarray(np.ascontiguousarray(map_, np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))


def beneath(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A photograph (h, w, 3) in light greys, (h, w, 3), which do not distort overlaid colours."""
    return _grey(photo, _BLACK)


def laid_over(photo: NDArray[np.uint8], colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """RGBA `colours` (h, w, 4) over an opaque `photo` (h, w, 3), as (h, w, 3)."""
    opacity = colours[..., 3:] / 255
    return np.round(opacity * colours[..., :3] + (1 - opacity) * photo).astype(np.uint8)


def dimmed(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A photograph (h, w, 3) in dark greys, (h, w, 3), for where the network does not look."""
    return laid_over(_grey(photo, 0), _VEIL)


def overlay_png(
    map_: NDArray[np.floating],
    low: float,
    high: float,
    size: tuple[int, int],
    resize_mode: ResizeMode = "squash",
) -> bytes:
    """A class map as a picture to lay over the photograph, transparent where the map is zero.

    Parts outside the network's input are dimmed. Warm colours are evidence for the class, blue ones
    evidence against it. Zero is the middle of the scale whatever `low` and `high` are: use the same
    two for overlays that are to be compared.

    Args:
        map_: (h, w), signed.
        low: the smallest value of the scale.
        high: the largest.
        size: (height, width) of the picture, in pixels, with the photograph's aspect ratio.
        resize_mode: how the photograph was brought to the network's size; see
            `nin.data.decoding.decode.decode`.

    Returns:
        A PNG, RGBA.
    """
    from PIL import Image

    file = io.BytesIO()
    part = seen_part(size, resize_mode)
    picture = np.broadcast_to(_VEIL, (*size, 4)).copy()
    picture[part] = shade(stretched(map_, picture[part].shape[:2]), limit(low, high))
    Image.fromarray(picture).save(file, "PNG")
    return file.getvalue()


def _grey(photo: NDArray[np.uint8], black: float) -> NDArray[np.uint8]:
    """The greys of a photograph (h, w, 3), from `black` to white, 0…1, as (h, w, 3)."""
    share = photo @ (np.array(LUMA) / 255)
    grey = np.round(255 * (black + (1 - black) * share)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _ramp(stops: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    places = np.linspace(0, 1, len(stops))
    return np.stack([np.interp(share, places, channel) for channel in stops.T], axis=-1)
