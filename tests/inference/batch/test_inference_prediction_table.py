"""Tables of predictions: each kind holds the same, and what Parquet needs is named."""

from __future__ import annotations

import csv
import os

import pytest

from nin.errors import NinError
from nin.inference.batch import prediction_table as module
from nin.inference.batch.prediction_table import check_ending, write_predictions

LIKELY = [{"label": "sky", "probability": 0.75}, {"label": "sea", "probability": 0.25}]
PREDICTIONS = [
    {"file": "a.png", "label": "unsure", "probability": 0.75, "top": LIKELY},
    {"file": os.fsdecode(b"b\xe9.png"), "error": "no picture"},
]


def test_parquet_holds_what_csv_holds(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet", reason="needs keras-nin[parquet]")
    write_predictions(tmp_path / "a.parquet", PREDICTIONS, 2)
    write_predictions(tmp_path / "a.csv", PREDICTIONS, 2)
    first, second = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert first == {
        "file": "a.png",
        "label": "unsure",
        "probability": 0.75,
        "error": None,
        "label_1": "sky",
        "probability_1": 0.75,
        "label_2": "sea",
        "probability_2": 0.25,
    }
    assert (second["file"], second["label"], second["error"]) == (
        r"b\udce9.png",
        None,
        "no picture",
    )
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        header, *_ = csv.reader(file)
    assert header == [*first]


def test_names_of_classes_that_are_not_utf8_are_escaped_in_parquet(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet", reason="needs keras-nin[parquet]")
    label = os.fsdecode(b"caf\xe9")
    likely = [{"label": label, "probability": 0.5}]
    prediction = {"file": "a.png", "label": label, "probability": 0.5, "top": likely}
    write_predictions(tmp_path / "a.parquet", [prediction], 1)
    (row,) = pq.read_table(tmp_path / "a.parquet").to_pylist()
    assert row["label"] == row["label_1"] == r"caf\udce9"


def test_parquet_is_written_in_groups(tmp_path, monkeypatch):
    pq = pytest.importorskip("pyarrow.parquet", reason="needs keras-nin[parquet]")
    monkeypatch.setattr(module, "_GROUP", 2)
    write_predictions(tmp_path / "a.parquet", PREDICTIONS * 3)
    written = pq.ParquetFile(tmp_path / "a.parquet").metadata
    assert (written.num_rows, written.num_row_groups) == (6, 3)


def test_parquet_without_pyarrow_is_the_line_to_type(tmp_path, monkeypatch):
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(NinError, match=r"pip install 'keras-nin\[parquet\]'"):
        check_ending(tmp_path / "a.parquet")
    assert check_ending(tmp_path / "a.CSV") == "csv"
