"""One process at a time in a run directory."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys

import pytest
from processes import started

import nin
from nin.errors import RunError
from nin.training.runs.run_folder import locked

HOLD = """
import sys, time
from pathlib import Path
from nin.training.runs.run_folder import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with started(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == "held\n"
        yield process


def test_a_second_process_is_told_and_a_killed_one_leaves_nothing_behind(holder, tmp_path):
    in_use = pytest.raises(RunError, match="is in use: another process is training there")
    with in_use, locked(tmp_path):
        pytest.fail("two at once")
    holder.send_signal(signal.SIGKILL)
    holder.wait(10)
    with locked(tmp_path):
        pass
    with locked(tmp_path):
        pass
    assert [*tmp_path.iterdir()] == []


@pytest.mark.slow
def test_resume_does_not_wait(small_run, tmp_path):
    path = shutil.copytree(small_run.path, tmp_path / "run")
    with locked(path), pytest.raises(RunError, match="is in use"):
        nin.resume(path, epochs=2)
    assert nin.load(path).record["state"] == "finished"
