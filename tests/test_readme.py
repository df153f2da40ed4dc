"""README and docs say what is true: blocks run, tables agree with the records, links work."""

from __future__ import annotations

import ast
import importlib
import io
import json
import re
import shlex
import sys
from contextlib import redirect_stdout
from itertools import takewhile
from pathlib import Path

import pytest

import nin
from nin.cli.entry_point import app, run
from nin.models import PRESETS, RIVALS
from nin.training.recipes import RECIPES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


BOOK = (ROOT / "docs/d2l.md").read_text(encoding="utf-8")


def blocks(kind, text=README):
    return re.findall(rf"```{kind}\n(.*?)```", text, flags=re.DOTALL)


@pytest.mark.slow
def test_python_blocks_print_what_is_printed_below_them(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    python = [*blocks("python"), *blocks("python", BOOK)]
    texts = [*blocks("text"), "", *blocks("text", BOOK)]
    names: dict = {}
    for code, expected in zip(python, texts, strict=True):
        exec(code, names)
        assert capsys.readouterr().out == expected


@pytest.mark.slow
def test_the_blocks_of_the_data_page_print_what_is_below_them(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/data.md").read_text(encoding="utf-8")
    names: dict = {}
    for code, expected in zip(blocks("python", text), blocks("text", text), strict=True):
        exec(code, names)
        assert capsys.readouterr().out == expected


def commands(page):
    """The words of each line that calls `nin`, without what follows a pipe."""
    lines = [
        line
        for block in blocks("sh", page.read_text(encoding="utf-8"))
        for line in block.replace("\\\n", " ").splitlines()
    ]
    every = [shlex.split(line, comments=True) for line in lines if line.startswith("nin ")]
    return [[*takewhile(lambda word: word not in ("|", "&&", ">"), words)] for words in every]


def test_readme_names_every_command():
    known = {command.callback.__name__ for command in app.registered_commands}
    assert {words[1] for words in commands(ROOT / "README.md")} == known


@pytest.fixture(scope="module")
def helps():
    """What `nin VERB --help` prints."""
    found = {}
    for command in app.registered_commands:
        verb = command.callback.__name__
        with redirect_stdout(io.StringIO()) as out:
            assert run([verb, "--help"]) == 0
        found[verb] = out.getvalue()
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page, helps):
    for _, verb, *words in commands(page):
        options = {word.partition("=")[0] for word in words if word.startswith("--")}
        missing = {option for option in options if option not in helps[verb]}
        assert not missing, (verb, missing)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_blocks_name_what_exists(page):
    for code in blocks("python", page.read_text(encoding="utf-8")):
        tree = ast.parse(code)
        named = [
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "nin"
        ]
        assert not [name for name in named if not hasattr(nin, name)]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nin"):
                source = importlib.import_module(node.module)
                assert all(hasattr(source, alias.name) for alias in node.names)


def tables():
    if str(ROOT / "benchmarks") not in sys.path:
        sys.path.append(str(ROOT / "benchmarks"))
    return importlib.import_module("tables")


def test_tables_are_those_of_the_records():
    for page in tables().PAGES:
        text = page.read_text(encoding="utf-8")
        assert tables().renewed(text) == text, f"{page.name}: run python benchmarks/tables.py"


@pytest.mark.parametrize("name", ["book", "digits", "fashion"])
def test_recipes_open_with_what_the_records_say(name):
    accuracy = json.loads((ROOT / f"results/{name}.json").read_text())["summary"]["accuracy"]
    text = (ROOT / f"src/nin/training/recipes/{name}.py").read_text(encoding="utf-8")
    assert f"{tables().spread(accuracy)} (n = {accuracy['n']}," in text


def test_the_recipe_for_photographs_opens_with_what_the_record_says():
    made = json.loads((ROOT / "results/photos.json").read_text())["summary"]["folders"]
    text = (ROOT / "src/nin/training/recipes/photos.py").read_text(encoding="utf-8")
    ways = made["clothing-small"]["as it is"]
    for accuracy in (
        ways[way]["accuracy"] for way in ("frozen", "finetune", "book") if way in ways
    ):
        assert f"{tables().spread(accuracy)} (n = {accuracy['n']}" in text


@pytest.mark.parametrize("name", ["cifar10", "cifar10-deep", "fashion28"])
def test_the_recipes_of_the_paper_are_those_of_their_records(name):
    made = json.loads((ROOT / f"results/{name}.json").read_text())
    accuracy = made["summary"]["accuracy"]
    text = (ROOT / "src/nin/training/recipes/paper.py").read_text(encoding="utf-8")
    figures = f"{tables().spread(accuracy)} (n = {accuracy['n']}, results/{name}.json)"
    assert f"Test accuracy: {figures}" in text
    recipe = RECIPES[name].model_dump(mode="json", exclude_defaults=True, exclude={"data"})
    for row in made["rows"]:
        kept = {key: value for key, value in row["recipe"].items() if key != "seed"}
        assert kept | recipe == kept
        assert kept.keys() - recipe.keys() <= {"precision"}, "what the machine chose"


def test_every_network_stands_in_its_page_with_its_published_parameters():
    page = (ROOT / "docs/networks.md").read_text(encoding="utf-8")
    for name, network in {**PRESETS, **RIVALS}.items():
        size = "×".join(map(str, network.input_shape))
        assert f"| `{name}` | {size} | {network.parameters:,} |" in page


def test_pictures_are_drawn_from_the_records():
    tables()
    marks = {"docs/economy.svg": "time", "docs/family.svg": "ablate", "docs/scale.svg": "scale"}
    for picture, record in marks.items():
        drawn = (ROOT / picture).read_text(encoding="utf-8")
        assert drawn.endswith(importlib.import_module("pages.economy").mark(record)), (
            f"{picture}: run python benchmarks/tables.py"
        )
    curves = importlib.import_module("pages.paper")
    assert curves.PICTURE.read_text(encoding="utf-8") == curves.curves()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_readme_is_short():
    assert README.count("\n") < 190
