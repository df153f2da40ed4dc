"""What is said of a folder before training on it."""

import numpy as np
from PIL import Image

import nin
from nin.data import ImageFolder
from nin.training.runs.data_notes import found_note, show_found


def folder(root, **counts):
    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(np.full((6, 6, 3), number, np.uint8)).save(
                root / name / f"{number}.png"
            )
    return root


def test_how_a_folder_is_divided(tmp_path, capsys):
    data = ImageFolder(folder(tmp_path / "x", cat=20, dog=20), split_by="position")
    assert found_note(data).splitlines()[2:] == ["used: train 32, validation 4, test 4"]
    assert found_note(data, divided=False) == data.inventory.text()
    show_found(data)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", f"{found_note(data)}\n")


def test_a_part_without_a_class_is_said(tmp_path):
    root = folder(tmp_path / "x", cat=20, eel=1)
    data = ImageFolder(root, validation=0, split_by="position")
    assert found_note(data).splitlines()[-1] == "used: train 19, test 2 (none of eel)"


def test_nothing_is_said_of_published_sets():
    assert found_note(nin.Digits()) is None
