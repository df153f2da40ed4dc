"""What an array of images may hold, and how it is converted to (n, height, width, channels), uint8.

Integers are taken as 0…255, booleans as black and white. Floats are taken as 0…1 and multiplied by
255 if none exceeds 1; otherwise they are taken as 0…255 and rounded. The rule is applied to all
parts of a set together, so that a dark part is not taken for another range.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.errors import DataError, first_line

Pixels = NDArray[np.uint8]

#: Floats up to this are more likely 0…1 with some overshoot than 0…255.
_OVERSHOOT = 2.0
#: A largest float below this is worth a note.
_DARK = 128


def as_pixels(given: Mapping[str, Any]) -> tuple[dict[str, Pixels], list[str]]:
    """Return the images of each part as uint8, and what a user should know about them.

    Args:
        given: name of an array, for messages → the array: (n, height, width) or
            (n, height, width, channels), with one channel or three.

    Raises:
        DataError: an array has another shape or is empty, or values are out of range or not
            finite.
    """
    notes: list[str] = []
    arrays = {what: _with_channels(what, value, notes) for what, value in given.items()}
    shapes = {what: array.shape[1:] for what, array in arrays.items()}
    first, shape = next(iter(shapes.items()))
    for what, other in shapes.items():
        if other != shape:
            raise DataError(f"{what} holds images of {_sides(other)}, {first} of {_sides(shape)}")
    scale = _scale(arrays, notes)
    return {what: scaled(array, scale) for what, array in arrays.items()}, notes


def scaled(values: NDArray[Any], scale: int) -> Pixels:
    """Return values as uint8; floats are multiplied by `scale`, 1 or 255, and rounded."""
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    if values.dtype == bool:
        return np.where(values, np.uint8(255), np.uint8(0))
    if np.issubdtype(values.dtype, np.integer):
        return values.astype(np.uint8)
    pixels: Pixels = np.rint(values * np.float32(scale)).clip(0, 255).astype(np.uint8)
    return pixels


def scale_of(values: NDArray[Any]) -> int:
    """The factor for floats of this range: 255, or 1 if any exceeds 1; 1 for other types."""
    is_float = np.issubdtype(values.dtype, np.floating)
    return 255 if is_float and float(values.max()) <= 1 else 1


def channels_last(values: NDArray[Any]) -> NDArray[Any]:
    """Return (n, height, width) or (n, channels, height, width) with the channels last."""
    if values.ndim == 3:
        return values[..., None]
    if _is_channels_first(values):
        return values.transpose(0, 2, 3, 1)
    return values


def _with_channels(what: str, value: Any, notes: list[str]) -> NDArray[Any]:
    try:
        values = np.asarray(value)
    except ValueError as error:  # Rows of different lengths.
        raise DataError(
            f"{what}: images of different sizes do not make an array: resize them"
        ) from error
    except (TypeError, RuntimeError) as error:  # A tensor on a GPU, or with a gradient.
        raise DataError(f"{what} cannot be read as an array: {first_line(error)}") from error
    if values.dtype.kind not in "buif":
        raise DataError(f"{what} holds {_kind(values)}, not numbers: images are uint8 or floats")
    if values.ndim == 2:
        side = round(values.shape[1] ** 0.5)
        raise DataError(
            f"{what} is of shape {values.shape}, and images are (n, height, width) or (n, height,"
            " width, channels)",
            f"x.reshape(-1, {side}, {side})" if side * side == values.shape[1] else "reshape it",
        )
    if values.size == 0:
        raise DataError(f"{what} is empty, of shape {values.shape}: it holds no images")
    found = channels_last(values) if values.ndim in (3, 4) else values
    if found.ndim != 4 or found.shape[3] not in (1, 3):
        way = " (leave out the alpha: x[..., :3])" if values.shape[-1] == 4 else ""
        raise DataError(
            f"{what} is of shape {values.shape}: images are (n, height, width), or (n, height,"
            f" width, channels) with one channel or three{way}"
        )
    if _is_channels_first(values):
        notes.append(f"{what} has its channels first, {values.shape}: they are put last")
    return found


def _is_channels_first(values: NDArray[Any]) -> bool:
    return values.ndim == 4 and values.shape[1] in (1, 3) and values.shape[3] not in (1, 3)


def _scale(arrays: Mapping[str, NDArray[Any]], notes: list[str]) -> int:
    low, high = _range(arrays)
    floats = any(np.issubdtype(array.dtype, np.floating) for array in arrays.values())
    span = f"values from {low:g} to {high:g}"
    if low < 0 or high > 255:
        raise DataError(
            f"{span} are not pixels: give 0 to 255, or floats from 0 to 1; the network standardises"
            " them itself"
        )
    if not floats:
        if 0 < high <= 1 and not any(array.dtype == bool for array in arrays.values()):
            notes.append(
                f"integers, {span}: taken as 0 to 255, which is black; if 1 is white, multiply by"
                " 255"
            )
        return 1
    _check_one_scale(arrays, high)
    if high <= 1:
        return 255
    if high <= _OVERSHOOT and not all((array % 1 == 0).all() for array in arrays.values()):
        raise DataError(
            f"{span} are neither 0 to 1 nor 0 to 255: x.clip(0, 1) if 1 is white, or x * 255"
        )
    if high < _DARK:
        notes.append(f"floats, {span}: taken as 0 to 255, and rounded to whole numbers")
    return 1


def _check_one_scale(arrays: Mapping[str, NDArray[Any]], high: float) -> None:
    """Refuse floats from 0 to 1 in one part together with values up to 255 in another."""
    whole = any(array.dtype.kind in "iu" and array.max() > 1 for array in arrays.values())
    if not whole and high <= _OVERSHOOT:
        return
    for what, array in arrays.items():
        is_share = array.dtype.kind == "f" and array.max() <= 1 and (array % 1).any()
        # Together with other floats, a single value throughout may be a very dark part.
        if is_share and (whole or array.min() < array.max()):
            raise DataError(
                f"{what} holds floats up to {array.max():g}, and others hold values up to"
                f" {high:g}: give all parts on one scale"
            )


def _range(arrays: Mapping[str, NDArray[Any]]) -> tuple[float, float]:
    for what, array in arrays.items():
        if array.dtype.kind == "f" and not np.isfinite(array.sum(dtype=np.float64)):
            bad = np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))
            if len(bad):
                more = f", and so {len(bad) - 1:,} others" if len(bad) > 1 else ""
                raise DataError(f"{what}: image {bad[0]} has pixels that are NaN or infinite{more}")
    numbers = [array for array in arrays.values() if array.dtype != bool]
    if not numbers:
        return 0.0, 1.0
    return (
        float(min(array.min() for array in numbers)),
        float(max(array.max() for array in numbers)),
    )


def _kind(values: NDArray[Any]) -> str:
    return {"U": "text", "S": "text", "O": "objects", "c": "complex numbers"}.get(
        values.dtype.kind, str(values.dtype)
    )


def _sides(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))
