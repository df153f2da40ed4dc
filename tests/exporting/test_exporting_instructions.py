"""The lines that `nin export` prints open the file."""

from __future__ import annotations

import subprocess
import sys

import pytest

import nin
from nin.exporting.instructions import how_to_load


def executed(done):
    names = {}
    exec("\n".join(done.load), names)
    assert len(done.load) == 2
    return names


def test_onnx_is_opened(first_run, tmp_path):
    done = nin.export(first_run, out=tmp_path / "it's a file.onnx")
    session = executed(done)["session"]
    assert [each.name for each in session.get_inputs()] == ["images"]
    assert done.prepare == (
        "takes images (n, height, width, 1), uint8: grey, of any size, values from 0 to 255"
    )


@pytest.mark.slow
def test_openvino_is_opened(first_run, tmp_path):
    pytest.importorskip("openvino")
    model = executed(nin.export(first_run, "openvino", tmp_path / "a"))["model"]
    assert [*model.inputs[0].names] == ["images"]


@pytest.mark.slow
def test_litert_is_opened(first_run, tmp_path):
    pytest.importorskip("ai_edge_litert")
    run = executed(nin.export(first_run, "litert", tmp_path / "a.tflite"))["run"]
    assert [*run.get_input_details()] == ["images"]


@pytest.mark.slow
def test_a_saved_model_is_opened(first_run, tmp_path):
    model = executed(nin.export(first_run, "savedmodel", tmp_path / "a"))["model"]
    assert callable(model.serve)


def test_a_web_page_is_served_from_its_folder(tmp_path):
    folder = tmp_path / "a page's"
    folder.mkdir()
    (folder / "index.html").write_text("hello")
    enter, serve = how_to_load(folder, "web")
    command = serve.replace("python3", sys.executable) + " --help"
    done = subprocess.run(f"{enter} && ls && {command}", shell=True, capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("index.html\n")
