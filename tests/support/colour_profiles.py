"""Small colour profiles (ICC), built by hand: what they stand for is known without a library."""

import struct

from PIL import ImageCms

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped():
    """sRGB with red and blue exchanged: an extreme of Display P3 or Adobe RGB."""
    profile = bytearray(SRGB)
    red, blue = (where(profile, tag) for tag in (b"rXYZ", b"bXYZ"))
    profile[red : red + 20], profile[blue : blue + 20] = (
        profile[blue : blue + 20],
        profile[red : red + 20],
    )
    return bytes(profile)


def renamed():
    """sRGB to the eye, in other bytes: one of the many that cameras and programs write."""
    profile = bytearray(SRGB)
    profile[24:36] = struct.pack(">6H", 1998, 2, 9, 6, 49, 0)  # when it was made
    return bytes(profile)


def linear_grey():
    """Grey whose values are proportional to light."""
    return built(b"GRAY", b"XYZ ", {b"kTRC": b"curv" + bytes(4) + struct.pack(">I", 0)})


def press():
    """CMYK for a press whose three colours are one mid grey, alone or together."""
    lightness = [0 if at & 1 else 119 if at else 255 for at in range(16)]
    corners = b"".join(bytes([each, 128, 128]) for each in lightness)
    identity = struct.pack(">9i", *(65536 * (at % 4 == 0) for at in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity
    table += bytes(range(256)) * 4 + corners + bytes(range(256)) * 3
    return built(b"CMYK", b"Lab ", {b"A2B0": table})


def built(space, connection, tags):
    """A profile of version 2 with these tags."""
    tags = {b"wtpt": b"XYZ " + bytes(4) + struct.pack(">3I", 63190, 65536, 54061), **tags}
    at, index, content = 132 + 12 * len(tags), b"", b""
    for name, value in tags.items():
        index += struct.pack(">4sII", name, at + len(content), len(value))
        content += value + bytes(-len(value) % 4)
    body = struct.pack(">I", len(tags)) + index + content
    head = struct.pack(">I4sI4s4s4s", 128 + len(body), b"", 0x02100000, b"mntr", space, connection)
    head += struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    return head + struct.pack(">3I", 63190, 65536, 54061) + bytes(48) + body


def with_tag(profile, name, value):
    """A profile with one more tag."""
    (count,) = struct.unpack_from(">I", profile, 128)
    index = b""
    for number in range(count):
        tag, at, size = struct.unpack_from(">4sII", profile, 132 + 12 * number)
        index += struct.pack(">4sII", tag, at + 12, size)
    content = profile[132 + 12 * count :]
    index += struct.pack(">4sII", name, 144 + 12 * count + len(content), len(value))
    body = struct.pack(">I", count + 1) + index + content + value
    return struct.pack(">I", 128 + len(body)) + profile[4:128] + body


def where(profile, tag):
    (count,) = struct.unpack_from(">I", profile, 128)
    for number in range(count):
        name, at, _ = struct.unpack_from(">4sII", profile, 132 + 12 * number)
        if name == tag:
            return at
    raise LookupError(tag)
