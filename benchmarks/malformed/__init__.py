"""Malformed images and forms, without end: what `fuzz.py` sends."""

from __future__ import annotations

import functools
import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from malformed.formats import animated_png, flood, gif, thin, tiff, webp


class Attack(NamedTuple):
    """A request: what kind of mischief it is, its body, and how that is called."""

    kind: str
    body: bytes
    content_type: str = "image/png"


def pictures(random_: random.Random) -> list[bytes]:
    """Well-formed pictures, from which the others are made."""
    pixels = np.random.default_rng(random_.randrange(2**32)).integers(0, 256, (64, 48, 4), np.uint8)
    smooth = np.add.outer(np.arange(300), np.arange(200)).astype(np.uint8)
    found = []
    for image in (Image.fromarray(pixels), Image.fromarray(smooth)):
        for kind, mode, options in (
            ("JPEG", "RGB", {"quality": 80}),
            ("JPEG", "RGB", {"progressive": True}),
            ("JPEG", "CMYK", {}),
            ("PNG", None, {}),
            ("PNG", "P", {}),
            ("PNG", "1", {}),
            ("WEBP", "RGB", {}),
            ("WEBP", "RGBA", {"lossless": True}),
            ("BMP", "RGB", {}),
            ("TIFF", "RGB", {"compression": "tiff_lzw"}),
            ("TIFF", "L", {"compression": "tiff_deflate"}),
            ("TIFF", "1", {"compression": "group4"}),
            ("TIFF", "RGB", {"compression": "jpeg"}),
            ("GIF", "P", {}),
            ("AVIF", "RGB", {}),
            ("JPEG2000", "RGB", {}),
            ("PPM", "RGB", {}),
        ):
            file = io.BytesIO()
            (image.convert(mode) if mode else image).save(file, kind, **options)
            found.append(file.getvalue())
    return found


def truncated(random_: random.Random, picture: bytes, _: bytes) -> bytes:
    return picture[: random_.randrange(len(picture))]


def flipped(random_: random.Random, picture: bytes, _: bytes) -> bytes:
    changed = bytearray(picture)
    for _ in range(random_.choice((1, 3, 20, 200))):
        changed[random_.randrange(len(changed))] ^= 1 << random_.randrange(8)
    return bytes(changed)


def header_flipped(random_: random.Random, picture: bytes, _: bytes) -> bytes:
    changed = bytearray(picture)
    for _ in range(random_.randrange(1, 5)):
        changed[random_.randrange(min(64, len(changed)))] = random_.randrange(256)
    return bytes(changed)


def numbers_changed(random_: random.Random, picture: bytes, _: bytes) -> bytes:
    """Some 16- or 32-bit numbers become extreme: sizes, offsets, counts."""
    changed = bytearray(picture)
    for _ in range(random_.randrange(1, 4)):
        extreme = random_.choice((b"\xff" * 4, b"\x7f\xff\xff\xff", b"\0" * 4, b"\0\0\xff\xff"))
        place = random_.randrange(min(len(changed), random_.choice((40, 400, 10**6))))
        size = random_.choice((2, 4))
        changed[place : place + size] = extreme[:size]
    return bytes(changed)


def wrong_header(random_: random.Random, picture: bytes, other: bytes) -> bytes:
    size = random_.choice((4, 8, 12, 30, 100))
    return other[:size] + picture[size:]


def spliced(random_: random.Random, picture: bytes, other: bytes) -> bytes:
    return picture[: random_.randrange(len(picture))] + other[random_.randrange(len(other)) :]


def polyglot(random_: random.Random, picture: bytes, other: bytes) -> bytes:
    page = b"<html><script>alert(1)</script></html>"
    return random_.choice((picture + other, picture + page, page + picture, b"%PDF-1.4\n" + other))


def nested(random_: random.Random, picture: bytes, other: bytes) -> bytes:
    place = random_.randrange(len(picture))
    return picture[:place] + other * random_.randrange(1, 4) + picture[place:]


def repeated(random_: random.Random, picture: bytes, _: bytes) -> bytes:
    start = random_.randrange(len(picture))
    piece = picture[start : start + random_.randrange(1, 200)]
    return picture[:start] + piece * random_.randrange(2, 300) + picture[start:]


def noise(random_: random.Random, picture: bytes, _: bytes) -> bytes:
    return picture[: random_.choice((0, 2, 4, 12))] + random_.randbytes(random_.randrange(2000))


def huge_png(random_: random.Random, *_: bytes) -> bytes:
    sides = [random_.choice((0, 1, 6000, 6400, 65535, 2**31 - 1, 2**32 - 1)) for _ in range(2)]
    depth, colours = random_.choice((1, 8, 16, 33)), random_.choice((0, 2, 3, 4, 6, 9))
    head = struct.pack(">IIBBBBB", *sides, depth, colours, 0, 0, random_.randrange(2))
    data = _zeros(random_.choice((10, 10**5, 10**7)))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data)


def bomb_in_text(random_: random.Random, *_: bytes) -> bytes:
    text = b"key\0\0" + _zeros(5 * 10**7)
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    kind = random_.choice((b"zTXt", b"iCCP"))
    return b"\x89PNG\r\n\x1a\n" + head + _chunk(kind, text) + _chunk(b"IDAT", _zeros(2))


@functools.cache
def _zeros(count: int) -> bytes:
    return zlib.compress(bytes(count), 9)


def _chunk(kind: bytes, content: bytes) -> bytes:
    ends = struct.pack(">I", len(content)), struct.pack(">I", zlib.crc32(kind + content))
    return ends[0] + kind + content + ends[1]


Mutation = Callable[[random.Random, bytes, bytes], bytes]
MUTATIONS: tuple[Mutation, ...] = (
    truncated,
    flipped,
    header_flipped,
    numbers_changed,
    wrong_header,
    spliced,
    polyglot,
    nested,
    repeated,
    noise,
    huge_png,
    bomb_in_text,
    *(tiff, tiff, webp, gif, animated_png, flood, thin),
)
_TYPES = (
    "image/png",
    "image/jpeg",
    "application/octet-stream",
    "image/x-nonsense",
    "IMAGE/PNG;a=b",
)


def broken_form(random_: random.Random, picture: bytes) -> Attack:
    """A form around a picture, with something wrong about it."""
    name = random_.choice(('"images"', '"file"', "images", '""', '"images\0"', '"' + "i" * 5000))
    file = random_.choice(('"a.png"', '"../../x"', '"\\"; name=\\"y"', '"\xff\r\n"', "", '"' * 99))
    head = f"--b\r\nContent-Disposition: form-data; name={name}; filename={file}\r\n\r\n"
    whole = head.encode("latin-1") + picture + b"\r\n--b--\r\n"
    body = random_.choice(
        (
            whole,
            whole[: random_.randrange(len(whole))],
            whole[:-8] * random_.randrange(2, 50) + b"--b--",
            whole.replace(b"\r\n", b"\n"),
            b"--b\r\n" * random_.randrange(1, 3000),
            b"\r\n--" * 20_000,
            flipped(random_, whole, b""),
        )
    )
    boundary = random_.choice(("b", "b", "b", '"b"', "", "c", "b" * 300, "\x01"))
    kind = random_.choice(("multipart/form-data; boundary=", "multipart/mixed; boundary="))
    return Attack("form", body, kind + boundary)


def attacks(seed: int = 0) -> Iterator[Attack]:
    """Bad requests without end, the same for the same seed."""
    random_ = random.Random(seed)
    good = pictures(random_)
    yield Attack("empty", b"")
    while True:
        picture, other = random_.choice(good), random_.choice(good)
        if random_.random() < 0.1:
            yield broken_form(random_, picture)
        else:
            change = random_.choice(MUTATIONS)
            body = change(random_, picture, other)
            yield Attack(change.__name__, body, random_.choice(_TYPES))
