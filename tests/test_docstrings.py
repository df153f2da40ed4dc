"""Every public name shows how it is used, and what it shows is true."""

from __future__ import annotations

import doctest
import inspect
import re

import pytest
from tiny_network import MNIST
from undrawn import without_page

import nin

#: Tables, and what is raised: these have nothing to call.
WITHOUT = {"EXERCISES", "PRESETS", "RECIPES", "NinError"}
BOOK = [
    name
    for name in nin.d2l.__all__
    if getattr(getattr(nin, name), "__name__", "") == name
    and getattr(nin, name).__module__.startswith("nin.")
]
EXAMPLES = [name for name in [*nin.__all__, *BOOK] if name not in WITHOUT]
#: They train `mnist`, which is mostly to compile it, and show nothing that its layers decide.
TRAINING = {"Comparison", "compare", "reproduce", "sweep", "train", "tune"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the examples run, beside the run that they call ``runs/digits-1``."""
    folder = tmp_path_factory.mktemp("examples")
    recipe = nin.RECIPES["digits"].revised(epochs=1, limit=64)
    nin.train(recipe, folder / "runs/digits-1")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_prints_what_it_shows(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    if name in TRAINING:
        monkeypatch.setitem(nin.PRESETS, "mnist", MNIST)
        without_page(monkeypatch)
    text = inspect.getdoc(getattr(nin, name)) or ""
    names = {"nin": nin, "__name__": "example"}
    example = doctest.DocTestParser().get_doctest(text, names, name, None, 0)
    assert example.examples
    told: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(example, out=told.append)
    assert not told, "".join(told)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_is_the_last_section_and_has_its_name(name):
    text = inspect.getdoc(getattr(nin, name)) or ""
    sections = re.findall(r"(?m)^(\w+):$", text)
    assert sections[-1:] == ["Example"], name
    assert text.count(">>> ") >= 1
    before = text[: text.index("\nExample:")]
    assert ">>> " not in before
