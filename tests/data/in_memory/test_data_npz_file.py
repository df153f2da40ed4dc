"""Files of arrays: the usual names, nothing unpickled, and what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

import nin
from nin.data.in_memory.npz_file import npz_image_shape, read_npz
from nin.errors import DataError

X, Y = np.zeros((6, 5, 4), np.uint8), np.arange(6) % 2


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        ("x_train y_train x_test y_test", ["train", "test"]),
        ("X_train y_train X_valid y_valid", ["train", "validation"]),
        (
            "train_images train_labels val_images val_labels test_images test_labels",
            ["train", "validation", "test"],
        ),
        ("images labels", ["train"]),
        ("X y", ["train"]),
    ],
)
def test_the_usual_names(names, parts):
    images, labels = names.split()[::2], names.split()[1::2]
    np.savez("data.npz", **dict.fromkeys(images, X), **dict.fromkeys(labels, Y))
    found = read_npz(Path("data.npz"))
    assert ([*found.parts], found.classes) == (parts, None)
    assert npz_image_shape(Path("data.npz")) == (5, 4, 1)


def test_names_of_classes_and_groups_come_along():
    np.savez_compressed("data.npz", images=X, labels=Y, groups=Y, class_names=["left", "right"])
    found = read_npz(Path("data.npz"))
    assert found.classes == ["left", "right"]
    assert found.parts["train"][2].tolist() == Y.tolist()


@pytest.mark.parametrize("shape", [(5, 4, 3), (3, 5, 4)], ids=["last", "first"])
def test_the_shape_is_read_from_the_header(shape):
    np.savez("data.npz", images=np.zeros((6, *shape)), labels=Y)
    assert npz_image_shape(Path("data.npz")) == (5, 4, 3)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (
            {"images": X, "labels": Y, "x_tset": X},
            "holds 'x_tset', which is not a known name: x_train",
        ),
        ({"images": X, "labels": Y, "x": X}, "holds both 'images' and 'x': keep one"),
        ({"x_train": X}, "has no labels for train"),
        ({"class_names": ["a"]}, "holds no images"),
        ({"x_test": X, "y_test": Y}, "holds no images to train on"),
        (
            {"images": X, "labels": np.array(["a", None])},
            "'labels' holds pickled Python objects, which can run code and are never loaded",
        ),
        ({"images": X, "labels": Y[:4]}, "x holds 6 images, and y 4 labels"),
    ],
)
def test_what_is_refused_is_one_line(arrays, said):
    np.savez("data.npz", **arrays)
    with pytest.raises(DataError, match=f"data.npz:? .*{said}") as caught:
        nin.open_data("data.npz")
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_said_to_be():
    Path("text.npz").write_text("no zip")
    with zipfile.ZipFile("other.npz", "w") as file:
        file.writestr("images.npy", "no array")
    np.savez("cut.npz", images=X, labels=Y)
    content = Path("cut.npz").read_bytes()
    Path("cut.npz").write_bytes(content[: len(content) // 2])
    for name in ("text.npz", "other.npz", "cut.npz"):
        for read in (read_npz, npz_image_shape):
            with pytest.raises(DataError, match=f"{name} (is damaged|holds)"):
                read(Path(name))
    with pytest.raises(DataError, match=r"missing.npz: no such file"):
        nin.open_data("missing.npz")


def test_names_of_classes_as_bytes():
    np.savez("data.npz", x=X, y=Y, class_names=np.array([b"cat", b"dog"]))
    assert read_npz(Path("data.npz")).classes == ["cat", "dog"]


def test_one_name_of_a_class_is_no_list():
    np.savez("data.npz", x=X, y=Y, class_names="cat")
    with pytest.raises(DataError, match=r"class_names is of shape \(\): it must be a list"):
        read_npz(Path("data.npz"))


def test_an_encrypted_archive():
    np.savez("data.npz", x=X, y=Y)
    content = bytearray(Path("data.npz").read_bytes())
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        start = content.find(mark)
        while start >= 0:
            content[start + place] |= 1
            start = content.find(mark, start + 1)
    Path("data.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"data\.npz is damaged, or not an \.npz file"):
        read_npz(Path("data.npz"))


def test_a_part_that_is_given_takes_the_place_of_the_files():
    np.savez("data.npz", x_train=X, y_train=Y, x_test=X, y_test=Y)
    data = nin.ImageArrays.from_npz("data.npz", validation=0, test=(X[:2], Y[:2]))
    assert len(data.test.labels) == 2
