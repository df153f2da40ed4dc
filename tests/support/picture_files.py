"""Small picture files of every kind, those too that Pillow does not write."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from colour_profiles import linear_grey
from PIL import Image

#: The colours of the two halves of the usual picture, and of that in grey.
LEFT, RIGHT = (200, 100, 60), (20, 120, 220)
PALE, DARK = (200,) * 3, (20,) * 3
WHITE, BLACK = (255,) * 3, (0,) * 3


def halves(left=LEFT, right=RIGHT, mode="RGB"):
    picture = Image.new(mode, (16, 8), left)
    picture.paste(right, (8, 0, 16, 8))
    return picture


def grey(left=200, right=20, mode="L"):
    return halves(left, right, mode)


def numbers(left, right, kind=np.uint16):
    values = np.full((8, 16), left, kind)
    values[:, 8:] = right
    return Image.fromarray(values)


def encoded(picture, form, **options):
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def kept(form, picture=halves, **options):
    """What makes a file of a picture in a format."""
    return lambda: encoded(picture(), form, **options)


def turned(form="JPEG"):
    exif = Image.Exif()
    exif[0x0112] = 3
    return encoded(halves(RIGHT, LEFT), form, exif=exif, quality=95)


def frames(form, **options):
    others = [Image.new("RGB", (16, 8), "green"), Image.new("RGB", (16, 8), "red")]
    options |= {"save_all": True, "append_images": others}
    return lambda: encoded(halves(), form, **options)


def clear(mode):
    """Half transparent."""
    left, right = (LEFT, RIGHT) if mode == "RGBA" else ((200,), (20,))
    return halves((*left, 255), (*right, 0), mode)


def clear_palette():
    picture = grey(0, 1, "P")
    picture.putpalette([*LEFT, *RIGHT])
    return encoded(picture, "PNG", transparency=1)


def chunk(kind, content):
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def with_chunk(content, kind, value):
    """A PNG with one more chunk behind its header."""
    return content[:33] + chunk(kind, value) + content[33:]


def png(colour_type, values, depth=16):
    """A PNG of numbers that Pillow would not write: (8, 16, channels)."""
    height, width, _ = values.shape
    head = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def deep_png(top):
    """A PNG of 16 bits with the usual colours, of which `top` is white."""
    values = np.asarray(halves()).astype(int) * top // 255
    return png(2, values)


def tiff(*strips, **tags):
    """A TIFF of 16×8 pixels as others write it: its strips, and tags by number."""
    found = {256: 16, 257: 8, 258: 16, 259: 1, 262: 1, 277: 1, 278: 8}
    found |= {int(name.removeprefix("t")): tag for name, tag in tags.items()}
    body, at = b"".join(strips), [8]
    for strip in strips:
        at.append(at[-1] + len(strip))
    if len(strips) == 1:
        found |= {273: 8, 279: len(body)}
        lists = b""
    else:
        found |= {273: at[-1], 279: at[-1] + 4 * len(strips)}
        lists = struct.pack(f"<{len(strips)}I", *at[:-1])
        lists += struct.pack(f"<{len(strips)}I", *map(len, strips))
    index = b"".join(
        struct.pack("<HHII", tag, 4, len(strips) if tag in (273, 279) else 1, found[tag])
        for tag in sorted(found)
    )
    head = struct.pack("<4sI", b"II*\0", at[-1] + len(lists))
    return head + body + lists + struct.pack("<H", len(found)) + index + bytes(4)


def packed_twelve_bits():
    """Two values in three bytes."""
    row = b"".join(bytes([v >> 4, (v & 15) << 4 | v >> 8, v & 255]) for v in [3213] * 4 + [321] * 4)
    return tiff(row * 8, t258=12)


def white_is_zero():
    values = 65_535 - np.asarray(numbers(200 * 257, 20 * 257))
    return tiff(values.astype("<u2").tobytes(), t262=0)


def bitmap_of_windows():
    return encoded(halves(), "BMP")


def photograph_and_video():
    """As motion photos are: a JPEG, and behind its end a video."""
    return encoded(halves(), "JPEG", quality=95) + b"\0\0\0\x18ftypmp42" + b"\xff\xda\xff\xd9" * 500


def pair_of_pictures():
    others = [Image.new("RGB", (16, 8), "red")]
    return encoded(halves(), "MPO", save_all=True, append_images=others, quality=95)


def heic():
    import pillow_heif

    file = io.BytesIO()
    pillow_heif.from_pillow(halves()).save(file, quality=-1, chroma=444, matrix_coefficients=0)
    return file.getvalue()


def broken_profile():
    return encoded(halves(), "PNG", icc_profile=b"no profile")


def profile_of_other_pixels():
    return encoded(halves(), "PNG", icc_profile=linear_grey())


def raw_of_a_camera():
    return tiff(bytes(256), t50706=0x01010000)


def png_header(width, height):
    """A PNG of few bytes that states to be as large as that."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b""))
