"""`decode`: formats, orientation, transparency, depth; and a clear line for whatever is broken."""

import contextlib
import io
import os
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from picture_files import png_header
from PIL import ExifTags, Image

from nin.data.decoding.decode import decode, fitted, seen_box, shown_size
from nin.data.decoding.stored_pixels import stored
from nin.errors import DataError

RAMP = np.linspace(0, 255, 48).astype(np.uint8).reshape(4, 4, 3)


def encoded(image, form, **options):
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("form", "options"),
    [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True})],
)
def test_lossless_formats_come_back_exactly(form, options):
    assert (decode(encoded(Image.fromarray(RAMP), form, **options)) == RAMP).all()


def test_the_content_decides_and_not_the_name(tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(Image.fromarray(RAMP), "PNG"))
    assert (decode(path) == RAMP).all()
    assert (decode(str(path)) == RAMP).all()


def test_a_pipe_is_read_as_a_file_would_be():
    """As ``nin predict RUN <(curl …)`` has it."""
    reads, writes = os.pipe()
    os.write(writes, encoded(Image.fromarray(RAMP), "PNG"))
    os.close(writes)
    try:
        assert (decode(f"/dev/fd/{reads}") == RAMP).all()
    finally:
        os.close(reads)


def test_jpeg_comes_back_nearly():
    flat = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    close = decode(encoded(Image.fromarray(flat), "JPEG", quality=95)).astype(int) - flat
    assert np.abs(close).max() <= 3


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("size", [None, 16])
def test_orientation_is_applied(form, size):
    picture = Image.new("RGB", (32, 16), "black")
    picture.paste("white", (0, 0, 16, 16))  # left half
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter, clockwise
    turned = decode(encoded(picture, form, exif=exif), size)
    assert turned.shape == ((32, 16, 3) if size is None else (16, 16, 3))
    assert turned[1].mean() > 240
    assert turned[-2].mean() < 15


@pytest.mark.parametrize("tag", [0x0100, 0x011A, 0x0213])
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_text_for_a_number_in_the_exif_of_a_turned_picture_does_no_harm(form, tag):
    entries = {0x0112: (3, 1, 6), tag: (2, 3, int.from_bytes(b"72\0", "little"))}
    rows = b"".join(struct.pack("<HHII", key, *entries[key]) for key in sorted(entries))
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, len(entries)) + rows + bytes(4)
    picture = Image.fromarray(np.zeros((16, 32, 3), np.uint8))
    assert decode(encoded(picture, form, exif=exif)).shape == (32, 16, 3)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(9))
def test_the_size_of_a_picture_is_that_of_what_is_decoded(form, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encoded(Image.new("RGB", (32, 16)), form, exif=exif)
    assert shown_size(content) == decode(content).shape[:2]


@pytest.mark.parametrize(("mode", "form"), [("RGBA", "WEBP"), ("RGBA", "PNG"), ("LA", "PNG")])
def test_transparency_is_laid_on_white(mode, form):
    picture = Image.new(mode, (3, 1), "black")
    for column, opacity in enumerate((255, 127, 0)):
        picture.putpixel((column, 0), (0,) * (len(mode) - 1) + (opacity,))
    content = encoded(picture, form, lossless=True)
    assert decode(content, channels=1).ravel().tolist() == [0, 128, 255]


def test_palettes_and_their_transparent_colour():
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60])
    picture.putpixel((1, 0), 1)
    assert decode(encoded(picture, "PNG"))[0].tolist() == [[10, 20, 30], [40, 50, 60]]
    clear = encoded(picture, "PNG", transparency=1)
    assert decode(clear)[0].tolist() == [[10, 20, 30], [255, 255, 255]]


def test_black_and_white_pictures():
    assert decode(encoded(Image.new("1", (2, 2), 1), "PNG")).min() == 255


def test_cmyk():
    ink = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red = decode(encoded(ink, "JPEG", quality=95))[4, 4]
    assert red[0] > 240
    assert red[1:].max() < 15


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_and_not_clipped(form):
    values = np.array([[0, 256, 257, 25_700, 65_535]], np.uint16)
    grey = decode(encoded(Image.fromarray(values), form), channels=1)
    assert grey.ravel().tolist() == [0, 1, 1, 100, 255]


def test_big_endian_sixteen_bits():
    values = np.array([[0, 25_700, 65_535]], ">u2")
    picture = Image.frombytes("I;16B", (3, 1), values.tobytes())
    assert decode(encoded(picture, "TIFF"), channels=1).ravel().tolist() == [0, 100, 255]


def test_grey_and_colour_become_each_other():
    grey = Image.fromarray(np.array([[7, 200]], np.uint8))
    assert decode(encoded(grey, "PNG"))[0].tolist() == [[7] * 3, [200] * 3]
    assert decode(encoded(Image.new("RGB", (1, 1), "red"), "PNG"), channels=1).item() == 76


@pytest.mark.parametrize("shape", [(300, 40), (40, 300), (3, 5), (900, 900)])
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_the_whole_picture_is_resized_to_a_square(shape, form):
    height, width = shape
    image = np.zeros((height, width, 3), np.uint8)
    image[:, width // 2 :] = 255
    small = decode(encoded(Image.fromarray(image), form), 20).astype(int)
    assert small.shape == (20, 20, 3)
    assert small[:, 0].max() < 30
    assert small[:, -1].min() > 225


def noise(height, width, channels=3):
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)


sides = st.integers(1, 70)


@given(sides, sides)
@settings(deadline=None)
def test_of_a_square_picture_the_middle_is_all(side, size):
    picture = noise(side, side)
    cropped = fitted(picture, (size, size), resize_mode="crop")
    assert (cropped == fitted(picture, (size, size))).all()


@given(sides, st.integers(0, 40), st.integers(5, 40), st.booleans())
@settings(deadline=None)
def test_a_crop_is_the_middle_square_resized(side, margin, size, is_tall):
    """But at its edges, where the filter looks a little beyond them."""
    # Away from black and white nothing is clipped between the passes, whose order Pillow chooses.
    picture = 64 + noise(side, side + 2 * margin) // 2
    square = picture[:, margin : margin + side]
    if is_tall:
        picture, square = np.swapaxes(picture, 0, 1), np.swapaxes(square, 0, 1)
    cropped = fitted(np.ascontiguousarray(picture), (size, size), resize_mode="crop").astype(int)
    alone = fitted(np.ascontiguousarray(square), (size, size)).astype(int)
    # Two of the wider kind of pixels, one more where whole pixels are averaged first.
    support = int(np.ceil(3 * max(1, size / side)))
    inner = (slice(support, -support),) * 2
    tolerance = 2 if side < 4 * size else 24
    assert np.abs(cropped - alone)[inner].max(initial=0) <= tolerance


@given(sides, sides, st.sampled_from([(1, 1), (24, 20), (3, 7)]))
def test_what_is_seen_lies_in_the_middle_and_in_the_right_ratio(height, width, size):
    left, top, right, bottom = seen_box((height, width), "crop", size)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert left + right == pytest.approx(width)
    assert top + bottom == pytest.approx(height)
    assert (right - left) / (bottom - top) == pytest.approx(size[1] / size[0])
    assert (left, right) == (0, width) or (top, bottom) == (0, height)
    assert seen_box((height, width), "squash", size) == (0, 0, width, height)


@pytest.mark.parametrize("shape", [(1, 4000), (4000, 1)])
@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_of_a_line_the_middle_pixel_is_taken(shape, form):
    image = np.zeros((*shape, 3), np.uint8)
    image[shape[0] // 2 - 40 : shape[0] // 2 + 40, shape[1] // 2 - 40 : shape[1] // 2 + 40] = 255
    small = decode(encoded(Image.fromarray(image), form), 8, resize_mode="crop")
    assert small.shape == (8, 8, 3)
    assert small.min() > 250


def test_a_large_jpeg_is_cropped_as_sharply_as_if_it_were_read_whole():
    """Read at an eighth of its size, as its long side would allow, its middle would be blurred."""
    rough = noise(30, 120)
    large = Image.fromarray(fitted(rough, (480, 1920)))
    content = encoded(large, "JPEG", quality=95)
    whole = fitted(decode(content), (100, 100), resize_mode="crop").astype(int)
    assert np.abs(decode(content, 100, resize_mode="crop") - whole).mean() < 2


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_turned_and_laid_on_white_before_its_middle_is_taken(form):
    """Of three squares beside one another the middle one is left, its left half on top."""
    picture = Image.new("RGB", (48, 16), "red")
    picture.paste("white", (16, 0, 24, 16))
    picture.paste("black", (24, 0, 32, 16))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = decode(encoded(picture, form, exif=exif, quality=95), 16, 1, "crop")
    assert turned[2:6].min() > 240
    assert turned[-6:-2].max() < 15
    clear = Image.new("RGBA", (48, 16), "black")
    clear.paste((0, 0, 0, 0), (14, 0, 34, 16))
    assert decode(encoded(clear, "PNG"), 16, resize_mode="crop").min() == 255


@pytest.mark.parametrize("read", [decode, lambda _, **how: fitted(noise(4, 6), (2, 2), **how)])
def test_another_way_to_fit_is_refused(read):
    with pytest.raises(DataError, match=r"^resize_mode='stretch': must be squash or crop$"):
        read(PNG, resize_mode="stretch")


def test_fine_detail_is_averaged():
    board = (np.indices((512, 512)).sum(axis=0) % 2 * 255).astype(np.uint8)
    assert np.abs(decode(encoded(Image.fromarray(board), "PNG"), 16).astype(int) - 127).max() < 8


def test_of_several_frames_the_first_is_taken():
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    tiff = encoded(frames[0], "TIFF", save_all=True, append_images=frames[1:])
    assert decode(tiff)[0, 0].tolist() == [255, 0, 0]


PNG = encoded(
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)), "PNG"
)
BROKEN = {
    "empty": (b"", "not a JPEG, PNG, WebP, GIF, BMP"),
    "text": (b"hello", "not a JPEG, PNG, WebP, GIF, BMP"),
    "header": (
        PNG[:12] + b"JUNK" + PNG[16:],
        "its header is damaged, or of a kind that is not read",
    ),
    "truncated": (PNG[:-60], "truncated"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_files_are_named_with_the_reason(kind, tmp_path):
    content, words = BROKEN[kind]
    path = tmp_path / "x.png"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as raised:
        decode(path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)
    with pytest.raises(DataError, match=r"^image: "):
        decode(content)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.png: No such file or directory"):
        decode(tmp_path / "nowhere.png")


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((20_001, 10_000), "20001×10000 pixels: above 200,000,000"),
        ((2**31 - 1, 2**31 - 1), "pixels: above 200,000,000"),
        ((65_536, 1), "65536×1 pixels: a side above 65,535"),
    ],
)
def test_a_decompression_bomb_is_refused_without_a_word_of_pillow(size, words):
    with pytest.raises(DataError, match=words):
        decode(png_header(*size), 8)


def test_a_photograph_of_200_megapixels_is_read_at_a_fraction():
    """Of its one colour there is one block; what follows is padding, which decoders fill."""
    photo = bytearray(encoded(Image.new("L", (16, 16), 90), "JPEG", quality=95))
    at = photo.index(b"\xff\xc0")
    photo[at + 5 : at + 9] = (12_240).to_bytes(2, "big") + (16_320).to_bytes(2, "big")
    drafted = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "nin.data.decoding.decode.stored",
            lambda opened: drafted.append(opened.size) or stored(opened),
        )
        with contextlib.suppress(DataError):  # Most of it is missing.
            decode(bytes(photo), 100)
    assert drafted == [(2040, 1530)]


def test_large_pictures_are_decoded_one_at_a_time(monkeypatch):
    monkeypatch.setattr("nin.data.decoding.decode._LARGE", 80)
    inside, most, lock = [], [], threading.Lock()

    def counted(opened):
        with lock:
            inside.append(opened)
            most.append(len(inside))
        time.sleep(0.01)
        with lock:
            inside.pop()

    monkeypatch.setattr("nin.data.decoding.decode.stored", counted)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(decode, [PNG] * 8))
    assert max(most) == 1


@pytest.mark.parametrize(("size", "channels"), [(0, 3), (None, 2)])
def test_impossible_results_are_refused(size, channels):
    with pytest.raises(DataError, match="cannot decode to"):
        decode(PNG, size, channels)


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    form=st.sampled_from(["PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "AVIF", "JPEG2000", "PPM"]),
    where=st.floats(0, 1),
    noise=st.binary(min_size=1, max_size=12),
    cut=st.booleans(),
)
def test_whatever_is_damaged_gives_an_image_or_a_data_error(form, where, noise, cut):
    content = bytearray(encoded(Image.fromarray(RAMP), form))
    start = int(where * len(content))
    content[start : start + len(noise)] = noise
    try:
        image = decode(bytes(content[: start + len(noise)] if cut else content), 8)
    except DataError as error:
        assert "\n" not in str(error)  # noqa: PT017
    else:
        assert (image.shape, image.dtype) == ((8, 8, 3), np.uint8)


@pytest.mark.parametrize("turned", [1, 6])
@pytest.mark.parametrize("is_late", [False, True])
def test_the_size_of_a_png_is_known_without_its_pixels(monkeypatch, turned, is_late):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = turned
    file = io.BytesIO()
    Image.new("L", (6, 4)).save(file, "PNG", exif=exif)
    content = file.getvalue()
    if is_late:
        start = content.index(b"eXIf") - 4
        end = start + 12 + int.from_bytes(content[start : start + 4], "big")
        chunk, content = content[start:end], content[:start] + content[end:]
        place = content.index(b"IEND") - 4
        content = content[:place] + chunk + content[place:]
    assert decode(content).shape[:2] == ((4, 6) if turned == 1 else (6, 4))
    expected = shown_size(content)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", None)
    assert shown_size(content) == expected == ((4, 6) if turned == 1 else (6, 4))
