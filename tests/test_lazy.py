"""Names that are loaded when they are first used."""

import subprocess
import sys
from types import ModuleType

import pytest

from nin._lazy import attach

HOME = """
print("loaded")
Value, Other = object(), object()
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package whose names live in a module that says when it is loaded."""
    (tmp_path / "lazy_home.py").write_text(HOME)
    monkeypatch.syspath_prepend(tmp_path)
    module = ModuleType("lazy_package")
    module.__getattr__, module.__dir__ = attach(
        "lazy_package", {"lazy_home": ("Value", "Other"), "no_such_home": ("Missing",)}
    )
    monkeypatch.setitem(sys.modules, "lazy_package", module)
    yield module
    sys.modules.pop("lazy_home", None)


def test_a_name_is_loaded_once_and_then_kept(package, capsys):
    assert "lazy_home" not in sys.modules
    assert "Value" not in vars(package)
    value = package.Value
    assert value is sys.modules["lazy_home"].Value
    assert vars(package)["Value"] is value
    assert capsys.readouterr().out == "loaded\n"
    sys.modules["lazy_home"].Value = None
    assert package.Value is value
    assert "Other" not in vars(package)


def test_its_names_are_told_in_order_without_loading_them(package, capsys):
    assert dir(package) == ["Missing", "Other", "Value"]
    assert capsys.readouterr().out == ""


def test_other_names_do_not_exist(package):
    with pytest.raises(
        AttributeError, match=r"^module 'lazy_package' has no attribute 'lazy_home'$"
    ):
        package.lazy_home  # noqa: B018
    assert not hasattr(package, "Values")


def test_what_cannot_be_imported_is_an_error_of_its_own(package):
    with pytest.raises(ModuleNotFoundError, match="no_such_home"):
        package.Missing  # noqa: B018
    assert "Missing" not in vars(package)


LOADED = """
import importlib, sys
module = importlib.import_module(sys.argv[1])
dir(module)
print(*[name for name in ("keras", "tensorflow", "jax", "torch") if name in sys.modules])
"""


@pytest.mark.parametrize(
    "name",
    [
        *("nin.presets", "nin.pretrained", "nin.pretrained.trunk", "nin.pretrained.features"),
        *("nin.training", "nin.training.recipes", "nin.training.run", "nin.training.dispatch"),
        *("nin.training.transfer", "nin.training.run_result", "nin.cli.entry_point"),
    ],
)
def test_keras_is_not_needed_to_import(name):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOADED, name],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("\n", "")
