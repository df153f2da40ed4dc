"""`nin data`: the sets that are known, and the check of a folder."""

import json
import shutil

import numpy as np
import photographs
import pytest
from PIL import Image


@pytest.fixture
def scenes(tmp_path):
    """Two classes of pictures in two parts, no two alike."""
    random = np.random.default_rng(0)
    root = tmp_path / "scenes"
    for part in ("train", "test"):
        for name in ("hat", "shoe"):
            (root / part / name).mkdir(parents=True)
            for number in range(3):
                photographs.scene(random, (64, 48)).save(root / part / name / f"{number}.png")
    return root


def test_a_good_folder_is_a_zero(nin, scenes):
    result = nin("data", scenes, "--sheet", "sheet.png")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"{scenes.name}: 12 pictures in 2 classes; train 6, test 6\n")
    assert "all have a side below 288 pixels" in result.out
    assert result.out.endswith("all can be read\nno duplicate pictures\n")
    assert not (scenes.parent / "sheet.png").exists()


def test_a_leak_is_a_one_and_can_be_seen(nin, scenes):
    shutil.copy(scenes / "train/hat/0.png", scenes / "test/hat/leak.png")
    result = nin("data", "scenes")
    assert (result.code, result.err) == (1, "")
    *_, leak, pair, following = result.out.splitlines()
    assert leak == "1 of the 7 pictures of test is in train, too (1 the same)"
    assert pair == "  test/hat/leak.png is the same as train/hat/0.png"
    assert following == "to see them: nin data scenes --sheet duplicates.png"
    result = nin(*following.split()[4:])
    assert result.code == 1
    assert result.out.endswith("\ncontact sheet: duplicates.png\n")
    with Image.open("duplicates.png") as sheet:
        assert sheet.width > 300


def test_as_json(nin, scenes):
    shutil.copy(scenes / "train/hat/0.png", scenes / "test/shoe/leak.png")
    result = nin("data", scenes, "--json", "--sheet", "sheet.png")
    assert (result.code, result.err) == (1, "")
    assert result.json["duplicates"]["leaks"] == [{"part": "test", "in": "train", "pictures": 1}]
    assert result.json["duplicates"]["under_two_classes"] == 1
    assert result.json["sheet"] == "sheet.png"
    assert json.loads(result.out)["per_class"]["test"] == {"hat": 3, "shoe": 4}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("data scene", "scene: no such folder: did you mean scenes?"),
        (
            "data scenes --sheet scenes/train/hat/0.png",
            "and is not a contact sheet",
        ),
        ("data scenes/train/hat/0.png", "not a folder"),
        ("data scenes/train/hat", "put each class in one of its own"),
        (
            "data cifar10",
            "cifar10 is a published data set, not a folder: nin data without",
        ),
        ("data scenes --sheet sheet.pdf", "sheet.pdf: a contact sheet is written as .png or .jpg"),
        ("data --sheet sheet.png", "name the folder: nin data FOLDER --sheet sheet.png"),
    ],
)
@pytest.mark.usefixtures("scenes")
def test_mistakes_are_one_line(nin, line, said):
    result = nin(*line.split())
    assert result.is_mistake(), result
    assert said in result.err
    assert len(result.err.splitlines()) == 1


def test_a_sheet_that_cannot_be_written_is_one_line(nin, scenes):
    shutil.copy(scenes / "train/hat/0.png", scenes / "test/hat/leak.png")
    result = nin("data", scenes, "--sheet", scenes / "train/hat/0.png/sheet.png")
    assert result.is_mistake(), result
    assert "cannot write" in result.err
