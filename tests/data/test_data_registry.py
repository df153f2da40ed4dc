"""The catalogue, opening by name, and what importing the package costs."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import nin.data
from nin.data import Digits, FashionMNIST, ImageFolder, catalogue, open_data
from nin.errors import DataError, UnknownNameError


def test_the_catalogue_tells_what_is_here(monkeypatch, tmp_path):
    monkeypatch.setenv("NIN_DATA", str(tmp_path))
    source = replace(FashionMNIST.published, system=None)
    monkeypatch.setattr(FashionMNIST, "published", source)
    rows = {row.name: row for row in catalogue()}
    assert list(rows) == ["fashion-mnist", "mnist", "cifar10", "cifar100", "svhn", "digits"]
    row = rows["fashion-mnist"]
    assert row[1:6] == (10, 60_000, 10_000, "28x28x1", None)
    assert (row.licence, row.home) == ("MIT", source.home)
    assert rows["digits"].where == "scikit-learn"
    folder = tmp_path / "fashion-mnist"
    folder.mkdir()
    for file in source.files[1:]:
        (folder / file.stored_name).touch()
    assert catalogue()[0].where is None
    (folder / source.files[0].name).touch()
    assert catalogue()[0].where == str(folder)


def test_sets_are_opened_by_name_or_folder(pictures, monkeypatch, tmp_path):
    root = pictures({"cat": 10, "dog": 10})
    data = open_data("digits", batch_size=7, seed=3)
    assert isinstance(data, Digits)
    assert (data.batch_size, data.seed) == (7, 3)
    for folder in (root, str(root)):
        assert isinstance(open_data(folder, image_size=6), ImageFolder)
    monkeypatch.chdir(tmp_path)
    assert isinstance(open_data("photos"), ImageFolder)
    root.rename(tmp_path / "digits")
    assert isinstance(open_data("digits"), Digits)
    assert isinstance(open_data("./digits"), ImageFolder)


def test_unknown_names_and_missing_folders(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'cifar10'"):
        open_data("cifar-10")
    with pytest.raises(DataError, match="no such folder"):
        open_data(tmp_path / "missing")
    with pytest.raises(DataError, match="no such folder"):
        open_data("some/where")


def test_settings_a_set_does_not_take(pictures):
    with pytest.raises(DataError, match="Digits takes no image_size: it takes batch_size, resize"):
        open_data("digits", image_size=64)
    with pytest.raises(
        DataError, match="ImageFolder takes no resize: it takes batch_size, image_s"
    ):
        open_data(pictures({"a": 9, "b": 9}), resize=(8, 8))


def test_every_public_name_is_there():
    for name in nin.data.__all__:
        assert getattr(nin.data, name).__doc__
    assert dir(nin.data) == sorted(nin.data.__all__)
    with pytest.raises(AttributeError, match="attribute nothing"):
        nin.data.nothing  # noqa: B018


def test_nothing_heavy_is_imported_before_it_is_needed():
    program = (
        "import sys, nin.data; nin.data.FashionMNIST(); nin.data.catalogue(); nin.data.ImageFolder;"
        "print({'keras', 'sklearn', 'matplotlib', 'PIL', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_path_is_never_the_name_of_a_set(pictures, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    pictures({"cat": 5, "dog": 5}, folder="digits")
    assert isinstance(open_data(Path("digits")), ImageFolder)
