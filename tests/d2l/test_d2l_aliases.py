"""The book's names: found on `nin`, out of its way, and right on every backend."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nin


def values(tensor):
    return np.asarray(nin.numpy(tensor)).tolist()


@pytest.mark.every_backend
def test_they_do_what_the_book_does_with_them():
    X = nin.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert values(nin.reduce_sum(X, 0, keepdims=True)) == [[5, 7, 9]]
    assert values(nin.reduce_mean(X)) == 3.5
    assert values(nin.argmax(X, axis=1)) == [2, 2]
    assert values(nin.reshape(X, (-1, 2))) == [[1, 2], [3, 4], [5, 6]]
    assert values(nin.matmul(X, nin.transpose(X))) == [[14, 32], [32, 77]]
    assert values(nin.concat([X, X], 0)) == [*values(X), *values(X)]
    assert values(nin.stack([X, X]))[1] == values(X)
    assert values(nin.astype(X == 2.0, nin.float32))[0] == [0, 1, 0]
    assert values(nin.abs(nin.tensor([-1.0]))) == [1]
    assert values(nin.exp(nin.zeros(2))) == [1, 1]
    assert values(nin.arange(3)) == [0, 1, 2]
    assert nin.size(X) == 6
    assert "float32" in str(nin.tensor([2, -3.4]).dtype)
    assert tuple(nin.normal((2, 3), 0, 0.01).shape) == tuple(nin.randn(2, 3).shape) == (2, 3)
    drawn = nin.numpy(nin.rand((100,)))
    assert 0 <= drawn.min() < drawn.max() <= 1


FOUND = """
import sys
import nin as d2l
assert "matmul" not in dir(d2l) and "NiN" in dir(d2l)
assert not {"keras", "numpy", "matplotlib"} & set(sys.modules)
from nin import add_to_class
d2l.Timer().stop()
assert "keras" in sys.modules
"""


@pytest.mark.slow
def test_they_are_found_but_not_in_the_way():
    """Neither in ``dir(nin)`` nor loaded before they are used."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FOUND],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_names_said_to_be_absent_are_absent():
    text = (Path(__file__).parents[2] / "docs/d2l.md").read_text(encoding="utf-8")
    names = re.findall(r"`(\w+)`", re.search(r"(?s)\nNot here: .*?\n\n", text)[0])
    assert "download" in names
    assert not [name for name in names if hasattr(nin, name)]
