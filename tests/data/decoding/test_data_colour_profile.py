"""Colours are converted by the profile of a file, once built; what says sRGB stays to the bit."""

import struct
import zlib

import numpy as np
import pytest
from colour_profiles import SRGB, linear_grey, press, renamed, swapped, with_tag
from picture_files import encoded, grey, halves, with_chunk
from PIL import Image

from nin.data.decoding import colour_profile
from nin.data.decoding.decode import PROFILE, Decoder, decode
from nin.errors import DataError

NOISE = np.random.default_rng(0).integers(0, 256, (12, 20, 4), np.uint8)
RGB, GREY = Image.fromarray(NOISE[..., :3]), Image.fromarray(NOISE[..., 0])
P, CMYK = RGB.quantize(32), RGB.convert("CMYK")


@pytest.fixture(autouse=True)
def fresh():
    colour_profile._conversion.cache_clear()


@pytest.mark.parametrize("profile", [SRGB, renamed()])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_what_says_srgb_stays_to_the_bit(form, profile):
    plain, named = encoded(RGB, form), encoded(RGB, form, icc_profile=profile)
    assert (decode(plain) == decode(named)).all()


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_format_that_keeps_a_profile_is_converted(form):
    plain, named = encoded(RGB, form), encoded(RGB, form, icc_profile=swapped())
    wanted = decode(plain)[..., ::-1].astype(int)
    assert np.abs(decode(named) - wanted).max() <= 1


@pytest.mark.parametrize("picture", [GREY, P, GREY.convert("1")], ids=["grey", "palette", "1"])
def test_a_profile_for_colours_fits_grey_and_palettes(picture):
    plain, named = encoded(picture, "PNG"), encoded(picture, "PNG", icc_profile=swapped())
    wanted = decode(plain)[..., ::-1].astype(int)
    assert np.abs(decode(named) - wanted).max() <= 1


@pytest.mark.parametrize("options", [{}, {"transparency": 3}])
def test_opacity_stays_as_it_is(options):
    for picture in [P] if options else [Image.fromarray(NOISE), Image.fromarray(NOISE[..., :2])]:
        plain = decode(encoded(picture, "PNG", **options))
        named = decode(encoded(picture, "PNG", icc_profile=swapped(), **options))
        assert np.abs(named - plain[..., ::-1].astype(int)).max() <= 1


def test_grey_with_opacity_is_converted_below_the_white():
    picture = Image.merge("LA", [grey(), Image.new("L", (16, 8), 128)])
    found = decode(encoded(picture, "PNG", icc_profile=linear_grey()))[4, 3]
    assert found.tolist() == [255 - round((255 - 229) * 128 / 255)] * 3


def test_a_picture_is_converted_before_it_is_resized_and_made_grey():
    red = halves((255, 0, 0), (255, 0, 0))
    content = encoded(red, "PNG", icc_profile=swapped())
    assert decode(content, 2, 1).ravel().tolist() == [29] * 4  # what blue weighs


@pytest.mark.parametrize(
    ("picture", "profile"),
    [
        (RGB, b"no profile"),
        (RGB, swapped()[:200]),
        (RGB, linear_grey()),
        (RGB, press()),
        (GREY, press()),
        (CMYK, swapped()),
        (CMYK, linear_grey()),
        (RGB, swapped() + bytes(colour_profile.MOST_BYTES)),
    ],
)
def test_a_profile_that_cannot_be_used_is_ignored_and_said(picture, profile):
    plain = encoded(picture, "TIFF")
    named = Decoder().decode_with_remarks(encoded(picture, "TIFF", icc_profile=profile))
    assert (named.image == decode(plain)).all()
    assert named.remarks == (PROFILE,)


def test_a_profile_that_unpacks_to_a_flood_is_refused():
    bomb = b"p\0\0" + zlib.compress(bytes(10**8))
    content = with_chunk(encoded(RGB, "PNG"), b"iCCP", bomb)
    with pytest.raises(DataError, match="Decompressed data too large"):
        decode(content)


def test_profiles_are_built_once_and_few_are_kept():
    contents = [encoded(RGB, "PNG", icc_profile=swapped() + bytes(extra)) for extra in range(40)]
    for content in [*contents, contents[-1]]:
        decode(content)
    assert colour_profile._conversion.cache_info()[:4] == (1, 40, 16, 16)


@pytest.mark.parametrize(
    ("gamma", "chunks", "wanted"),
    [
        (100_000, (), 229),  # proportionate to light
        (45_455, (), 200),  # that of sRGB, as most say
        (100_000, ((b"sRGB", b"\0"),), 200),  # which counts
        (0, (), 200),
        (2**31, (), 200),
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_the_gamma_of_a_png(mode, gamma, chunks, wanted):
    content = encoded(grey().convert(mode), "PNG")
    for name, value in ((b"gAMA", struct.pack(">I", gamma)), *chunks):
        content = with_chunk(content, name, value)
    assert decode(content)[4, 3].tolist() == [wanted] * 3


def test_a_profile_counts_more_than_a_gamma():
    content = encoded(halves(), "PNG", icc_profile=swapped())
    both = with_chunk(content, b"gAMA", struct.pack(">I", 100_000))
    assert (decode(both) == decode(content)).all()


@pytest.mark.parametrize("name", [b"D2B0", b"D2B1", b"D2B2", b"D2B3"])
def test_steps_of_any_number_are_not_taken(name):
    """In a kilobyte of a PNG there is room for so many that they take minutes to prepare."""
    exchange = struct.pack(">4s4xHH12f", b"matf", 3, 3, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0)
    steps = 3  # Taken, they would exchange red and blue once more.
    places = struct.pack(">II", 16 + 8 * steps, len(exchange)) * steps
    head = struct.pack(">4s4xHHI", b"mpet", 3, 3, steps)
    profile = with_tag(swapped(), name, head + places + exchange)
    plain, named = encoded(RGB, "PNG"), encoded(RGB, "PNG", icc_profile=profile)
    assert np.abs(decode(named) - decode(plain)[..., ::-1].astype(int)).max() <= 1
