"""Converts colours to sRGB by a file's colour profile or its gamma."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageCms import ImageCmsTransform

#: Largest profile in bytes; a larger one is ignored. Those of printing presses reach 3 million.
MOST_BYTES = 4 * 2**20

#: Where a profile's tag table begins, the bytes of an entry, and how many entries are read.
_TAGS, _ENTRY, _MOST_TAGS = 132, 12, 100

#: Optional tags that hold any number of steps: preparing a thousand takes a second.
_STEPS = {kind + number for kind in (b"D2B", b"B2D") for number in (b"0", b"1", b"2", b"3")}

#: How many conversions are cached; each takes up to a few megabytes.
_KEPT = 16

#: A profile is taken for sRGB if none of this many levels per channel changes by more than this,
#: of 255.
_LEVELS, _MOST_MOVED = 18, 2

#: The gamma of a PNG that means sRGB, the tolerance for that, and the factor beyond which a gamma
#: is taken to be wrong.
_USUAL_GAMMA, _NEAR, _FAR = 1 / 2.2, 0.05, 8

_GREY = ("L", "LA")


class Conversion(NamedTuple):
    """How to convert by a profile.

    Attributes:
        space: the colour space of its pixels: ``"RGB "``, ``"GRAY"`` or ``"CMYK"``; empty if the
            profile cannot be used.
        transform: to sRGB. None if the profile is sRGB already, or for other pixels.
    """

    space: str
    transform: ImageCmsTransform | None = None


def to_srgb(picture: Image, info: Mapping[Any, Any]) -> tuple[Image, bool]:
    """Convert a picture to sRGB by its ICC profile or, for a PNG without one, by its gamma.

    A picture with neither, or with an sRGB profile, is left as it is.

    Args:
        picture: a picture of 8 bits.
        info: what Pillow has read from the file; ``icc_profile``, ``gamma`` and ``srgb`` are used.

    Returns:
        The picture, and False if it has a profile that is ignored: one that is damaged, too large,
        or made for other pixels.
    """
    if picture.mode == "LAB":
        return _lab().apply(picture), True
    profile = info.get("icc_profile")
    if not profile:
        return _by_gamma(picture, info), True
    if picture.mode == "1":
        return picture, True
    has_opacity = picture.has_transparency_data
    mode = "CMYK" if picture.mode == "CMYK" else "RGBA" if has_opacity else "RGB"
    conversion = _conversion(bytes(profile), mode)
    if conversion.space == "GRAY" and picture.mode in _GREY:
        return _grey(picture, _conversion(bytes(profile), "L")), True
    if conversion.space != ("CMYK" if mode == "CMYK" else "RGB "):
        return picture, False
    if conversion.transform is None:
        return picture, True
    return conversion.transform.apply(picture.convert(mode)), True


def _grey(picture: Image, conversion: Conversion) -> Image:
    if conversion.transform is None:
        return picture
    found = conversion.transform.apply(picture.convert("L"))
    if picture.has_transparency_data:
        found.putalpha(picture.convert("LA").getchannel("A"))
    return found


@functools.lru_cache(_KEPT)
def _conversion(profile: bytes, mode: str) -> Conversion:
    """The conversion by a profile; only its space if it is not made for such pixels."""
    from PIL import ImageCms

    if len(profile) > MOST_BYTES:
        return Conversion("")
    try:
        opened = ImageCms.ImageCmsProfile(BytesIO(_without_steps(profile)))
        space = opened.profile.xcolor_space
        if mode not in {"RGB ": ("RGB", "RGBA"), "GRAY": ("L",), "CMYK": ("CMYK",)}.get(space, ()):
            return Conversion(space)
        target = "RGBA" if mode == "RGBA" else "RGB"
        transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), mode, target)
        return Conversion(space, None if _moves_nothing(transform, mode) else transform)
    except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
        return Conversion("")


def _without_steps(profile: bytes) -> bytes:
    """A profile reduced to the usual tags: tables, or a matrix and curves."""
    changed = bytearray(profile)
    count = min(int.from_bytes(profile[_TAGS - 4 : _TAGS], "big"), _MOST_TAGS)
    for at in range(_TAGS, _TAGS + count * _ENTRY, _ENTRY):
        if profile[at : at + 4] in _STEPS:
            changed[at : at + 1] = b"x"  # An unknown name; names must stay distinct.
    return bytes(changed)


def _moves_nothing(transform: ImageCmsTransform, mode: str) -> bool:
    """Whether a conversion leaves all colours visibly unchanged."""
    from PIL import Image

    if mode == "CMYK":
        return False
    levels = np.linspace(0, 255, _LEVELS).round().astype(np.uint8)
    if mode == "L":
        colours = np.repeat(levels[None, :, None], 3, axis=2)
        picture = Image.fromarray(levels[None])
    else:
        colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
        picture = Image.fromarray(colours).convert(mode)
    moved = np.asarray(transform.apply(picture).convert("RGB")).astype(int) - colours
    return bool(np.abs(moved).max() <= _MOST_MOVED)


@functools.cache
def _lab() -> ImageCmsTransform:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(lab, srgb, "LAB", "RGB")


def _by_gamma(picture: Image, info: Mapping[Any, Any]) -> Image:
    gamma = info.get("gamma")
    if not gamma or "srgb" in info or picture.mode == "1":
        return picture
    factor = gamma / _USUAL_GAMMA
    if abs(factor - 1) <= _NEAR or not 1 / _FAR <= factor <= _FAR:
        return picture
    if picture.mode in ("P", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    table = _gamma_table(gamma)
    return picture.point(
        [value for band in picture.getbands() for value in (range(256) if band == "A" else table)]
    )


def _gamma_table(gamma: float) -> list[int]:
    """The sRGB value of each of the 256 values."""
    light = (np.arange(256) / 255) ** (1 / gamma)
    encoded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return [int(value) for value in np.rint(255 * encoded)]
