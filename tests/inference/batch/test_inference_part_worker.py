"""A worker: one opened network, and nothing predicted where its files are other ones."""

from __future__ import annotations

import pytest
from brightness import network, picture

from nin.errors import DataError, ExportError
from nin.inference.batch import part_worker as module
from nin.inference.batch.batch_job import batch_job, network_digest
from nin.inference.batch.part_worker import predict_part


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Two pictures and a file that is none, in the working directory."""
    monkeypatch.chdir(tmp_path)
    picture(tmp_path / "light.png", 250)
    picture(tmp_path / "dark.png", 5)
    (tmp_path / "bad.png").write_bytes(b"none")
    return ["light.png", "bad.png", "dark.png"]


@pytest.fixture
def job(tmp_path, files):
    module._predictor.cache_clear()
    return batch_job(network(tmp_path / "model.onnx"), files, top=1, min_probability=0.0)


def test_it_predicts_from_any_folder_by_the_names_given(job, files, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    rows = predict_part(job, files)
    assert [row["file"] for row in rows] == files
    assert [row.get("label") for row in rows] == ["light", None, "dark"]
    assert rows[1]["error"].startswith("not a JPEG")


def test_the_network_is_opened_once(job, files):
    for _ in range(3):
        predict_part(job, files)
    assert module._predictor.cache_info().misses == 1


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"version": "0.0.1"}, "not 0.0.1: install the same one"),
        ({"sample": "gone.png"}, r"gone\.png cannot be read on a worker"),
        ({"network": "/nowhere/model.onnx"}, "/nowhere/model.onnx cannot be read on a worker"),
        ({"sha256": "0"}, "or is another file there"),
    ],
)
def test_it_refuses_what_would_predict_something_else(job, files, changed, said):
    with pytest.raises(ExportError, match=said):
        predict_part(job._replace(**changed), files)


def test_a_run_is_recognised_by_its_weights_and_a_folder_by_all_its_files(tmp_path):
    for name in ("weights.safetensors", "run.json", "board.svg"):
        (tmp_path / name).write_text(name)
    before = network_digest(tmp_path)
    (tmp_path / "board.svg").write_text("drawn again")
    assert network_digest(tmp_path) == before
    (tmp_path / "run.json").unlink()
    assert network_digest(tmp_path) != before


def test_a_single_one_is_a_mistake_here_too(job):
    with pytest.raises(DataError, match="not a JPEG"):
        predict_part(job._replace(errors="raise"), ["bad.png"])
