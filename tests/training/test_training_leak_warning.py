"""The warning of pictures that are in train and in the test, before a training and after it."""

import shutil
from types import SimpleNamespace

import numpy as np
import photographs
import pytest
from PIL import Image

from nin.data import Digits, ImageArrays, ImageFolder
from nin.training import leak_warning
from nin.training.leak_warning import leak_reminder, warn_of_duplicates


@pytest.fixture
def scenes(tmp_path, monkeypatch):
    """Two classes of pictures in two parts, no two alike."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    root = tmp_path / "scenes"
    for part in ("train", "test"):
        for name in ("hat", "shoe"):
            (root / part / name).mkdir(parents=True)
            for number in range(4):
                photographs.scene(random, (64, 48)).save(root / part / name / f"{number}.png")
    return root


def warned(capsys, path="scenes", **settings):
    record = warn_of_duplicates(ImageFolder(path, image_size=16, **settings))
    out, err = capsys.readouterr()
    assert out == ""
    return record["duplicates"], err.splitlines()


@pytest.mark.usefixtures("scenes")
def test_nothing_is_said_of_a_good_folder_nor_of_a_set(capsys):
    record, lines = warned(capsys)
    assert lines == []
    assert record == {"near_copies": True, "groups": 0, "leaks": [], "under_two_classes": 0}
    assert warn_of_duplicates(Digits(limit=10)) == {}


def test_arrays_that_the_other_run_was_trained_on_are_warned_of(capsys, monkeypatch):
    data, used = ImageArrays(np.zeros((20, 4, 4), np.uint8), np.arange(20) % 2), {"first": 7}
    others = lambda name: SimpleNamespace(count_used=lambda *_: used[name])  # noqa: E731
    monkeypatch.setattr(leak_warning, "load", lambda name: SimpleNamespace(images=others(name)))
    found = warn_of_duplicates(data, "first")
    assert found["duplicates"]["leaks"] == [{"part": "test", "in": "train", "pictures": 7}]
    assert "first, from which training starts, has used 7 of the" in capsys.readouterr().err
    used |= {"another": 0, "gone": None}
    for name in ("another", "gone", None):
        assert warn_of_duplicates(data, name) == {}
    assert capsys.readouterr().err == ""


def test_a_leak_is_counted_named_and_recorded(scenes, capsys):
    for number in range(4):
        shutil.copy(scenes / f"train/hat/{number}.png", scenes / f"test/hat/leak {number}.png")
    record, lines = warned(capsys, validation=0)
    assert lines == [
        "WARNING: 4 of the 12 pictures of test are in train, too (4 the same)",
        "  test/hat/leak 0.png is the same as train/hat/0.png",
        "  test/hat/leak 1.png is the same as train/hat/1.png",
        "  test/hat/leak 2.png is the same as train/hat/2.png",
        "  and 1 more",
        "  Pictures that were trained on test nothing: the accuracy will be too good.",
        "to see them: nin data scenes --sheet duplicates.png",
    ]
    assert record["leaks"] == [{"part": "test", "in": "train", "pictures": 4}]


def test_near_copies_that_chance_divides(scenes, capsys):
    """Of a folder without parts those that fall into different ones are found, too."""
    for number in range(4):
        picture = Image.open(scenes / f"train/hat/{number}.png")
        for copy in range(3):
            picture.save(scenes / f"train/hat/copy {number} {copy}.jpg", quality=50 + 10 * copy)
    record, lines = warned(capsys, scenes / "train", test=0.3, validation=0)
    (leak,) = record["leaks"]
    assert (leak["part"], leak["in"]) == ("test", "train")
    assert leak["pictures"] >= 1
    assert lines[0].startswith("WARNING: ")
    assert "near cop" in lines[0]


def test_a_picture_under_two_classes_is_one_line(scenes, capsys):
    shutil.copy(scenes / "train/hat/0.png", scenes / "train/shoe/hat.png")
    record, lines = warned(capsys, validation=0)
    assert record["under_two_classes"] == 1
    assert lines == [
        "the same picture is in two classes, once (1 the same):"
        " train/hat/0.png (hat) and train/shoe/hat.png (shoe)",
        "to see them: nin data scenes --sheet duplicates.png",
    ]


@pytest.mark.parametrize("limit", ["MOST_PICTURES", "MOST_BYTES"])
def test_in_a_large_folder_only_the_same_are_found(scenes, capsys, monkeypatch, limit):
    monkeypatch.setattr(leak_warning, limit, 10)
    shutil.copy(scenes / "train/hat/0.png", scenes / "test/hat/leak.png")
    record, lines = warned(capsys)
    assert record["near_copies"] is False
    assert record["leaks"] == [{"part": "test", "in": "train", "pictures": 1}]
    assert lines[0].startswith("WARNING: 1 of the 9 pictures of test is in ")
    assert lines[-1].endswith("only exact copies were looked for; nin data finds near copies, too")


def test_the_reminder_speaks_of_the_part_that_was_evaluated_on():
    result = {"split": "test", "n": 12}
    leaks = [
        {"part": "validation", "in": "train", "pictures": 5},
        {"part": "test", "in": "validation", "pictures": 6},
    ]
    assert leak_reminder({"result": result}) is None  # a run of an earlier version
    assert leak_reminder({"result": result, "duplicates": {"leaks": leaks}}) is None
    leaks.append({"part": "test", "in": "train", "pictures": 4})
    assert leak_reminder({"result": result, "duplicates": {"leaks": leaks}}) == (
        "warning  4 of these 12 images, or near copies of them, were trained on"
    )
