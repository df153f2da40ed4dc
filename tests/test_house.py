"""The arrows of the house point down."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src/nin"
#: Room → the rooms it may import from.
BELOW = {
    "errors": set(),
    "files": {"errors"},
    "hyperparameters": set(),
    "installing": set(),
    "backends": {"errors", "installing"},
    "presets": {"errors"},
    "pretrained": {"errors", "installing", "presets"},
    "models": {"backends", "errors", "hyperparameters", "presets"},
    "data": {"backends", "errors", "files", "hyperparameters"},
    "maps": {"data", "errors", "files"},
    "training": {
        *("backends", "data", "errors", "files", "hyperparameters", "models", "presets"),
        "pretrained",
    },
    "study": {
        *("backends", "data", "errors", "files", "hyperparameters", "models", "presets"),
        "training",
    },
    "shipping": {
        *("backends", "data", "errors", "files", "installing", "maps", "models", "training"),
    },
    "cli": {
        *("backends", "data", "errors", "installing", "maps", "models", "presets", "shipping"),
        *("study", "training"),
    },
}
FRAMEWORKS = {"tensorflow", "jax", "torch"}


def room(path):
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


FILES = [path for path in sorted(SOURCE.rglob("*.py")) if not room(path).startswith("_")]


def imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "nin":
            yield from (f"nin.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_room_imports_only_from_rooms_below(path):
    here = room(path)
    ours = {name.split(".")[1] for name in imports(path) if name.startswith("nin.")}
    assert {name for name in ours if name[0] != "_"} - {here} <= BELOW[here]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_frameworks_are_named_in_one_place_only(path):
    named = {name.split(".")[0] for name in imports(path)} & FRAMEWORKS
    assert not named or room(path) == "backends"


def test_no_drawers():
    assert not {path.stem for path in FILES} & {"utils", "util", "common", "helpers", "misc"}
