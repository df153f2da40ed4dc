"""One real training of the command line, shared; calls in this process and in others."""

from __future__ import annotations

import json
import shutil
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image
from tiny_network import MNIST
from undrawn import without_page

from nin.cli.entry_point import run
from nin.networks.presets import PRESETS


class CommandResult(NamedTuple):
    """What a call of the command line came to."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """Standard output, which must be one JSON value."""
        return json.loads(self.out)

    def is_mistake(self):
        """Whether it is one line on standard error, after what training had to say, and a 2."""
        *before, last = self.err.splitlines() or [""]
        spoken = all(
            line.startswith(("NiN: ", "epoch ", "step ", "classes: ", "left out: ", "used: "))
            or " pictures in " in line
            for line in before
        )
        return self.code == 2 and last.startswith("nin: ") and spoken and self.out == ""


class Trained(NamedTuple):
    """A run made by `nin train`, and what that printed."""

    path: Path
    result: CommandResult


@pytest.fixture
def nin(capfd, monkeypatch, tmp_path):
    """Call the command line in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        capfd.readouterr()
        code = run([str(argument) for argument in arguments])
        return CommandResult(code, *capfd.readouterr())

    return call


@pytest.fixture(scope="session")
def command():
    """Give a command line in this process and in some folder, as if it had been typed there."""

    def call(folder, *words):
        with pytest.MonkeyPatch.context() as patch, chdir(folder):
            patch.setattr("sys.argv", ["nin", *words])
            with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as err:
                code = run([*words])
        return CommandResult(code, out.getvalue(), err.getvalue())

    return call


@pytest.fixture(scope="session")
def trained(command, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    result = command(folder, "train", "digits", "--epochs", "1", "--limit", "200")
    return Trained(folder / "runs/digits-1", result)


@pytest.fixture
def digits(trained, tmp_path):
    """A copy of that run, to be hurt."""
    return Path(shutil.copytree(trained.path, tmp_path / "digits"))


@pytest.fixture
def photos(tmp_path):
    """Two classes of small pictures, dark and light."""
    root = tmp_path / "photos"
    random = np.random.default_rng(0)
    for name, least in (("dark", 0), ("light", 128)):
        (root / name).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(least, least + 128, (16, 16, 3), np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number:02}.png")
    return root


@pytest.fixture
def few_layers(monkeypatch):
    """Leave `mnist` four of its nine convolutions: most of a short training compiles them."""
    monkeypatch.setitem(PRESETS, "mnist", MNIST)


@pytest.fixture
def tiny(few_layers, monkeypatch):  # noqa: ARG001
    """The same, and draw no picture of a training or a report: those have tests of their own."""
    monkeypatch.setattr("nin.training.fit_run.save_curves", lambda *_: None)
    without_page(monkeypatch)


@pytest.fixture
def short(tiny):  # noqa: ARG001
    """Options for a training as short as can be."""
    return ("--preset", "mnist", "--image-size", "8", "--epochs", "1")
