"""Every kind of picture that docs/images.md lists, and what is reported of others."""

import numpy as np
import pytest
from picture_files import encoded, halves, heic, png_header
from picture_kinds import KINDS, PAGE, REFUSED, with_table
from PIL import Image

import nin.data.decoding.picture_formats as picture_formats
from nin.data.decoding.decode import Decoder, decode, shown_size
from nin.data.decoding.picture_formats import MAX_PIXELS, check_size, open_picture, picture_format
from nin.errors import DataError

NAMES = [kind.name for kind in KINDS]
SHOWN = [kind for kind in KINDS if kind not in REFUSED]


def made(kind):
    if kind.name == "HEIC":
        pytest.importorskip("pillow_heif")
    return kind.make()


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_every_kind_becomes_what_the_table_says(kind, tmp_path):
    path = tmp_path / "picture"  # The content decides: there is no ending.
    path.write_bytes(made(kind))
    if isinstance(kind.left, str):
        with pytest.raises(DataError) as raised:
            decode(path)
        assert kind.left in str(raised.value)
        assert str(raised.value).startswith(f"{path}: ")
        assert "\n" not in str(raised.value)
        return
    image, remarks = Decoder().decode_with_remarks(path)
    assert image.shape == (8, 16, 3)
    for column, colour in ((3, kind.left), (12, kind.right)):
        assert np.abs(image[4, column].astype(int) - colour).max() <= 6, image[4, column]
    assert bool(remarks) == ("is printed" in kind.happens)
    assert (decode(path.read_bytes()) == image).all()


@pytest.mark.parametrize("kind", SHOWN, ids=[kind.name for kind in SHOWN])
def test_every_kind_can_be_brought_to_any_size_in_grey(kind):
    content = made(kind)
    assert decode(content, 5, 1, "crop").shape == (5, 5, 1)
    assert shown_size(content) == (8, 16)


def test_the_page_shows_the_table():
    page = PAGE.read_text(encoding="utf-8")
    assert page == with_table(page), "python tests/support/picture_kinds.py writes it anew"
    assert len(KINDS) == len(set(NAMES)) > 50


def test_without_its_reader_heic_is_one_line_that_says_what_to_install(monkeypatch):
    content = b"\0\0\0\x1cftypheic" + bytes(40)
    monkeypatch.setattr(picture_formats, "_reader", lambda _: None)
    with pytest.raises(DataError) as raised:
        decode(content)
    assert str(raised.value) == (
        "image: HEIC needs pillow-heif, which is not installed: pip install 'keras-nin[heic]',"
        " or save it as JPEG"
    )


def test_an_old_pillow_says_so(monkeypatch):
    content = encoded(halves(), "AVIF")
    monkeypatch.setattr(picture_formats, "_reader", lambda _: None)
    with pytest.raises(DataError, match="AVIF is not read by this version of Pillow: save it as"):
        decode(content)


def test_heic_does_not_change_what_others_open_with_pillow():
    pytest.importorskip("pillow_heif")
    decode(heic())
    assert "HEIF" not in Image.OPEN


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\0\0\0\x20ftypmif1\0\0\0\0mif1avifmiaf", "AVIF"),
        (b"\0\0\0\x20ftypmif1\0\0\0\0mif1heicmiaf", "HEIF"),
        (b"\0\0\0\x10ftypmif1\0\0\0\0avif", "HEIF"),  # That brand is outside the box.
        (b"\0\0\0\x20ftypisom\0\0\0\0isomavc1", None),
        (b"P5\n# by hand\n2 2 255\n", "PPM"),
        (b"P5 pencils", None),
        (b"BM is no bitmap, BM is two letters", None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_format(start, name):
    assert picture_format(start) == name


@pytest.mark.parametrize(
    "start",
    [
        b"II*\0\x10\0\0\0CR\2\0",
        b"\0\0\0\x18ftypcrx \0\0\0\1",
        b"FUJIFILMCCD-RAW 0201",
        b"IIRO\x08\0\0\0",
    ],
)
def test_raw_files_of_cameras_are_told_apart(start):
    with pytest.raises(DataError, match="a camera's raw file, which is not read: develop it"):
        decode(start + bytes(60))


def test_every_limit_is_on_what_the_header_states():
    with open_picture(png_header(20_000, 10_000)) as opened:
        check_size(opened)
        with pytest.raises(DataError, match="20000×10000 pixels: above 51,000,000"):
            check_size(opened, 51_000_000)
    assert MAX_PIXELS == 20_000 * 10_000
