"""Programs that nobody here wrote open what is exported, and answer as the run does."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

import nin

ROOT = Path(__file__).parents[2]
#: Those that take ONNX files, and are opened in this process.
OF_ONNX = ["onnxruntime", "opencv", "opencv-blob", "openvino", "reference", "onnx2torch"]
OF_ONNX += ["onnxsim", "onnxslim", "ncnn", "mnn"]
#: What the file of any size does not go through, each for a reason that it tells.
OF_FIXED_SIZE = {"opencv-blob", "ncnn"}


@pytest.fixture
def clients(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    return importlib.import_module("clients")


@pytest.fixture(scope="session")
def fixed(first_run, tmp_path_factory):
    """The same run as a file of a fixed size."""
    out = tmp_path_factory.mktemp("fixed") / "digits.onnx"
    return nin.export(first_run, out=out, size=16, layout="nchw", input="float").path


def opened(clients, name, file, form, folder):
    client = clients.CLIENTS[name]
    pytest.importorskip(client.package, reason=f"{name} comes by {client.install}")
    module = importlib.import_module(f"clients.{client.module}")
    convert = getattr(module, "convert", None)
    return module.open_file(convert(file, form, folder) if convert else file, form)


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_ONNX)
def test_a_file_of_fixed_size_is_taken_by_all(
    clients, name, fixed, first_run, real_digits, tmp_path
):
    ask = opened(clients, name, fixed, clients.Form(10, 16, "nchw", "float"), tmp_path)
    larger = real_digits[:5].repeat(2, axis=1).repeat(2, axis=2)
    found = np.stack([ask(each) for each in larger])
    wanted = nin.Predictor(first_run, image_size=16).predict(larger).probabilities
    assert np.allclose(found, wanted, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_ONNX)
def test_a_file_of_any_size_is_answered_rightly_or_refused(
    clients, name, exported, first_run, real_digits, tmp_path
):
    form = clients.Form(10)
    if name in OF_FIXED_SIZE:
        with pytest.raises(Exception) as refused:  # noqa: PT011  # each has its own kinds
            opened(clients, name, exported, form, tmp_path)(real_digits[0])
        assert str(refused.value)
        return
    ask = opened(clients, name, exported, form, tmp_path)
    found = np.stack([ask(each) for each in real_digits[:5]])
    assert np.allclose(found, nin.Predictor(first_run).predict(real_digits[:5])[0], atol=1e-4)


@pytest.mark.slow
def test_a_client_answers_from_a_process_of_its_own(
    clients, exported, first_run, real_digits, tmp_path
):
    process = importlib.import_module("clients.process")
    listed = []
    for number, each in enumerate(real_digits[:3]):
        (tmp_path / str(number)).write_bytes(each.tobytes())
        listed.append({"file": str(number), "shape": each.shape})
    (tmp_path / "pictures.json").write_text(json.dumps(listed))
    about = (exported, clients.Form(10), tmp_path / "pictures.json")
    found = process.answers("onnxruntime", *about, starts=2)
    assert np.allclose(
        found["probabilities"],
        nin.Predictor(first_run).predict(real_digits[:3]).probabilities,
        atol=1e-5,
    )
    assert found["seconds"] > found["ms"] / 1000
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    refused = process.answers("onnxruntime", tmp_path / "broken.onnx", *about[1:])
    assert [*refused] == ["version", "refused"]
