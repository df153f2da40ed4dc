"""A process may not have more memory than it is given, and returns what it frees."""

import io
import resource
import sys
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nin.data.decoding.decode import decode
from nin.serving.inspection import inspect
from nin.serving.process_memory import limit_memory, return_what_is_freed
from nin.serving.settings import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux does either")

#: Bytes: below the 32 MiB from which on glibc returns every block anyway.
LARGE = 20 * 2**20


def resident():
    return 4096 * int(Path("/proc/self/statm").read_text().split()[1])


def kept(pipe, returns):
    """How much memory is kept of blocks that a small one, between them, outlives."""
    if returns:
        return_what_is_freed()
    np.ones(LARGE, np.uint8)  # It is freed: glibc expects more of this size.
    before = resident()
    large = [np.ones(LARGE, np.uint8)]
    small = bytearray(2**16)
    large.clear()
    pipe.send(resident() - before)
    assert small


def limited(pipe):
    limit_memory(2 * 2**30)
    try:
        np.ones(3 * 2**30, np.uint8)
    except MemoryError:
        pipe.send("refused")


def limited_already(pipe):
    resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**41))
    limit_memory(2**42)
    pipe.send(resource.getrlimit(resource.RLIMIT_AS))


def done(work, *arguments):
    """What it sends, from a process of its own."""
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=work, args=(theirs, *arguments))
    with ours, theirs:
        process.start()
        try:
            return ours.recv() if ours.poll(60) else None
        finally:
            process.kill()
            process.join(30)


def test_what_is_freed_is_returned():
    assert done(kept, True) < LARGE / 4


def test_more_memory_than_allowed_is_refused():
    assert done(limited) == "refused"


def test_a_lower_limit_stays():
    assert done(limited_already) == (2**40, 2**41)


def decoding(pipe, content):
    """How much memory a picture that is decoded in a thread takes."""
    assert inspect(content, Limits().pixels)
    before = resident()
    decode(content, 288)
    status = Path("/proc/self/status").read_text()
    pipe.send(1024 * int(status.partition("VmHWM:")[2].split()[0]) - before)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "mode", "size", "gibibytes"),
    [
        ("JPEG", "RGB", (8192, 6144), 0.2),
        ("PNG", "RGBA", (5000, 5000), 0.6),
        ("PNG", "P", (5000, 5000), 0.6),
        ("WEBP", "RGBA", (5000, 5000), 0.6),
    ],
)
def test_the_largest_pictures_that_threads_decode(kind, mode, size, gibibytes):
    file = io.BytesIO()
    options = {"lossless": True, "method": 0} if kind == "WEBP" else {}
    Image.new(mode, size).save(file, kind, **options)
    assert done(decoding, file.getvalue()) < gibibytes * 2**30
