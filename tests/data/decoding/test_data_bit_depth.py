"""More than 8 bits: the range that a file states, or that holds its values, or that of a folder."""

import zlib

import numpy as np
import pytest
from picture_files import encoded, kept, numbers, png, tiff, with_chunk
from PIL import Image

from nin.data.decode_many import find_bit_depth
from nin.data.decoding.decode import decode
from nin.errors import DataError

FORMS = [("PNG", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})]


def left(content, **settings):
    return int(decode(content, channels=1, **settings)[4, 3, 0])


@pytest.mark.parametrize(("form", "options"), FORMS)
@pytest.mark.parametrize(
    ("largest", "top"),
    [(255, 255), (256, 1023), (1023, 1023), (1024, 4095), (4096, 16_383), (16_384, 65_535)],
)
def test_the_range_is_the_smallest_that_holds_the_largest_value(form, options, largest, top):
    content = encoded(numbers(largest, largest // 2), form, **options)
    image = decode(content, channels=1)[4]
    assert image[3, 0] == round(largest * 255 / top)
    assert image[12, 0] == pytest.approx(largest // 2 * 255 / top, abs=0.5)


@pytest.mark.parametrize("kind", [2, 6, 4])
@pytest.mark.parametrize("top", [255, 1023, 4095, 16_383, 65_535])
def test_colours_have_all_their_bits(kind, top):
    """Of 16 bits Pillow keeps the high byte: in a picture of 12 bits, 16 levels."""
    channels = {2: 3, 6: 4, 4: 2}[kind]
    steps = np.linspace(0, top, 16).astype(int)
    values = np.broadcast_to(steps[None, :, None], (8, 16, channels)).copy()
    if channels in (2, 4):
        values[..., -1] = top
    image = decode(png(kind, values))
    assert len(np.unique(image)) == 16
    assert np.abs(image[4, :, 0].astype(int) - steps * 255 / top).max() <= 1


@pytest.mark.parametrize(("compression", "packed"), [(1, bytes), (8, zlib.compress)])
def test_colours_of_a_tiff_have_all_their_bits(compression, packed):
    values = np.arange(8 * 16 * 3).reshape(8, 16, 3) * 10
    rows = packed(values.astype("<u2").tobytes())
    content = tiff(rows, t259=compression, t262=2, t277=3)
    assert np.abs(decode(content) - values * 255 / 4095).max() <= 0.5


def test_colours_of_a_tiff_in_planes():
    values = np.arange(8 * 16 * 3).reshape(8, 16, 3) * 10
    planes = [values[..., channel].astype("<u2").tobytes() for channel in range(3)]
    bright = [bytes([0, 250]) * 128] * 3
    layout = {"t262": 2, "t277": 3, "t284": 2}
    assert (decode(tiff(*map(zlib.compress, bright), t259=8, **layout)) == 250).all()
    for content in (
        tiff(*map(zlib.compress, planes), t259=8, **layout),
        tiff(*planes, **layout),
        tiff(*bright, **layout),
    ):
        with pytest.raises(DataError, match="each in a plane of its own, are not read: save it"):
            decode(content)


def test_opacity_of_16_bits_beside_colours_of_12():
    values = np.full((8, 16, 4), 4095)
    values[..., 3] = 65_535
    assert decode(png(6, values)).min() == 255
    values[..., 3] = 0
    assert decode(png(6, values // 4095 * 2000)).min() == 255


def test_orientation_reaches_the_low_bytes():
    exif = Image.Exif()
    exif[0x0112] = 3
    values = np.arange(8 * 16 * 3).reshape(8, 16, 3)
    upright = decode(png(2, values))
    turned = with_chunk(png(2, values[::-1, ::-1]), b"eXIf", exif.tobytes()[6:])
    assert (decode(turned) == upright).all()


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_a_png_that_states_its_bits(bits):
    top, value = (1 << bits) - 1, 601
    chunk = (b"sBIT", bytes([bits]))
    as_they_are = with_chunk(encoded(numbers(value, 1), "PNG"), *chunk)
    assert left(as_they_are) == round(value * 255 / top)
    scaled = [value << 16 - bits, 0]  # as the format requires
    assert left(with_chunk(encoded(numbers(*scaled), "PNG"), *chunk)) == round(value * 255 / top)
    dark = [3 << 16 - bits, 0]
    assert left(with_chunk(encoded(numbers(*dark), "PNG"), *chunk)) == round(dark[0] / 257)


@pytest.mark.parametrize("tag", ["t281", "t341"])
def test_the_largest_value_that_a_tiff_states_is_held(tag):
    values = np.asarray(numbers(601, 1)).astype("<u2").tobytes()
    assert left(tiff(values, **{tag: 4095})) == round(601 * 255 / 4095)
    assert left(tiff(values, **{tag: 0})) == round(601 * 255 / 1023)


def test_every_value_of_a_pgm_counts_by_its_maxval():
    values = np.arange(128, dtype=">u2")
    content = b"P5 16 8 999\n" + values.tobytes()
    assert (decode(content, channels=1).ravel() == np.rint(values * 255 / 999)).all()
    with pytest.raises(DataError, match="truncated"):
        decode(content[:-1])
    above = b"P6 1 1 4\n" + bytes([4, 9, 1])
    assert decode(above).ravel().tolist() == [255, 255, 64]


def test_a_transparent_grey_of_16_bits_is_white():
    content = with_chunk(encoded(numbers(700, 30_000), "PNG"), b"tRNS", (700).to_bytes(2, "big"))
    assert decode(content)[4, [3, 12], 0].tolist() == [255, 117]


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        (
            (0, 65_536),
            np.int32,
            "values from 0 to 65536 have no agreed range: save it with 8 or 16",
        ),
        ((-1, 5), np.int32, "values from -1 to 5 have no agreed range"),
        ((0, 1.5), np.float32, "32-bit values from 0 to 1.5 have no agreed range: fractions from"),
        ((-0.1, 1), np.float32, "32-bit values from -0.1 to 1 have no"),
        ((0, np.nan), np.float32, "32-bit values from nan to nan"),
        ((0, np.inf), np.float32, "32-bit values from 0 to inf"),
    ],
)
def test_values_whose_meaning_nobody_knows_are_refused(values, kind, words):
    with pytest.raises(DataError, match=words):
        decode(encoded(numbers(*values, kind), "TIFF"))


def test_a_dark_picture_of_a_folder_stays_dark():
    dark, bright = (encoded(numbers(value, 0), "TIFF") for value in (601, 3000))
    assert left(dark) == 150
    assert left(dark, bit_depth=12) == 37
    assert left(bright, bit_depth=12) == left(bright) == 187
    assert left(bright, bit_depth=10) == 187, "nothing is clipped"
    assert left(kept("TIFF", lambda: numbers(0.5, 0, np.float32))(), bit_depth=12) == 128
    assert left(b"P5 16 8 999\n" + bytes([1, 244]) * 128, bit_depth=16) == 128, "it states 999"


def test_pictures_of_8_bits_do_not_care():
    picture = Image.fromarray(np.arange(128, dtype=np.uint8).reshape(8, 16))
    for form in ("PNG", "TIFF", "JPEG"):
        content = encoded(picture, form)
        assert (decode(content, bit_depth=16) == decode(content)).all()


@pytest.fixture
def folder(tmp_path):
    def save(*pictures):
        for number, picture in enumerate(pictures):
            if isinstance(picture, bytes):
                (tmp_path / f"{number}.png").write_bytes(picture)
            else:
                picture.save(tmp_path / f"{number}.tif")
        return [str(path) for path in sorted(tmp_path.iterdir())]

    return save


@pytest.mark.parametrize(
    ("pictures", "bits"),
    [
        ((), None),
        ((Image.new("RGB", (2, 2)),), None),
        ((numbers(0.5, 0, np.float32), b"broken", numbers(-1, 0, np.int32)), None),
        ((numbers(5, 1), Image.new("RGB", (2, 2))), 8),
        ((numbers(601, 1), numbers(3000, 0), b"broken"), 12),
        ((numbers(601, 1), png(2, np.full((8, 16, 3), 5000))), 14),
        ((numbers(601, 1), numbers(60_000, 0)), 16),
    ],
)
def test_the_range_of_a_folder(folder, pictures, bits):
    assert find_bit_depth(folder(*pictures)) == bits


def test_of_a_large_folder_some_are_looked_at(monkeypatch):
    seen = []
    monkeypatch.setattr("nin.data.decode_many._bit_depth", lambda path: seen.append(path))
    assert find_bit_depth([str(number) for number in range(100_000)]) is None
    assert 100 <= len(seen) <= 128
    assert int(seen[-1]) > 99_000


def test_a_file_is_read_where_it_lies(tmp_path):
    path = tmp_path / "deep.png"
    path.write_bytes(png(2, np.full((8, 16, 3), 1000)))
    assert left(path) == left(path.read_bytes()) == 249
