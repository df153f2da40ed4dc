"""Pictures made by the grammar of their format, with something wrong."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Sequence

#: What a field that counts, measures or points may hold.
NUMBERS = (0, 1, 2, 3, 8, 64, 255, 1_000, 60_000, 200_000, 2**24 - 1, 2**31 - 1, 2**32 - 1)

_TIFF_TYPES = {1: "B", 3: "H", 4: "I", 5: "II", 16: "Q"}
_COMPRESSIONS = (1, 2, 4, 5, 7, 8, 32773, 34712, 50000, 9)


def tiff(random_: random.Random, *_: bytes) -> bytes:
    """Directories with odd sizes, depths, compressions, strips and tiles, perhaps in a circle."""
    order = random_.choice("<>")
    side = random_.choice((1, 8, 64, 5000))
    count = random_.choice((1, 1, 8, 1_000, 70_000, 300_000))
    tags: dict[int, tuple[int, Sequence[int]]] = {
        256: (4, [random_.choice((side, 1, *NUMBERS))]),
        257: (4, [random_.choice((side, side, *NUMBERS))]),
        258: (3, [random_.choice((1, 8, 8, 12, 16, 32, 64))] * random_.choice((1, 3, 4, 99))),
        259: (3, [random_.choice(_COMPRESSIONS)]),
        262: (3, [random_.choice((0, 1, 2, 3, 5, 6, 8, 32803))]),
        277: (3, [random_.choice((1, 3, 4, 65535))]),
        278: (4, [random_.choice(NUMBERS)]),
        273: (4, [random_.choice((8, 300, *NUMBERS))] * count),
        279: (4, [random_.choice((1, 64, *NUMBERS))] * count),
    }
    if random_.random() < 0.3:
        tags |= {322: (4, [16]), 323: (4, [16]), 324: tags.pop(273), 325: tags.pop(279)}
    for _ in range(random_.choice((0, 0, 3, 500))):
        tags[random_.randrange(1, 65536)] = (random_.choice((1, 3, 4, 5, 16)), [1])
    body, entries = b"", b""
    first = 8 + 2 + 12 * len(tags) + 4
    for tag, (kind, values) in sorted(tags.items()):
        packed = b"".join(
            struct.pack(order + _TIFF_TYPES[kind], *[value % 2**16] * len(_TIFF_TYPES[kind]))
            if kind in (3, 5)
            else struct.pack(order + _TIFF_TYPES[kind], value % (256 if kind == 1 else 2**32))
            for value in values
        )
        inline = packed.ljust(4, b"\0") if len(packed) <= 4 else None
        where = inline or struct.pack(order + "I", first + len(body))
        body += b"" if inline else packed
        entries += struct.pack(order + "HHI", tag, kind, len(values)) + where
    following = random_.choice((0, 0, 8, 2**31))
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, len(tags))
    rest = random_.randbytes(random_.choice((0, 64, 5000)))
    return head + entries + struct.pack(order + "I", following) + body + rest


def webp(random_: random.Random, picture: bytes, other: bytes) -> bytes:
    """An extended or animated file around pieces of others."""
    inner = picture[12:] if picture[8:12] == b"WEBP" else other[12:]
    canvas = [random_.choice((1, 64, 16383, 2**24 - 1)).to_bytes(3, "little") for _ in range(2)]
    chunks = [_riff(b"VP8X", bytes([random_.randrange(256), 0, 0, 0]) + canvas[0] + canvas[1])]
    if random_.random() < 0.7:
        chunks.append(_riff(b"ANIM", random_.randbytes(6)))
        for _ in range(random_.choice((1, 3, 2_000))):
            place = b"".join(random_.choice(NUMBERS[:8]).to_bytes(3, "little") for _ in range(5))
            chunks.append(_riff(b"ANMF", place + b"\0" + inner[: random_.choice((0, 99, 9999))]))
    chunks += [_riff(random_.choice((b"ICCP", b"EXIF", b"XMP ", b"ALPH")), inner[:50]), inner]
    body = b"WEBP" + b"".join(chunks)
    size = random_.choice((len(body), len(body), *NUMBERS))
    return b"RIFF" + struct.pack("<I", size) + body


def gif(random_: random.Random, *_: bytes) -> bytes:
    """Frames of odd sizes and places, comments without end, data that is no LZW."""
    side = random_.choice((1, 64, 5000, 65535))
    parts = [b"GIF89a" + struct.pack("<HHBBB", side, side, 0xF0, 0, 0) + b"\0\0\0\xff\xff\xff"]
    comment = b"!\xfe" + b"\x01c" * random_.choice((1, 100)) + b"\0"
    parts.append(comment * random_.choice((0, 1, 2_000)))
    for _ in range(random_.choice((1, 3, 300))):
        place = struct.pack("<HHHH", *(random_.choice((0, 1, side)) for _ in range(4)))
        data = random_.randbytes(random_.choice((3, 200)))
        parts.append(b"," + place + b"\0" + bytes([random_.randrange(13)]))
        parts.append(bytes([len(data)]) + data + b"\0")
    return b"".join(parts) + random_.choice((b";", b""))


def animated_png(random_: random.Random, *_: bytes) -> bytes:
    """Frames of odd sizes, delays and numbers."""
    side = random_.choice((1, 16, 6000))
    data = zlib.compress(bytes(min(side, 16) * (min(side, 16) + 1)))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))]
    chunks.append((b"acTL", struct.pack(">II", random_.choice(NUMBERS), 0)))
    for number in range(random_.choice((1, 3, 3_000))):
        frame = [random_.choice((side, *NUMBERS)) for _ in range(4)]
        chunks.append((b"fcTL", struct.pack(">IIIIIHHBB", number, *frame, 1, 0, 9, 9)))
        chunks.append((b"fdAT", struct.pack(">I", number) + data) if number else (b"IDAT", data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png(*chunk) for chunk in chunks)


def flood(random_: random.Random, picture: bytes, _: bytes) -> bytes:
    """Thousands of segments, chunks or scans that say nothing, in front of what there is."""
    count = random_.choice((100, 2_000, 20_000, 200_000))
    if picture.startswith(b"\xff\xd8"):
        marker = random_.choice((b"\xff\xe1\0\x02", b"\xff\xfe\0\x03a", b"\xff\xff", b"\xff\xda"))
        return picture[:2] + marker * count + picture[2:]
    if picture.startswith(b"\x89PNG"):
        chunk = random_.choice((_png(b"tEXt", b"a\0b"), _png(b"IDAT", b""), _png(b"aaAa", b"")))
        return picture[:33] + chunk * min(count, 50_000) + picture[33:]
    return picture + bytes(count)


def thin(random_: random.Random, *_: bytes) -> bytes:
    """One pixel wide or high, and very long."""
    long = random_.choice((60_000, 70_000, 39_000_000))
    width, height = random_.choice(((1, long), (long, 1)))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes((width + 1) * height), 1)
    return b"\x89PNG\r\n\x1a\n" + _png(b"IHDR", head) + _png(b"IDAT", data) + _png(b"IEND", b"")


def _riff(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _png(kind: bytes, content: bytes) -> bytes:
    ends = struct.pack(">I", len(content)), struct.pack(">I", zlib.crc32(kind + content))
    return ends[0] + kind + content + ends[1]
