"""A stranger's ONNX file computes no longer than its size suggests, and reads no other file."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import strange_networks as strange

from nin.errors import ExportError
from nin.inference import FilePredictor
from nin.inference.engines import onnx_engine, untrusted_onnx
from nin.inference.engines.untrusted_onnx import check


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (strange.endless_loop, "control flow, such as loops"),
        (strange.condition, "control flow, such as loops"),
        (lambda path: strange.functions_that_double(path, 40), "defines functions"),
        (
            lambda path: strange.many_operations(path, 20_001),
            "more than 20,000 operations",
        ),
        (lambda path: strange.weights_elsewhere(path, "/etc/passwd"), "names other files"),
        (
            lambda path: strange.weights_elsewhere(path, "secret", True),
            "names other files",
        ),
        (lambda path: strange.sparse_weights(path, 10**12), "sparse weights"),
    ],
)
def test_what_no_export_has_is_refused_before_it_is_opened(tmp_path, monkeypatch, write, said):
    path = write(tmp_path / "strange.onnx")
    (tmp_path / "secret").write_text("ab")
    monkeypatch.setattr("onnxruntime.InferenceSession", None)
    with pytest.raises(ExportError, match=f"was not written by nin export: it .*{said}") as caught:
        FilePredictor(path)
    assert "\n" not in str(caught.value)


def test_a_class_called_loop_is_no_loop(tmp_path):
    names = ["Loop", "then_branch"]
    path = strange.constant(tmp_path / "plain.onnx", [0.25, 0.75], classes=names)
    assert FilePredictor(path).classes == tuple(names)


def test_every_way_of_writing_a_number_is_read(tmp_path):
    """protobuf takes ``ba 00`` for ``3a``: a search for the bytes of a field would miss it."""
    path = strange.endless_loop(tmp_path / "loop.onnx")
    content = path.read_bytes()
    graph = content.index(b"\x3a")  # field 7, of bytes
    path.write_bytes(content[:graph] + b"\xba\x00" + content[graph + 1 :])
    with pytest.raises(ExportError, match="control flow"):
        check(path)


def test_a_number_of_a_field_that_only_cpp_cuts_to_32_bits(tmp_path):
    """Its lower half is that of the graph: a reader that takes all of it passes it over."""
    path = strange.endless_loop(tmp_path / "loop.onnx")
    content = path.read_bytes()
    graph = content.index(b"\x3a")
    path.write_bytes(content[:graph] + b"\xba\x80\x80\x80\x10" + content[graph + 1 :])
    with pytest.raises(ExportError, match="it is not an ONNX file"):
        check(path)


def test_metadata_that_is_no_text(tmp_path):
    path = strange.constant(tmp_path / "bytes.onnx", [0.5, 0.5])
    entry = b"\x0a\x01k\x12\x02\xff\xfe"  # its key and its value
    path.write_bytes(path.read_bytes() + b"\x72" + bytes([len(entry)]) + entry)
    with pytest.raises(ExportError, match=r"bytes.onnx cannot be opened: .* decode byte 0xff"):
        FilePredictor(path)


@pytest.mark.parametrize("name", ["model.onnx", "model.tflite"])
def test_a_file_that_may_not_be_read_is_not_blamed_for_its_content(tmp_path, monkeypatch, name):
    (tmp_path / name).touch()

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ExportError, match=f"{name} cannot be opened: Permission denied$"):
        FilePredictor(tmp_path / name)


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_file_that_ends_early(tmp_path, cut):
    path = strange.constant(tmp_path / "cut.onnx", [0.5, 0.5])
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ExportError, match=r"cannot be opened: it is not an ONNX file$"):
        check(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff" * 30, b"\x3b\x3c", b"\x3a\xff\xff\xff\xff\x7f", b"\x0d\x01", b"<html>"],
)
def test_what_is_no_onnx_file(tmp_path, content):
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    with pytest.raises(ExportError, match=r"cannot be opened: it is not an ONNX file$"):
        check(path)


def test_our_own_files_pass(exported):
    check(exported)
    assert untrusted_onnx.MOST_NODES > 1000


BOUNDED = """
import sys
from pathlib import Path
import numpy as np
from nin.errors import ExportError
from nin.inference.engines import onnx_engine
from nin.inference import FilePredictor
onnx_engine.machine_memory = lambda: 400_000_000
try:
    FilePredictor(sys.argv[1]).predict(np.zeros((1, 8, 8, 1), np.uint8))
except ExportError as error:
    print(error)
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only Linux tells the peak of its own")
@pytest.mark.parametrize(("numbers", "refused"), [(10**7, False), (10**8, True), (2**58, True)])
def test_a_file_has_no_more_memory_than_the_machine(tmp_path, numbers, refused):
    """Of 400 MB, the 400 MB of 10⁸ numbers are too much, as it is opened and as it is asked."""
    path = strange.huge(tmp_path / "huge.onnx", numbers)
    command = [sys.executable, "-c", BOUNDED, path]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    *said, peak = done.stdout.splitlines()
    assert (len(said), done.stderr) == (refused, "")
    assert all(line.startswith(f"{path} cannot predict: ") for line in said) or not refused
    assert int(peak) * 1024 < 350_000_000


def test_a_container_has_less_than_its_machine(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(onnx_engine, "_LIMITS", (str(limit),))
    machine = onnx_engine.machine_memory()
    for text, expected in (("1000000", 1_000_000), ("max", machine), (str(2**62), machine)):
        limit.write_text(f"{text}\n")
        assert onnx_engine.machine_memory() == expected
