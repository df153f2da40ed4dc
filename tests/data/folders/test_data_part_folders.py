"""Folders that are parts, classes that are called like parts, and what is unclear."""

import pytest

from nin.data import ImageFolder
from nin.errors import DataError


@pytest.fixture
def photos(pictures, tmp_path):
    """Make ``photos`` of ``{"train/cat": 8}``, and return it."""

    def make(**folders):
        for name, counts in folders.items():
            place = "photos/" + name.replace("__", "/").replace("0", " ")
            pictures(counts if isinstance(counts, dict) else {"": counts}, place)
        return tmp_path / "photos"

    return make


def counts(root):
    return ImageFolder(root).inventory.pictures


def refusal(root):
    with pytest.raises(DataError) as raised:
        ImageFolder(root)
    assert "\n" not in str(raised.value)
    return str(raised.value)


CATS = {"cat": 8, "dog": 8}
FEW = {"cat": 2, "dog": 2}


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("seg_train", "seg_test"),
        ("training_set", "test_set"),
        ("TRAIN", "Test0Set"),
        ("train_images", "testing"),
        ("flowers-train", "flowers-test"),
        ("train_1", "test_1"),
    ],
)
def test_parts_under_the_names_people_use(photos, train, test):
    assert counts(photos(**{train: CATS, test: FEW})) == {"train": 16, "test": 4}


def test_parts_within_folders_of_their_name(photos):
    root = photos(seg_train__seg_train=CATS, seg_test__seg_test=FEW, seg_pred__seg_pred=5)
    inventory = ImageFolder(root).inventory
    assert inventory.pictures == {"train": 16, "test": 4}
    assert inventory.part_names == {"train": "seg_train/seg_train", "test": "seg_test/seg_test"}
    assert inventory.left_out == {"pictures in seg_pred": 5}


def test_a_class_called_train_beside_others_of_its_kind(photos):
    kinds = {"day": 4, "night": 4}
    root = photos(bus=kinds, car=kinds, plane=kinds, train=kinds)
    data = ImageFolder(root)
    assert data.classes == ("bus", "car", "plane", "train")
    assert data.inventory.pictures == {"train": 32}


def test_trains_and_tubes_are_classes(photos):
    kinds = {"day": 4, "night": 4}
    root = photos(bullet_train=kinds, freight_train=kinds, test_tube=9)
    assert ImageFolder(root).classes == ("bullet_train", "freight_train", "test_tube")


def test_a_class_called_test_among_flat_ones(photos):
    assert ImageFolder(photos(control=8, test=8)).classes == ("control", "test")


def test_a_test_without_labels_beside_classes_is_refused(photos):
    assert "is test a part without labels, or a class beside cat, dog?" in refusal(
        photos(cat=8, dog=8, test=8)
    )


def test_vehicles_may_be_trains(photos):
    assert ImageFolder(photos(bus=8, plane=8, train=8)).classes == ("bus", "plane", "train")


def test_tickets_may_be_valid(photos):
    assert ImageFolder(photos(expired=8, torn=8, valid=8)).classes == ("expired", "torn", "valid")


def test_only_a_folder_of_training_pictures(photos):
    assert counts(photos(my_train=CATS)) == {"train": 16}


def test_two_folders_for_one_part_are_refused(photos):
    assert "both train and train_old: keep one folder for train" in refusal(
        photos(train=CATS, train_old=CATS, test=FEW)
    )


def test_names_that_are_not_shared_are_refused_where_classes_are(photos):
    assert "images_a_train and holdout_test look like parts of the data" in refusal(
        photos(images_a_train=CATS, holdout_test=FEW)
    ).replace("holdout_test and images_a_train", "images_a_train and holdout_test")


def test_what_may_be_a_part_or_a_class_is_refused_with_the_way_out(photos):
    message = refusal(photos(train=CATS, more=8))
    assert "is train a part of the data, or a class beside more?" in message
    assert "move the others away" in message


def test_a_test_folder_beside_the_classes_is_refused(photos):
    assert "put cat, dog into train/" in refusal(photos(cat=8, dog=8, test=FEW))


def test_a_further_folder_with_the_same_classes_is_refused(photos):
    assert "extra holds classes of train but its name is not that of a part" in refusal(
        photos(train=CATS, test=FEW, extra=FEW)
    )


def test_without_training_pictures(photos):
    assert "has val, test but no train" in refusal(photos(val=FEW, test=FEW)).replace(
        "test, val", "val, test"
    )


def test_a_test_part_without_labels_is_left_out_and_said(photos):
    root = photos(train=CATS, test=7)
    data = ImageFolder(root)
    assert data.parts == ("train", "validation")
    assert data.inventory.part_names == {"train": "train"}
    assert "left out: pictures in test, which has no class folders 7" in data.inventory.text()
    assert counts(photos(val__unknown=3)) == {"train": 16}


def test_a_part_may_lack_a_class(photos):
    root = photos(train={"cat": 8, "dog": 8, "eel": 8}, test={"dog": 2})
    (root / "test" / "eel").mkdir()
    data = ImageFolder(root, image_size=6)
    assert data.inventory.lacking == {"test": ["cat", "eel"]}
    assert "test has no picture of cat, eel" in data.inventory.text()
    assert data.test.labels.tolist() == [1, 1]
    assert data.describe()["splits"]["test"]["per_class"] == {"cat": 0, "dog": 2, "eel": 0}


def test_a_class_that_is_only_tested_is_refused(photos):
    root = photos(train=CATS, test={"cat": 2, "eel": 2})
    assert "test: no training pictures of eel" in refusal(root)
    (root / "test" / "eel").rename(root / "test" / "Dog")
    assert "Dog is called dog in the training part: give both the same name" in refusal(root)


def test_a_class_with_one_picture(photos):
    data = ImageFolder(photos(cat=1, dog=20), image_size=6)
    assert data.inventory.pictures == {"train": 21}
    assert 0 in data.train.labels


def test_a_folder_around_everything_is_named(photos):
    root = photos(inner__train=CATS, inner__test=FEW)
    assert f"{root / 'inner'} holds 2 folders: did you mean that one?" in refusal(root)


def test_one_name_in_two_unicode_forms(photos):
    root = photos(train={"cafe\u0301": 8, "tea": 8}, test={"caf\u00e9": 2, "tea": 2})
    data = ImageFolder(root)
    assert data.classes == ("caf\u00e9", "tea")
    assert data.inventory.lacking == {}
    (root / "train" / "caf\u00e9").mkdir()
    assert "two folders are called caf\u00e9" in refusal(root)


def test_a_part_in_words_that_are_not_known_is_called_otherwise(photos):
    message = refusal(photos(training=CATS, abnahme=FEW))
    assert "a class beside abnahme? For a part, call abnahme validation or test; for a" in message
