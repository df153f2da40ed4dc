"""`nin sweep`: its mistakes, its question, and one that is killed and goes on."""

from __future__ import annotations

import json

import pytest

from nin.cli import sweep as verb

SHORT = ("--epochs", "1", "--limit", "64", "--seeds", "1", "--width", "0.05")


@pytest.mark.slow
@pytest.mark.usefixtures("tiny")
def test_a_sweep_of_the_command_line(nin, tmp_path):
    line = ("sweep", "digits", "--vary", "lr=0.001,0.003", "--vary", "batch-norm=off,on", *SHORT)
    result = nin(*line, "--json")
    assert result.code == 0, result
    assert result.json["factors"] == {
        "learning_rate": [0.001, 0.003],
        "batch_norm": [False, True],
    }
    folder = tmp_path / "runs/sweep"
    kept = sorted((folder / "trainings").iterdir())
    assert len(kept) == 4
    # Killed between two trainings: those that are whole are not trained again.
    before = {path: path.stat().st_mtime_ns for path in kept[1:]}
    kept[0].unlink()
    (folder / "compare.json").unlink()
    again = nin(*line)
    assert again.code == 0, again
    assert {path: path.stat().st_mtime_ns for path in kept[1:]} == before
    assert json.loads((folder / "compare.json").read_text())["rows"] == result.json["rows"]
    assert "learning rate 0.001, batch norm off" in again.out


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sweep digits", "nothing to vary"),
        ("sweep digits --vary width", "--vary width: give a name and values, such as"),
        ("sweep digits --vary width=1,,2", "--vary width=1,,2: give a name and values"),
        ("sweep digits --vary wdith=1,2", "unknown factor 'wdith': did you mean 'width'?"),
        ("sweep digits --vary width=1,2 --vary width=3,4", "--vary width is given twice"),
        (
            "sweep digits --vary width=1,2 --width 3",
            "--vary width: it is given a fixed value",
        ),
        ("sweep digits --vary width=0,2", "width=0: input should be greater than 0"),
        (
            "sweep digits --vary width=1,2 --patience 2",
            "--patience 2: every network is trained here",
        ),
        ("sweep digits --vary width=1,2 --epochs 3 --budget 9", "--epochs and --budget: choose"),
        ("sweep digits --vary width=1,2 --seed 3", "a sweep has several seeds: give --seeds"),
        ("sweep digits --vary epochs=1,2 --budget 3", "leave out --budget"),
        ("sweep digits --vary lr=1,2 --rates 0.1,0.2", "leave out --rates"),
        ("sweep digits --vary width=1,2 --out file", "cannot write to file"),
        ("sweep digits --vary width=1,2 --lr 0.1 --rates 0.1,0.2", "--lr and --rates: choose one"),
        ("sweep nobody --vary width=1,2", "unknown recipe"),
        ("sweep digits --preset nets.py:net --vary width=1,2", "nets.py cannot be imported"),
    ],
)
def test_a_mistake_is_one_line(nin, tmp_path, line, said):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "nets.py").write_text("raise RuntimeError('no such luck')")
    result = nin(*line.split())
    assert result.is_mistake(), result
    assert said in result.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("asks", "seconds", "trainings", "begins", "asked"),
    [
        (True, None, 10, True, 0),
        (True, 100_000.0, 10, False, 1),
        (True, None, 100_000, False, 1),
        (False, 100_000.0, 10, True, 0),
        (False, None, 100_000, False, 0),
    ],
)
def test_what_takes_long_is_confirmed_in_a_terminal(
    monkeypatch, asks, seconds, trainings, begins, asked
):
    questions = []
    monkeypatch.setattr(verb.sys.stdin, "isatty", lambda: asks)
    monkeypatch.setattr(verb.typer, "confirm", lambda said, **_: questions.append(said) or False)
    assert verb.has_consent("it takes long", seconds, trainings) is begins
    assert questions == ["it takes long. Begin?"] * asked


def test_ctrl_c_at_the_question_stops_it(nin, monkeypatch):
    def interrupted(*_, **__):
        raise verb.typer.Abort

    monkeypatch.setattr(verb.sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(verb.typer, "confirm", interrupted)
    monkeypatch.setattr("nin.study.sweeps.factorial.estimate", lambda *_: 1e6)
    values = ",".join(str(number / 1000) for number in range(1, 1200))
    result = nin("sweep", "digits", "--vary", f"lr={values}", "--seeds", "1")
    assert result.code == 130
    assert result.err.splitlines()[-1] == "nin: stopped"
