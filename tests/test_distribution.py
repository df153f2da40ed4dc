"""The package is built, installed elsewhere and used; its facts agree wherever they are stated."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import nin
from nin.installing import DISTRIBUTION

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SUPPORTED = ["3.11", "3.12", "3.13"]
#: What is no Python and yet belongs to the package, by the endings of its files.
BESIDE_CODE = {".css", ".html", ".jinja", ".js", ".svg", ".typed", ".LICENSE"}


def completed(*command, expected=0, **how):
    """Run a command; returns what it printed on both streams."""
    done = subprocess.run(
        [*map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
        **how,
    )
    assert done.returncode == expected, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with the sdist and the wheel that is made from it."""
    folder = tmp_path_factory.mktemp("dist")
    completed(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built):
    return built / f"keras_nin-{nin.__version__}-py3-none-any.whl"


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The programs of an environment with the wheel in it, and this one's libraries below."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False, symlinks=True)
    python = home / "bin/python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python]
    completed(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel)
    # As lines of a .pth file these folders are searched, but what installs this checkout there,
    # a .pth file as well, is not read.
    libraries = [path for path in sys.path if Path(path).name.endswith("-packages")]
    (site,) = home.glob("lib/python*/site-packages")
    (site / "below.pth").write_text("\n".join(libraries))
    return home / "bin"


@pytest.fixture
def elsewhere(tmp_path):
    """How a command runs away from this checkout."""
    return {
        "cwd": tmp_path,
        "env": {name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    }


def sources():
    """The package's files, as git would have them, relative to the folder that holds `nin`."""
    found = (path for path in (ROOT / "src/nin").rglob("*") if path.is_file())
    return {
        str(path.relative_to(ROOT / "src")) for path in found if "__pycache__" not in path.parts
    }


@pytest.mark.slow
def test_the_wheel_holds_the_package_and_its_licence_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    about = f"keras_nin-{nin.__version__}.dist-info"
    facts = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    assert names == sources() | {f"{about}/{name}" for name in facts}
    assert {Path(name).suffix for name in sources()} == {".py", ".pyi", *BESIDE_CODE}


@pytest.mark.slow
def test_the_sdist_holds_what_the_wheel_is_made_from(built):
    top = f"keras_nin-{nin.__version__}"
    with tarfile.open(built / f"{top}.tar.gz") as archive:
        names = {name.removeprefix(f"{top}/") for name in archive.getnames()}
    beside = {"CHANGELOG.md", "CITATION.cff", "LICENSE", "README.md", "pyproject.toml"}
    # Hatchling adds what git ignores, so that a wheel made from the sdist leaves it out too.
    assert names == {f"src/{name}" for name in sources()} | beside | {".gitignore", "PKG-INFO"}


ABOUT = """
import importlib.metadata, importlib.resources, sys, nin
print(nin.__file__)
print(nin.__version__ == importlib.metadata.version(sys.argv[1]))
print(importlib.resources.files(nin).joinpath("py.typed").is_file())
"""


@pytest.mark.slow
def test_the_installed_package_is_the_one_that_is_imported(installed, elsewhere):
    told = completed(installed / "python", "-W", "error", "-c", ABOUT, DISTRIBUTION, **elsewhere)
    where, *facts = told.splitlines()
    assert Path(where).is_relative_to(installed.parent)
    assert facts == ["True", "True"]


TYPED = """
import nin

def classes(folder: str) -> int:
    data = nin.ImageFolder(folder)
    reveal_type(data.classes)
    reveal_type(nin.open_data)
    reveal_type(nin.__version__)
    return data.train.labels
"""


@pytest.mark.slow
def test_type_checkers_see_the_types_of_the_installed_package(installed, elsewhere):
    (elsewhere["cwd"] / "reader.py").write_text(TYPED)
    python = ("--python-executable", installed / "python", "--cache-dir", os.devnull)
    mypy = [sys.executable, "-m", "mypy", "--strict", "--follow-imports", "silent", *python]
    told = completed(*mypy, "reader.py", expected=1, **elsewhere).splitlines()
    said = [re.sub(r"^reader.py:(\d+): ", r"\1 ", line) for line in told]
    assert said[0] == '6 note: Revealed type is "tuple[str, ...]"'
    assert said[1].startswith('7 note: Revealed type is "def (name_or_folder: str | pathlib.Path')
    assert said[2] == '8 note: Revealed type is "str"'
    assert said[3].startswith('9 error: Incompatible return value type (got "ndarray[')
    assert len(said) == 5


#: Two commands of the installed package in one process: most of each is to import TensorFlow.
TRAIN_AND_PREDICT = """
import sys
from nin.cli.entry_point import run
train = ["train", "digits", "--preset", "lenet", "--epochs", "1", "--limit", "64"]
sys.exit(run([*train, "--out", "run"]) or run(["predict", "run", "digit.png"]))
"""


@pytest.mark.slow
def test_the_installed_command_runs_and_trains_and_predicts(installed, elsewhere):
    assert completed(installed / "nin", "--version", **elsewhere) == f"nin {nin.__version__}\n"
    Image.fromarray(nin.Digits().test.images[0, :, :, 0]).save(elsewhere["cwd"] / "digit.png")
    said = completed(installed / "python", "-c", TRAIN_AND_PREDICT, **elsewhere)
    assert said.splitlines()[-1].startswith("digit.png")


def test_the_versions_of_python_are_the_same_wherever_they_are_stated():
    said = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if " :: 3." in line]
    assert said == SUPPORTED
    oldest, newest = (tuple(map(int, each.split("."))) for each in (said[0], said[-1]))
    limits = f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"
    assert PROJECT["requires-python"] == limits
    words = f"Python {', '.join(said[:-1])} or {said[-1]}"
    for name in ("README.md", "bootstrap.py"):
        assert words in (ROOT / name).read_text(encoding="utf-8"), name
    assert f"{oldest} <= sys.version_info[:2] <= {newest}" in (ROOT / "bootstrap.py").read_text()


def test_the_version_is_the_one_to_cite_and_of_the_latest_changes():
    assert f"\nversion: {nin.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    latest = re.findall(r"(?m)^## (.*)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))[0]
    assert latest.split(",")[0] == nin.__version__


COMPILE = """
import pathlib, sys
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.py")):
    compile(path.read_bytes(), str(path), "exec")
"""


@pytest.mark.slow
@pytest.mark.parametrize("version", ["3.10", *SUPPORTED, "3.14"])
def test_another_python_is_refused_with_what_it_needs_and_can_read_the_code(version, tmp_path):
    """Without the libraries no more can be tried than that it compiles, without a warning."""
    environment = {**os.environ, "PYENV_VERSION": version}  # pyenv's commands need to be told
    python = shutil.which(f"python{version}")
    if (
        not python
        or subprocess.run([python, "-V"], env=environment, capture_output=True).returncode
    ):
        pytest.skip(f"there is no python{version}")
    how = {"env": environment, "cwd": tmp_path, "expected": 2}
    told = completed(python, "-B", ROOT / "bootstrap.py", **how)
    if version in SUPPORTED:
        assert told.startswith("bootstrap: say: python3 bootstrap.py train")
        completed(python, "-W", "error", "-c", COMPILE, ROOT / "src", **{**how, "expected": 0})
    else:
        assert re.match(r"bootstrap: needs Python 3\.11, .*; this is " + version, told)
