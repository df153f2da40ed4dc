"""What is refused unread, and what is decoded where it can be ended."""

import io
import os
import signal
import struct
from functools import partial
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess

import numpy as np
import pytest
from fastapi import HTTPException
from PIL import Image
from server_cases import chunk, picture

from nin.data.decoding.decode import decode
from nin.serving import decoding_process
from nin.serving.decoding_process import DecodingProcess, _decode_all
from nin.serving.inspection import (
    MOST_CHUNKS,
    MOST_MARKERS,
    MOST_ON_A_SIDE,
    MOST_SCANS,
    MOST_SEGMENTS,
    MOST_STRIPS,
    inspect,
    scans,
)

MOST = 50_000_000


def png(width, height, before=b"", bits=8):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + before + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def tiff(strips, order="<", big=False):
    """One row of pixels per strip, all of them at the same place."""
    long, short = (order + "Q", 8) if big else (order + "I", 4)
    entries = [(256, 4, 1, 8), (257, 4, 1, 8), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    entries += [(273, 4, strips, 300), (278, 4, 1, 1)]
    packed = b"".join(
        struct.pack(order + "HH", tag, kind) + struct.pack(long, count) + struct.pack(long, value)
        for tag, kind, count, value in entries
    )
    mark = {"<": b"II", ">": b"MM"}[order]
    head = mark + struct.pack(
        order + "HHHQ" if big else order + "HI", *((43, 8, 0, 16) if big else (42, 8))
    )
    count = struct.pack(order + ("Q" if big else "H"), len(entries))
    assert short
    return head + count + packed + bytes(2 * strips + 300)


def status(content, most=MOST):
    with pytest.raises(HTTPException) as refused:
        inspect(content, most)
    return refused.value.status_code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_usual_pictures_are_cheap(kind):
    assert inspect(picture(size=(600, 400), kind=kind), MOST)


def test_a_png_with_something_before_its_header_is_not():
    content = png(8, 8)
    assert inspect(content, MOST)
    assert not inspect(content[:8] + chunk(b"tEXt", b"a\0b") + content[8:], MOST)


@pytest.mark.parametrize("kind", ["TIFF", "GIF"])
def test_pictures_whose_headers_tell_little_are_not(kind):
    assert not inspect(picture(kind=kind), MOST)


def test_a_progressive_jpeg_costs_all_its_scans():
    content = picture(size=(300, 200), kind="JPEG", progressive=True)
    assert inspect(content, MOST)
    large = picture(size=(6000, 6000), kind="JPEG", progressive=True)
    assert not inspect(large, MOST)


@pytest.mark.parametrize(
    "content",
    [
        picture(kind="JPEG")[:2] + b"\xff\xda" * (MOST_SCANS + 1),
        picture(kind="JPEG")[:2] + b"\xff\xe1\0\x02" * MOST_SEGMENTS + picture(kind="JPEG")[2:],
        picture(kind="JPEG")[:2] + b"\xff" * 10 * MOST_SEGMENTS + picture(kind="JPEG")[2:],
        picture(kind="JPEG")[:-2] + b"\xff\xc4\0\2" * MOST_MARKERS + b"\xff\xd9",
        png(8, 8, chunk(b"tEXt", b"") * MOST_CHUNKS),
        *(tiff(MOST_STRIPS + 1, order, big) for order in "<>" for big in (False, True)),
    ],
    ids=[
        "scans",
        "segments",
        "fill",
        "markers",
        "chunks",
        "tiff",
        "big tiff",
        "tiff, MM",
        "big tiff, MM",
    ],
)
def test_pictures_made_to_be_slow_are_refused_unread(content):
    assert status(content) == 422


def after_the_first_scan(content):
    """A JPEG with something behind the head of its scan."""
    whole = picture(kind="JPEG")
    place = whole.index(b"\xff\xda") + 10
    return whole[:place] + content + whole[place:]


@pytest.mark.parametrize(
    "filled", [b"\xff" * 4_000_000, b"\xff\0" * 2_000_000, b"\xff\xd0" * 10**6]
)
def test_bytes_that_fill_a_scan_are_gone_through_once(filled):
    assert inspect(after_the_first_scan(filled), MOST)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xe1\0\x03\xff\xff\xda\0\x02" * MOST_SCANS, "scans"),
        (b"\xff\xe1\0\x02" * 20_000, "markers"),
    ],
)
def test_segments_behind_the_first_scan_are_counted(content, why):
    with pytest.raises(HTTPException, match=f"422: a JPEG of more than .* {why}"):
        inspect(after_the_first_scan(content), MOST)


def test_fill_bytes_are_read_once():
    """Sought anew from each of them, the marker behind these would be found after hours."""
    content = picture(kind="JPEG")
    assert inspect(content[:-2] + b"\xff" * 2**24 + b"\xd9", MOST)
    assert scans(content[:-2] + b"\xff" * 2**24) == 1


def test_of_png_and_webp_large_ones_are_not_cheap_those_of_16_bits_sooner():
    assert inspect(png(4500, 4500), MOST)
    assert not inspect(png(4500, 4500, bits=16), MOST)
    assert not inspect(png(6000, 6000), MOST)
    assert inspect(picture(size=(300, 300), kind="WEBP"), MOST)
    # The size in the header of a lossless WebP: 14 bits each, less one.
    content = bytearray(picture(kind="WEBP", lossless=True))
    content[21:25] = (5999 | 5999 << 14).to_bytes(4, "little")
    assert not inspect(bytes(content), MOST)


@pytest.mark.parametrize(("packing", "cheap"), [(0, True), (1, False), (2, False)])
def test_a_bmp_of_run_lengths_is_not_cheap(packing, cheap):
    content = bytearray(picture(kind="BMP"))
    content[30] = packing
    assert inspect(bytes(content), MOST) == cheap


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("big", [False, True])
def test_a_tiff_of_some_strips_is_not(order, big):
    assert not inspect(tiff(8, order, big), MOST)


def test_a_tiff_that_is_cut_off_is_left_to_the_decoder():
    for length in range(4, 100):
        assert not inspect(tiff(8)[:length], MOST)


@pytest.mark.parametrize("size", [(1, MOST_ON_A_SIDE + 1), (MOST_ON_A_SIDE + 1, 1), (8000, 8000)])
def test_too_many_pixels_or_too_long_a_side(size):
    assert status(png(*size)) == 413


def test_a_file_that_is_no_picture():
    assert status(b"no picture") == 415
    assert status(b"\x89PNG\r\n\x1a\nno picture") == 422


@pytest.fixture(scope="module")
def decoder():
    process = DecodingProcess(partial(decode, size=8, channels=1), 1000)
    yield process
    process.close()


def test_the_process_decodes_as_a_thread_would(decoder):
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "TIFF")
    assert (decoder.decode(file.getvalue())[..., 0] == pixels).all()
    large = decoder.decode(picture(size=(40, 40), kind="TIFF"))
    assert large == (413, "40×40 pixels: above 1,000")
    assert decoder.decode(b"II*\0nonsense").status == 422
    assert (decoder.decode(file.getvalue())[..., 0] == pixels).all()


def test_what_takes_too_long_is_ended_and_the_next_is_decoded(decoder):
    decoder.decode(picture(kind="TIFF"))
    usual, decoder._seconds = decoder._seconds, 0.2
    before = decoder._process.pid
    os.kill(before, signal.SIGSTOP)
    late = decoder.decode(picture(size=(30, 30), kind="TIFF"))
    assert late == (422, "it takes longer than 0.2 s to decode")
    decoder._seconds = usual
    assert decoder.decode(picture(90, kind="TIFF")).mean() == 90
    assert decoder._process.pid != before


def test_a_decoder_that_dies_costs_one_picture(decoder):
    decoder.decode(picture(kind="TIFF"))
    decoder._process.kill()
    decoder._process.join(30)
    assert "too much memory" in decoder.decode(picture(kind="TIFF")).detail
    assert decoder.decode(picture(90, kind="TIFF")).mean() == 90


def test_where_no_process_can_be_started_it_is_no_picture_s_fault(monkeypatch):
    decoder = DecodingProcess(partial(decode, size=8, channels=1), 1000)

    def fail(_):
        raise BlockingIOError("Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(SpawnProcess, "start", fail)
        assert decoder.decode(picture(kind="TIFF")).status == 503
    assert decoder.decode(picture(90, kind="TIFF")).mean() == 90
    decoder.close()


def test_a_process_that_does_not_start_in_time_is_not_waited_for(monkeypatch):
    decoder = DecodingProcess(partial(decode, size=8, channels=1), 1000)
    with monkeypatch.context() as patch:
        patch.setattr(decoding_process, "START", 0.0)
        assert decoder.decode(picture(kind="TIFF")).status == 503
    assert decoder.decode(picture(90, kind="TIFF")).mean() == 90
    decoder.close()


def test_the_process_does_not_outlive_its_server():
    """Whatever it decodes: its pipe is still open here, but the number is not its parent's."""
    spawn = get_context("spawn")
    pipe, other = spawn.Pipe()
    process = spawn.Process(target=_decode_all, args=(other, 0, decode, 1000))
    with pipe, other:
        process.start()
        process.join(30)
        process.kill()
        assert process.exitcode == -signal.SIGTERM


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_for_the_whole_service_costs_no_picture(decoder, kind):
    decoder.decode(picture(kind="TIFF"))
    os.kill(decoder._process.pid, kind)
    decoder._process.join(30)
    assert decoder.decode(picture(90, kind="TIFF")).mean() == 90


def test_a_signal_during_its_start_costs_no_picture(decoder, monkeypatch):
    start, ended = decoder._started, []

    def interrupted():
        pipe = start()
        if not ended:
            ended.append(1)
            os.kill(decoder._process.pid, signal.SIGTERM)
            decoder._process.join(30)
            raise EOFError
        return pipe

    monkeypatch.setattr(decoder, "_started", interrupted)
    assert decoder.decode(picture(90, kind="TIFF")).mean() == 90
