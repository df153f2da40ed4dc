"""Packages whose names are listed in a stub and loaded when they are first used."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import nin

SOURCE = Path(nin.__file__).parent
STUBS = sorted(SOURCE.rglob("*.pyi"))


def package(stub):
    return ".".join(stub.relative_to(SOURCE.parent).parent.parts)


def test_there_are_stubs():
    assert {"nin", "nin.data", "nin.training"} <= set(map(package, STUBS))


@pytest.mark.parametrize("stub", STUBS, ids=package)
def test_the_stub_and_the_package_tell_of_the_same_names(stub):
    module = importlib.import_module(package(stub))
    homes = {
        alias.name: f"{package(stub)}.{node.module}"
        for node in ast.parse(stub.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name  # told to type checkers
    }
    shown = [name for name, home in homes.items() if home != "nin.d2l"]
    assert module.__all__ == sorted(shown)
    assert dir(module) == sorted({*shown, "__version__"} if module is nin else shown)
    for name, home in homes.items():
        assert getattr(module, name) is getattr(importlib.import_module(home), name)
        assert name in vars(module)


def test_other_names_do_not_exist():
    for name in ("folder_of_pictures", "_private"):
        assert not hasattr(nin.data, name)
    with pytest.raises(ImportError, match="cannot import name 'Imagefolder'"):
        from nin.data import Imagefolder  # noqa: F401


LOADED = """
import importlib, sys
for name in sys.argv[1:]:
    dir(importlib.import_module(name))
    print(name, *{"keras", "tensorflow", "jax", "torch"} & sys.modules.keys())
"""


def test_keras_is_not_needed_to_import():
    names = [
        *("nin.networks.lookup", "nin.pretrained.trunk", "nin.pretrained.features"),
        *("nin.training", "nin.training.recipes", "nin.training.runs.run", "nin.training.dispatch"),
        *("nin.training.transfer_learning.transfer", "nin.training.runs.run_result"),
        "nin.cli.entry_point",
    ]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOADED, *names],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout.splitlines(), done.stderr) == (names, "")
