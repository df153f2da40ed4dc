"""What we tell somebody to install exists, and is ours."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from nin.installing import DISTRIBUTION, install_line, pip_install

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
KINDS = {".html", ".ipynb", ".jinja", ".js", ".md", ".py", ".sh", ".yaml"}
WRITTEN = [
    *(ROOT / "constraints.txt", ROOT / "bootstrap.py", *sorted(ROOT.glob("*.md"))),
    *(
        path
        for folder in ("docs", "examples", "benchmarks", "src", "tests")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in KINDS and path != Path(__file__)
    ),
]
#: `nin` where a requirement is meant: somebody else's package on the index.
STRANGER = re.compile(r"pip install (?:-\S+ )*['\"]?nin\b|(?<![\w.-])nin\[[a-z]")


def text(path):
    return path.read_text(encoding="utf-8")


def test_lines_can_be_typed():
    assert install_line("jax") == "pip install 'keras-nin[jax]'"
    assert pip_install("tensorflow-cpu") == "pip install tensorflow-cpu"


def test_the_name_is_the_one_that_is_built():
    assert PROJECT["name"] == DISTRIBUTION


def test_nobody_is_sent_to_a_strangers_package():
    assert not [path for path in WRITTEN if STRANGER.search(text(path))]
    assert all(map(STRANGER.search, ("pip install nin", "needs nin[jax]", "'nin[serve]'")))
    assert not STRANGER.search("pip install 'keras-nin[jax]'")


def test_every_extra_that_is_named_exists():
    named = re.compile(rf"{DISTRIBUTION}\[([\w,-]+)\]|install_line\(['\"](\w+)")
    found = {
        extra for path in WRITTEN for pair in named.findall(text(path)) for extra in pair if extra
    }
    assert found >= {"jax", "torch", "serve", "openvino", "litert", "pretrained"}
    assert found <= set(PROJECT["optional-dependencies"])


def test_messages_are_written_in_one_place():
    ours = sorted((ROOT / "src").rglob("*.py"))
    assert [path.name for path in ours if "pip install" in text(path)] == ["installing.py"]


@pytest.fixture
def bootstrap():
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_installed_is_for_this_place_and_asked_once(tmp_path, monkeypatch, bootstrap):
    calls = []
    report = json.dumps({"install": [{"metadata": {"name": "nvidia-x"}}]})
    monkeypatch.setattr(bootstrap, "pip", lambda *words: calls.append(words) or report)
    monkeypatch.setattr(bootstrap.subprocess, "run", lambda *_, **__: None)

    def installed(place, with_torch=True):
        monkeypatch.setattr(bootstrap, "HERE", place)
        monkeypatch.setattr(bootstrap, "HOME", place / ".venv")
        calls.clear()
        bootstrap.install("test", with_torch=with_torch)
        return sum("--editable" in words for words in calls), len(calls)

    one = tmp_path / "one"
    (one / ".venv").mkdir(parents=True)
    for name in ("pyproject.toml", "constraints.txt"):
        (one / name).touch()
    assert installed(one) == (1, 2)
    assert installed(one) == installed(one, with_torch=False) == (0, 0)
    shutil.copytree(one, tmp_path / "two")
    assert installed(tmp_path / "two") == (1, 2)


def test_what_is_left_out_is_said_each_time(monkeypatch, capsys, bootstrap):
    stubs = {"make_environment": None, "install": None, "has_torch": False}
    for name, value in {**stubs, "ensure_browser": "no browser", "test": 0}.items():
        monkeypatch.setattr(bootstrap, name, lambda *_, value=value, **__: value)
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "test"])
    assert bootstrap.main() == 0
    assert "left out the tests on PyTorch" in capsys.readouterr().err
