"""Names that stand for a part of a data set, and names that do not."""

import pytest

from nin.data.folders.part_names import read_part


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("TRAIN_IMAGES", "train"),
        ("TrAiN", "train"),
        ("Entraînement", "train"),
        ("entrenamiento", "train"),
        ("Validierung", "validation"),
        ("prueba_2", "test"),
        ("TeSt", "test"),
        ("TeStSet 2", "test"),
        ("testSet2", "test"),
        ("training_set", "train"),
        ("trainset", "train"),
        ("TrainData", "train"),
        ("train 2", "train"),
        ("train (1)", "train"),
        ("train2017", "train"),
        ("train_val", "train"),
        ("val", "validation"),
        ("valid", "validation"),
        ("Validation Set", "validation"),
        ("dev", "validation"),
        ("eval-images", "validation"),
        ("Test Set", "test"),
        ("testing", "test"),
        ("test_images", "test"),
    ],
)
def test_a_part_and_words_that_say_nothing(name, part):
    assert read_part(name) == (part, ())


def test_other_words_are_kept():
    assert read_part("seg_train") == ("train", ("seg",))
    assert read_part("bullet train") == ("train", ("bullet",))
    assert read_part("test_tube") == ("test", ("tube",))


@pytest.mark.parametrize(
    "name", ["cat", "trainer", "contest", "invalid", "latest", "trains", "", "…", "train_test", "7"]
)
def test_names_of_no_part(name):
    assert read_part(name) is None
