"""Programs that nobody here wrote open what is exported, and predict as the run does.

A test for each row of the table in docs/shipping.md; a client that is not installed is skipped.
"""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import photographs
import pytest

import nin

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "benchmarks"))
clients = importlib.import_module("clients")
forms = importlib.import_module("runtimes").FORMS

ROWS = [
    (form, name)
    for form, (to, _) in forms.items()
    for name, client in clients.CLIENTS.items()
    if to in client.files
]
#: What does not take a file, each with a reason that it tells.
REFUSED = {
    *(("onnx", "opencv-blob"), ("onnx", "ncnn")),
    *(("onnx int8", name) for name in ("opencv-blob", "ncnn", "mnn", "onnx2torch")),
}
SIDE = 32


@pytest.fixture(scope="module")
def small_run(tmp_path_factory):
    """A small network, from scratch, for colour pictures."""
    root = tmp_path_factory.mktemp("runtimes")
    data = photographs.folder(root / "photos")
    recipe = nin.RECIPES["photos"].revised(
        data=str(data), preset="mnist", width=0.25, image_size=SIDE, epochs=2
    )
    return nin.train(recipe, root / "run")


@pytest.fixture(scope="module")
def written(small_run, tmp_path_factory):
    """Export the run to a form, once."""
    done = {}

    def write(form):
        if form not in done:
            to, options = forms[form]
            if "layout" in options:
                options = {**options, "size": SIDE}
            suffix = {"onnx": ".onnx", "litert": ".tflite"}.get(to, "")
            out = tmp_path_factory.mktemp("written") / f"model{suffix}"
            done[form] = nin.export(small_run, to, out, **options).path
        return done[form]

    return write


@pytest.fixture(scope="module")
def pictures(small_run):
    return np.asarray(small_run.images.for_evaluation().split.images[:4])


def taken(form):
    """What a file of this form takes, as the clients are told."""
    to, options = forms[form]
    if to == "litert":
        return clients.Form(2, SIDE, "nhwc", "uint8" if "int8" in form else "float")
    if "layout" in options:
        return clients.Form(2, SIDE, options["layout"], options["input"])
    return clients.Form(2)


def predictions(name, file, form, images, folder):
    """What a client says of each picture: in this process, or of Node.js in its own."""
    client = clients.CLIENTS[name]
    if client.module.endswith(".mjs"):
        return from_node(client.package, file, form, images, folder)
    pytest.importorskip(client.package, reason=f"{name} comes by {client.install}")
    module = importlib.import_module(f"clients.{client.module}")
    convert = getattr(module, "convert", None)
    try:
        ask = module.open_file(convert(file, form, folder) if convert else file, form)
        return np.stack([ask(each) for each in images[: client.pictures]])
    finally:
        getattr(module, "close", lambda: None)()


def from_node(name, file, form, images, folder):
    if not shutil.which("node") or not (ROOT / "node_modules" / name).is_dir():
        pytest.skip(f"{name} comes by npm install {name}, here")
    found = importlib.import_module("clients.process").answers(
        name, file, form, listed(images, folder), ROOT
    )
    if "refused" in found:
        raise clients.RefusedError(found["refused"])
    return np.array(found["probabilities"])


def listed(images, folder):
    """The pictures as the processes of clients find them."""
    rows = []
    for number, each in enumerate(images):
        (folder / str(number)).write_bytes(each.tobytes())
        rows.append({"file": str(number), "shape": each.shape})
    (folder / "pictures.json").write_text(json.dumps(rows))
    return folder / "pictures.json"


@pytest.mark.parametrize(("form", "name"), ROWS, ids=lambda each: each.replace(" ", "-"))
def test_a_file_predicts_as_the_run_or_is_refused(
    form, name, written, small_run, pictures, tmp_path
):
    file = written(form)
    if (form, name) in REFUSED:
        with pytest.raises(Exception) as refused:  # noqa: PT011  # each has its own kinds
            predictions(name, file, taken(form), pictures, tmp_path)
        assert str(refused.value)
        return
    found = predictions(name, file, taken(form), pictures, tmp_path)
    # What eight bits cost is not for a client to say: it is held against the same file.
    reference = nin.Predictor(file if "int8" in form else small_run, trust=True)
    wanted = reference.predict(pictures[: len(found)]).probabilities
    tolerance = 0.05 if "int8" in form else 0.01 if "float16" in form else 1e-4
    np.testing.assert_allclose(found, wanted, atol=tolerance)


def test_a_client_predicts_from_a_process_of_its_own(written, small_run, pictures, tmp_path):
    process = importlib.import_module("clients.process")
    about = (written("onnx"), clients.Form(2), listed(pictures, tmp_path))
    found = process.answers("onnxruntime", *about, starts=2)
    wanted = nin.Predictor(small_run).predict(pictures).probabilities
    assert np.allclose(found["probabilities"], wanted, atol=1e-5)
    assert found["seconds"] > found["ms"] / 1000
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    refused = process.answers("onnxruntime", tmp_path / "broken.onnx", *about[1:])
    assert [*refused] == ["version", "refused"]
