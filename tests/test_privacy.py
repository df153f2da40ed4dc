"""Nothing reports home, and nothing is left where nobody expects it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).parent / "support/empty_network.py"
#: What is found in the home folder afterwards, and why.
LEFT = {
    ".keras/keras.json": "Keras's settings, which it writes when it is imported",
    ".cache/matplotlib": "the fonts that Matplotlib has found",
}
#: Variables that would keep a library from reporting, or from writing to the home folder.
UNSET = ("CI", "DO_NOT_TRACK", "GITHUB_ACTIONS", "KERAS_HOME", "MPLCONFIGDIR")
UNSET_BEGINNINGS = ("ORT_", "XDG_", "JAX_", "NIN_")


@pytest.fixture
def place(tmp_path):
    """Pictures to work on, and nothing else."""
    work = tmp_path / "work"
    random = np.random.default_rng(0)
    for name, least in (("dark", 0), ("light", 128)):
        (work / "photos" / name).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(least, least + 128, (16, 16, 3), np.uint8)
            Image.fromarray(pixels).save(work / "photos" / name / f"{number:02}.png")
    Image.new("L", (8, 8), 99).save(work / "picture.png")
    for name in ("home", "temporary"):
        (tmp_path / name).mkdir()
    return tmp_path


def environment(place):
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in UNSET and not name.startswith(UNSET_BEGINNINGS)
    }
    return {**kept, "HOME": str(place / "home"), "TMPDIR": str(place / "temporary")}


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


@pytest.mark.slow
def test_nothing_reports_home_and_nothing_is_left_behind(place):
    alone = ["unshare", "--map-root-user", "--net"]
    try:
        subprocess.run([*alone, "true"], check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine gives no custom network")
    shared = files(Path("/dev/shm"))
    done = subprocess.run(
        [*alone, sys.executable, SCRIPT],
        cwd=place / "work",
        env=environment(place),
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    one_request = dict.fromkeys(found["counted"], 0) | {"Tcp ActiveOpens": 1}
    assert found["counted"] == one_request
    assert found["noticed"]["Ip OutNoRoutes"] + found["noticed"]["Udp OutDatagrams"] > 0
    left = {name for name in files(place / "home") if not name.startswith(tuple(LEFT))}
    assert not left
    assert not files(place / "temporary")
    assert not {name for name in files(Path("/dev/shm")) - shared if "joblib" in name}
    assert sorted(path.name for path in (place / "work").iterdir()) == sorted(
        ["compared", "digits", "frozen", "photos", "picture.png", "seen.png"]
    )
