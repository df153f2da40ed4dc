"""The examples run as they stand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.mark.slow
def test_a_comparison_on_two_dask_workers(tmp_path):
    pytest.importorskip("dask.distributed", reason="needs nin[cluster]")
    done = subprocess.run(
        [sys.executable, EXAMPLES / "compare_with_dask.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr
    quarter, lenet = done.stdout.splitlines()
    assert quarter.startswith("quarter NiN: 22,626 parameters")
    assert lenet.startswith("LeNet: 21,386 parameters")
    trainings = [path.name for path in (tmp_path / "runs/dask/trainings").iterdir()]
    assert len([name for name in trainings if "-search-" in name]) >= 2 * 2
    assert len([name for name in trainings if "-seed" in name]) == 2 * 2
