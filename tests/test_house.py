"""The arrows of the house point down, between rooms and between files; each name is used once."""

from __future__ import annotations

import ast
import functools
import re
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import nin

SOURCE = Path(__file__).parents[1] / "src/nin"
#: Room → what it may import: rooms, or single files of one.
BELOW = {
    "errors": {"names", "urls"},
    "files": {"errors"},
    "hyperparameters": {"errors"},
    "installing": set(),
    "names": set(),
    "onnx_graph": set(),
    "progress_board": {"files", "hyperparameters", "plotting"},
    "orphans": set(),
    "cluster": {"errors", "installing"},
    "plotting": set(),
    "notebook_figure": {"plotting"},
    "progress": set(),
    "backends": {"errors", "installing"},
    "networks": {"errors"},
    "urls": set(),
    "pretrained": {"errors", "installing", "networks", "onnx_graph"},
    "models": {"backends", "errors", "hyperparameters", "networks", "progress_board"},
    "data": {
        *("backends", "errors", "files", "hyperparameters", "installing", "names"),
        *("notebook_figure", "plotting", "progress", "urls"),
    },
    "accounting": {"backends", "errors", "models"},
    "maps": {"data", "errors", "files", "names", "notebook_figure", "plotting"},
    "training": {
        *("accounting", "backends", "data", "errors", "files", "hyperparameters", "models"),
        *("names", "networks", "notebook_figure", "plotting", "pretrained", "progress"),
        *("progress_board", "urls"),
    },
    "d2l": {
        "backends",
        "data",
        "errors",
        "hyperparameters",
        "models",
        "plotting",
        "progress_board",
    },
    "study": {
        *("accounting", "backends", "data", "errors", "files", "models", "orphans", "plotting"),
        *("installing", "networks", "pretrained", "progress", "training"),
    },
    "inference": {
        *("backends.tensorflow_formats", "cluster", "data.decoding", "data.folders.picture_files"),
        *("data.shards", "data.storage", "errors", "files", "installing", "names", "progress"),
        *("urls",),
    },
    "exporting": {
        *("backends", "data", "errors", "files", "inference", "installing", "models", "names"),
        *("onnx_graph", "orphans", "training"),
    },
    "serving": {
        *("data.decoding", "errors", "files", "inference", "installing", "maps", "names"),
        "orphans",
    },
    "cli": {
        *("accounting", "backends", "cluster", "data", "errors", "exporting", "files"),
        *("inference", "installing", "maps", "models", "names", "networks", "serving", "study"),
        *("training", "urls"),
    },
}
FRAMEWORKS = {"tensorflow", "jax", "torch"}
#: Lines of a file that is one idea; a shorter one belongs to its neighbour, a longer one is two.
SHORTEST, LONGEST = 40, 305
#: Folders of things of one kind, a file each, however short it is.
FAMILIES = {"nin.cli", "nin.models", "nin.training.recipes", "nin.inference.engines"}
#: Short files with a reason of their own.
SHORT = {
    "nin.__main__": "python -m nin",
    "nin._version": "read by the build",
    "nin.d2l.class_building": "section 3.2 of the book, apart from its networks",
    "nin.data.decoding.header": "reads what is asked of a file before it is decoded",
    "nin.data.decoding.orientation": "below the two files that decode",
    "nin.installing": "the only place with this package's name on the package index",
    "nin.notebook_figure": "matplotlib is imported with it",
    "nin.orphans": "below the rooms that start processes",
    "nin.serving.problems": "what its middleware and its routes both respond with",
    "nin.serving.process_memory": "the system's own calls, for the server and its workers",
    "nin.study.statistics.pareto": "one definition, for tables and plots",
    "nin.training.draw_curves": "a callback, imported by Trainer alone",
}


def room(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def module(path):
    """``nin.data.split`` of its file, ``nin.data`` of its ``__init__.py``."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


EVERY = {module(path): path for path in sorted(SOURCE.rglob("*.py"))}
FILES = [path for path in EVERY.values() if not room(path).startswith("_")]


@functools.cache
def imports(path):
    """What a file imports, wherever in it: for type checkers only and inside functions, too.

    A package's `__init__.py` imports, when they are used, the names in the stub beside it.
    """
    files = [file for file in (path, path.with_suffix(".pyi")) if file.exists()]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    return {name for tree in trees for name in imported(tree, module(path))}


def imported(tree, package):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            home = f"{package}.{node.module}" if node.level else node.module
            names = (f"{home}.{alias.name}" for alias in node.names)
            yield from (name if name in EVERY else home for name in names)


def may(allowed, name):
    """Whether ``nin.data.decoding.decode`` is among what is allowed: by itself, or its room."""
    return any(f"{name}.".startswith(f"nin.{each}.") for each in allowed)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_from_rooms_below(path):
    here = room(path)
    ours = {name for name in imports(path) if name.startswith("nin.") and name[4] != "_"}
    assert not {name for name in ours if not may({*BELOW[here], here}, name)}


def test_every_room_has_its_place():
    assert {room(path) for path in FILES} == set(BELOW)


def test_the_readme_shows_the_folders_and_which_way_they_import():
    text = (SOURCE.parents[1] / "README.md").read_text(encoding="utf-8")
    tree = text.partition("src/nin/\n")[2].partition("benchmarks/")[0]
    assert set(re.findall(r"(\w+)/", tree)) >= {
        path.parent.name for path in SOURCE.glob("*/__init__.py")
    }
    (chains,) = re.findall(r"Imports run one way: `(.*)`,\s+and\s+`(.*)`", text)
    for chain in chains:
        above, *others = [{*layer.split(", ")} for layer in chain.split(" → ")]
        for below in others:
            assert all(direct(name) & below for name in above), (above, below)
            assert not any(reached(name) & above for name in below), (above, below)
            above = below


def direct(name):
    """The rooms that a room imports."""
    return {each.split(".")[0] for each in BELOW[name]}


def reached(name):
    """The rooms that a room imports, directly or not."""
    return direct(name).union(*map(reached, direct(name)))


def test_no_circle_of_rooms():
    order({name: direct(name) for name in BELOW})


def test_no_circle_of_files():
    order({name: imports(path) & EVERY.keys() - {name} for name, path in EVERY.items()})


PACKAGES = [name for name, path in EVERY.items() if path.name == "__init__.py"]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_circle_of_packages(package):
    """Of the files and packages in a package none needs what needs it."""

    def member(name):
        inside = name.removeprefix(f"{package}.")
        return None if inside == name else inside.split(".")[0]

    graph = defaultdict(set)
    for name, path in EVERY.items():
        if here := member(name):
            graph[here] |= {member(other) for other in imports(path)} - {None, here}
    order(graph)


def order(graph):
    """Sort a graph; a circle fails with the way round it."""
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" ← ".join(error.args[1]))


def test_no_two_files_of_one_name():
    found = defaultdict(list)
    for name, path in EVERY.items():
        found[path.stem].append(name)
    found = {stem: names for stem, names in found.items() if len(names) > 1}
    assert set(found) == {"__init__"}


def test_no_two_public_classes_of_one_name():
    found = defaultdict(list)
    for name, path in EVERY.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(name)
    assert not {name: homes for name, homes in found.items() if len(homes) > 1}


def test_no_room_hides_a_name_of_the_front_door():
    """Importing a room binds its module where the front door may have a function of that name."""
    assert not set(nin.__all__) & set(BELOW)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_frameworks_are_named_in_one_place_only(path):
    named = {name.split(".")[0] for name in imports(path)} & FRAMEWORKS
    assert not named or room(path) == "backends"


def test_every_file_is_one_idea():
    lines = {
        name: len(path.read_text(encoding="utf-8").splitlines())
        for name, path in EVERY.items()
        if path.name != "__init__.py"
    }
    short = {name for name, count in lines.items() if count < SHORTEST}
    assert {name for name in short if name.rpartition(".")[0] not in FAMILIES} == set(SHORT)
    assert not {name for name, count in lines.items() if count > LONGEST}


def test_no_drawers():
    assert not {path.stem for path in FILES} & {"utils", "util", "common", "helpers", "misc"}
