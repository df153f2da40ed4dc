"""`nin tune`: what is to be searched, in words, and mistakes."""

from __future__ import annotations

import pytest

from nin.cli.tune import as_space
from nin.errors import NinError
from nin.study.tuning.spaces import Range


def test_values_and_ranges():
    assert as_space(["lr=0.001..0.01", "dropout=0,0.3", "shift=0..4", "mixup=0.1..0.5"]) == {
        "learning_rate": Range(0.001, 0.01, log=True),
        "dropout": ["0", "0.3"],
        "shift": Range(0, 4, log=False),
        "mixup": Range(0.1, 0.5, log=False),
    }
    for wrong in ("lr=0.1..0.01", "lr=a..b", "lr=1..2..3"):
        with pytest.raises(NinError, match="give two numbers, such as"):
            as_space([wrong])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("tune digits --minutes 0", "--minutes 0.0: must be above 0"),
        ("tune digits --sampler gird", "--sampler gird: must be one of tpe, random, grid"),
        ("tune digits --sampler grid", "a grid needs values, but learning_rate has a range"),
        ("tune digits --vary lrr=1,2", "unknown factor 'lrr'"),
        ("tune digits --vary lr=1..0", "give two numbers, such as 0.001..0.01"),
        ("tune digits --out file", "cannot write to file"),
        ("tune digits --seed 3", "--seed: tuning has several seeds: give --seeds"),
        ("tune digits --freeze 3", "--freeze 3: every network is trained here"),
        ("tune nobody", "unknown recipe"),
    ],
)
def test_a_mistake_is_one_line(nin, tmp_path, line, said):
    (tmp_path / "file").write_text("kept")
    result = nin(*line.split())
    assert result.is_mistake(), result
    assert said in result.err
    assert not (tmp_path / "runs").exists()
