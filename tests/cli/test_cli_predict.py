"""`nin predict`: many pictures, and what becomes of their predictions."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from brightness import network, picture

from nin.inference import FilePredictor


@pytest.fixture
def model(tmp_path):
    return network(tmp_path / "model.onnx")


@pytest.fixture
def pictures(tmp_path):
    """A folder with light and dark pictures, and leftovers of other programs."""
    for number in range(5):
        picture(tmp_path / f"photos/light/{number}.png", 250)
        picture(tmp_path / f"photos/dark/deep/{number}.png", 5)
    picture(tmp_path / "photos/light/@eaDir/0.png", 5)
    picture(tmp_path / "photos/light/._0.png", 5)
    (tmp_path / "photos/notes.txt").write_text("none")
    return Path("photos")


@pytest.fixture
def bad(pictures):
    """A file in the middle of them that is no picture."""
    path = pictures / "light/2a.png"
    path.write_bytes(b"none")
    return path


def table(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def as_list(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_folder_is_predicted_with_all_below_it(nin, model, pictures):
    result = nin("predict", model, pictures)
    assert result.code == 0
    rows = dict(line.split(": ") for line in result.out.splitlines())
    assert [*rows] == [
        *(f"photos/dark/deep/{number}.png" for number in range(5)),
        *(f"photos/light/{number}.png" for number in range(5)),
    ]
    assert all(named.split()[0] in file for file, named in rows.items())
    assert result.err == "left out: ._ files of macOS 1, .txt files 1, @eaDir 1\n"


@pytest.mark.usefixtures("pictures")
def test_files_and_folders_together_in_their_order(nin, model):
    sources = ("photos/light/3.png", "photos/dark", "photos/light/0.png")
    rows = [json.loads(line) for line in nin("predict", model, *sources, "--json").out.splitlines()]
    assert [rows[i]["file"] for i in (0, 1, -1)] == [
        "photos/light/3.png",
        "photos/dark/deep/0.png",
        "photos/light/0.png",
    ]


@pytest.mark.parametrize("content", ["{}\n{}\n", "{}\r\n\r\n{}", "{}\0{}\0", "photos\n{}\n{}\n"])
@pytest.mark.usefixtures("pictures")
def test_a_list_on_standard_input(nin, model, monkeypatch, content):
    names = ("photos/light/3.png", "photos/dark/deep/1.png")
    as_list(monkeypatch, content.format(*names).encode())
    result = nin("predict", model, "-")
    assert [line.split(": ")[0] for line in result.out.splitlines()] == [*names]


def test_a_list_may_name_what_is_not_there(nin, model, monkeypatch, tmp_path):
    picture(tmp_path / "a\nb.png", 250)
    as_list(monkeypatch, b"a\nb.png\0gone.png\0")
    result = nin("predict", model, "-", "--csv")
    assert result.code == 1
    first, second = table(result.out)
    assert (first["file"], first["label"], first["error"]) == ("a\nb.png", "light", "")
    assert (second["file"], second["error"]) == ("gone.png", "No such file or directory")
    as_list(monkeypatch, b"\n")
    assert nin("predict", model, "-").is_mistake()


def test_one_that_cannot_be_read_costs_one_row(nin, model, pictures, bad):
    result = nin("predict", model, pictures, "--csv")
    assert result.code == 1
    rows = table(result.out)
    assert [*rows[0]] == ["file", "label", "probability", "error"]
    (fault,) = [row for row in rows if row["error"]]
    assert fault["file"] == str(bad)
    assert (fault["label"], fault["probability"]) == ("", "")
    assert fault["error"].startswith("not a JPEG")
    assert len([row for row in rows if row["label"]]) == 10
    said = result.err.splitlines()[-1]
    assert said.startswith(f"nin: 1 of 11 images cannot be read: {bad}: not a JPEG")


def test_an_unreadable_picture_is_reported_in_text_and_json(nin, model, pictures, bad):
    lines = nin("predict", model, pictures).out.splitlines()
    assert len(lines) == 11
    assert f"{bad}: cannot be read: not a JPEG" in "\n".join(lines)
    rows = [json.loads(line) for line in nin("predict", model, pictures, "--json").out.splitlines()]
    (fault,) = [row for row in rows if "error" in row]
    assert [*fault] == ["file", "error"]


def test_unreadable_ones_can_be_left_out(nin, model, pictures, bad):
    result = nin("predict", model, pictures, "--csv", "--skip-bad")
    assert result.code == 0
    assert len(table(result.out)) == 10
    assert f"left out 1 unreadable image: {bad}: not a JPEG" in result.err


def test_a_single_one_is_a_mistake(nin, model, bad):
    result = nin("predict", model, bad, "--json")
    assert result.is_mistake()
    assert nin("predict", model, bad, "--skip-bad").code == 0
    assert nin("predict", model, bad, "--out", "a.csv").is_mistake()
    assert nin("predict", model, bad, "--skip-bad", "--out", "b.csv").code == 0
    assert table(Path("b.csv").read_text()) == []


@pytest.mark.parametrize("source", ["gone.png", "*.jpg", "photos/notes.txt/x", "empty", "x" * 300])
def test_what_is_not_there_is_known_before_anything_is_predicted(nin, model, pictures, source):
    Path("empty/.hidden").mkdir(parents=True)
    result = nin("predict", model, pictures, source)
    assert result.is_mistake(), result
    assert source in result.err


def test_not_likely_enough(nin, model, tmp_path):
    middle, light = picture(tmp_path / "middle.png", 130), picture(tmp_path / "light.png", 250)
    options = ("predict", model, middle, light, "--min-probability", 0.9)
    text = nin(*options).out.splitlines()
    assert text == [f"{middle}: unsure  light 0.531", f"{light}: light 1.000"]
    rows = [json.loads(line) for line in nin(*options, "--json").out.splitlines()]
    assert [row["label"] for row in rows] == ["unsure", "light"]
    assert rows[0]["top"][0] == {"label": "light", "probability": rows[0]["probability"]}
    first, second = table(nin(*options, "--csv").out)
    assert (first["label"], first["label_1"], first["probability_1"]) == (
        *("unsure", "light"),
        first["probability"],
    )
    assert (second["label"], second["label_1"]) == ("light", "light")
    assert nin(*options[:-1], 1.5).is_mistake()


def test_a_table_of_the_likeliest(nin, model, pictures):
    rows = table(nin("predict", model, pictures, "--csv", "--top", 99).out)
    assert [*rows[0]] == [
        *("file", "label", "probability"),
        *("label_1", "probability_1", "label_2", "probability_2", "error"),
    ]
    for row in rows:
        assert (row["label"], row["probability"]) == (row["label_1"], row["probability_1"])
        assert float(row["probability_1"]) + float(row["probability_2"]) == pytest.approx(1)


@pytest.mark.parametrize(("name", "option"), [("a.csv", "--csv"), ("a.jsonl", "--json")])
def test_predictions_in_a_file(nin, model, pictures, name, option):
    printed = nin("predict", model, pictures, option).out
    result = nin("predict", model, pictures, "--out", name)
    assert result.out == f"predictions for 10 images: {name}\n"
    assert Path(name).read_text(encoding="utf-8") == printed
    assert sorted(path.name for path in Path().iterdir()) == sorted([name, "model.onnx", "photos"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--out predictions.xlsx", "end its name in .csv, .jsonl, .parquet or .txt"),
        ("--csv --out predictions.jsonl", "its extension means another format"),
        ("--csv --json", "choose one"),
        ("--out folder.csv", "Is a directory"),
        ("--out model.onnx/a.csv", "is not a folder"),
        ("--out notes.csv", "--out notes.csv: it exists already, and is not replaced"),
        ("--workers 2", "--workers needs a file to write to: --out predictions.csv"),
        ("--out a.csv --workers 2 --scheduler tcp://here:1", "choose one"),
        ("--out a.csv --workers 2 --trust", "workers do not run custom code"),
        ("--out a.csv --scheduler here", "--scheduler here: not an address"),
    ],
)
def test_what_is_refused_before_anything_is_predicted(nin, model, pictures, options, said):
    Path("folder.csv").mkdir()
    Path("notes.csv").write_text("mine")
    result = nin("predict", model, pictures, *options.split())
    assert result.code == 2
    assert said in result.err
    assert result.out == ""
    assert Path("notes.csv").read_text() == "mine"
    assert sorted(path.name for path in Path().iterdir()) == [
        *("folder.csv", "model.onnx", "notes.csv", "photos")
    ]


def test_a_run_without_an_exported_form_is_for_one_process(nin, pictures, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/run.json").write_text("{}")
    result = nin("predict", "run", pictures, "--out", "a.csv", "--workers", 2)
    assert result.is_mistake()
    assert "run has no ONNX file of its weights" in result.err
    assert result.err.endswith("nin export run writes it\n")


@pytest.mark.slow
def test_processes_of_this_machine(nin, model, pictures, bad):
    pytest.importorskip("distributed", reason="needs keras-nin[cluster]")
    result = nin("predict", model, pictures, "--out", "a.csv", "--workers", 1)
    assert (result.code, result.out) == (1, "predictions for 10 images: a.csv\n")
    assert f"1 of 11 images cannot be read: {bad}: not a JPEG" in result.err
    assert Path("a.csv").read_text() == nin("predict", model, pictures, "--csv").out


@pytest.fixture
def stopped(monkeypatch):
    """Ctrl-C comes while the last picture is read."""
    read = FilePredictor.read

    def reading(self, source):
        if str(source) == "photos/light/4.png":
            raise KeyboardInterrupt
        return read(self, source)

    monkeypatch.setattr(FilePredictor, "read", reading)
    monkeypatch.setattr("nin.inference.file_predictor.BATCH", 2)
    monkeypatch.setattr("nin.inference.batch.prediction_parts.PART", 4)
    return read


@pytest.mark.usefixtures("stopped")
def test_ctrl_c_keeps_what_has_been_predicted(nin, model, pictures):
    result = nin("predict", model, pictures)
    assert result.code == 130
    assert len(result.out.splitlines()) == 8
    assert result.err.endswith("nin: stopped: 8 of 10 images predicted\n")


def test_after_ctrl_c_the_same_command_goes_on(nin, model, pictures, stopped, monkeypatch):
    command = ("predict", model, pictures, "--out", "a.csv")
    result = nin(*command)
    assert result.code == 130
    kept = "nin: stopped: 8 of 10 images predicted; run the same command again to continue\n"
    assert result.err.endswith(kept)
    assert not Path("a.csv").exists()
    monkeypatch.setattr(FilePredictor, "read", stopped)
    result = nin(*command)
    assert (result.code, result.out) == (0, "predictions for 10 images: a.csv\n")
    assert result.err.endswith("continuing: 8 of 10 images predicted\n")
    assert Path("a.csv").read_text() == nin("predict", model, pictures, "--csv").out
    assert not Path("a.csv.parts").exists()


def test_a_reader_that_leaves_ends_it_quietly(model, tmp_path):
    for number in range(300):
        picture(tmp_path / f"many/{number:03}.png", 9)
    command = f"{sys.executable} -m nin predict {model} many"
    shell = f"set -o pipefail; {command} | head -n 1"
    done = subprocess.run(
        ["bash", "-c", shell], cwd=tmp_path, capture_output=True, text=True, env=os.environ
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("many/000.png: dark ")


def test_names_change_nothing_in_a_terminal(nin, model, tmp_path):
    picture(tmp_path / "dir/a\x1b[31m\n.png", 9)
    picture(tmp_path / "dir" / os.fsdecode(b"b\xe9.png"), 9)
    first, second = nin("predict", model, "dir").out.splitlines()
    assert first.startswith(r"dir/a\x1b[31m\n.png: dark")
    assert second.startswith(r"dir/b\udce9.png: dark")
    assert nin("predict", model, "dir", "--out", "a.csv").code == 0
    rows = table(Path("a.csv").read_bytes().decode("utf-8"))
    assert [row["file"] for row in rows] == ["dir/a\x1b[31m\n.png", r"dir/b\udce9.png"]


def test_the_folder_of_a_web_page_predicts(nin, tmp_path):
    folder = tmp_path / "web"
    folder.mkdir()
    network(folder / "model.onnx")
    for name in ("model.json", "index.html"):
        (folder / name).touch()
    result = nin("predict", folder, picture(tmp_path / "one.png", 9))
    assert result.out.endswith("one.png: dark 0.999\n")


@pytest.mark.usefixtures("pictures")
def test_a_file_is_written_though_nobody_reads_what_is_said(program, model, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    command = [program, "predict", model, "photos", "--out", "a.csv"]
    done = subprocess.run(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=writing, text=True, timeout=120
    )
    os.close(writing)
    assert (done.returncode, done.stdout) == (0, "predictions for 10 images: a.csv\n")
    assert (tmp_path / "a.csv").exists()


def test_the_same_pictures_by_other_names_are_not_continued(
    nin, model, pictures, stopped, monkeypatch
):
    assert nin("predict", model, pictures, "--out", "a.csv").code == 130
    monkeypatch.setattr(FilePredictor, "read", stopped)
    result = nin("predict", model, pictures.absolute(), "--out", "a.csv")
    assert result.code == 2
    assert "holds predictions for other images" in result.err


def test_the_home_folder_is_meant(nin, model, pictures, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert nin("predict", model, pictures, "--out=~/a.csv").code == 0
    assert len(table((tmp_path / "home/a.csv").read_text())) == 10
    assert not Path("~").exists()


def test_a_network_in_the_home_folder_by_workers(nin, model, pictures, monkeypatch):
    monkeypatch.setenv("HOME", str(model.parent))
    result = nin("predict", "~/model.onnx", pictures, "--out", "a.csv", "--workers", "1")
    assert result.code == 0, result.err


def test_a_name_that_no_file_can_have_costs_one_row(nin, model, monkeypatch, tmp_path):
    picture(tmp_path / "a.png", 250)
    as_list(monkeypatch, b"x" * 300 + b"\na.png\n")
    result = nin("predict", model, "-", "--csv")
    assert result.code == 1
    assert [row["label"] for row in table(result.out)] == ["", "light"]


def test_a_table_has_the_files_own_names_but_not_in_a_terminal(nin, model, tmp_path, monkeypatch):
    name = "dir/a\x1b[31m.png"
    picture(tmp_path / name, 9)
    assert table(nin("predict", model, "dir", "--csv").out)[0]["file"] == name
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "\x1b" not in nin("predict", model, "dir", "--csv").out
