"""Turns a picture the right way up, as its EXIF orientation tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image


def turn_upright(picture: Image) -> None:
    """Turn and mirror a picture in place, whatever else its EXIF holds.

    Pillow would write the rest of the EXIF anew, which fails for values of an odd type.
    """
    from PIL import ImageOps

    picture.getexif()  # Kept by the picture: what follows takes the orientation from there.
    for name in ("exif", "Raw profile type exif"):
        picture.info.pop(name, None)
    ImageOps.exif_transpose(picture, in_place=True)
