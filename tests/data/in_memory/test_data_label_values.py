"""Arrays of labels: numbers, texts, one-hot; and what is none."""

from __future__ import annotations

import numpy as np
import pytest

from nin.data.in_memory.label_values import as_labels, by_names_in_order_of_text
from nin.errors import DataError

NUMBERS = np.array([0, 2, 1, 2])


@pytest.mark.parametrize(
    "values",
    [
        NUMBERS,
        NUMBERS[:, None].astype(np.uint8),
        NUMBERS.astype(np.float32),
        np.eye(3)[NUMBERS],
        np.eye(3, dtype=bool)[NUMBERS],
        NUMBERS.tolist(),
    ],
    ids=["integers", "a column", "floats", "one-hot", "booleans", "a list"],
)
def test_numbers_count_from_zero(values):
    labels, classes = as_labels({"y": values})
    assert (labels["y"].tolist(), labels["y"].dtype) == ([0, 2, 1, 2], np.int32)
    assert classes == ("0", "1", "2")
    assert as_labels({"y": values}, ["a", "b", "c"])[1] == ("a", "b", "c")


@pytest.mark.parametrize("kind", [str, object, "S3"])
def test_texts_are_names_of_classes(kind):
    texts = np.array(["dog", "cat", "dog"]).astype(kind)
    labels, classes = as_labels({"y": texts})
    assert (labels["y"].tolist(), classes) == ([1, 0, 1], ("cat", "dog"))
    assert as_labels({"y": texts}, ["dog", "cat"])[0]["y"].tolist() == [0, 1, 0]


def test_the_classes_are_those_of_all_parts():
    labels, classes = as_labels({"y_train": ["a", "c"], "y_test": ["b"]})
    assert (classes, labels["y_test"].tolist()) == (("a", "b", "c"), [1])


@pytest.mark.parametrize(
    ("values", "classes", "said"),
    [
        ([1, 2, 3], None, "labels from 1 to 3: they count from 0, so subtract 1, or give texts"),
        ([1, 2], ["a", "b"], "y: label 2 is out of range for 2 classes, .*so subtract 1"),
        (
            [0, 7],
            ["a", "b"],
            "y: label 7 is out of range for 2 classes, which are numbered 0 to 1$",
        ),
        ([0, -1], None, "y: label -1 is out of range"),
        ([0, 1.5], None, "y holds 1.5: labels must be integers"),
        ([0, np.nan], None, "y holds nan: labels must be integers"),
        ([0, 10**6], None, "labels up to 1,000,000: at most"),
        ([[0.5, 0.5], [1, 0]], None, r"row 0 is not one-hot"),
        ([[1, 1], [1, 0]], None, r"row 0 is not one-hot"),
        (np.eye(3), ["a", "b"], "classes: 2 names, but y has 3 columns"),
        (np.zeros((2, 2, 2)), None, r"y is of shape \(2, 2, 2\)"),
        ([], None, "y is empty"),
        (["a", "b"], ["a"], "y: 'b' is not one of the classes, which are 'a'"),
        ([1j], None, "y holds complex128"),
        ([0], ["a", "a"], "classes: 'a' is given twice"),
    ],
)
def test_what_is_refused_is_one_line(values, classes, said):
    with pytest.raises(DataError, match=said) as caught:
        as_labels({"y": values}, classes)
    assert "\n" not in str(caught.value)


def test_texts_and_numbers_do_not_go_together():
    with pytest.raises(DataError, match="y_train and y_test: some labels are strings"):
        as_labels({"y_train": ["a"], "y_test": [0]})


def test_one_hot_of_no_class_is_empty():
    with pytest.raises(DataError, match="y is empty: it holds no labels"):
        as_labels({"y": np.zeros((5, 0))})


def test_several_labels_of_an_image_are_refused():
    with pytest.raises(DataError, match="y is no array: an image has one label"):
        as_labels({"y": [[0], [0, 1]]})


def test_labels_that_are_elsewhere_are_not_called_several():
    class Elsewhere:
        def __array__(self, dtype=None, copy=None):
            raise TypeError("can't convert cuda:0 device type tensor to numpy")

    with pytest.raises(DataError, match="y cannot be read as an array: can't convert cuda"):
        as_labels({"y": Elsewhere()})


NUMBERED = tuple(sorted(map(str, range(12))))


def test_numbers_are_names_where_the_classes_of_a_folder_are_numbers():
    """Folders have them in the order of text."""
    for given in ([2, 11, 0], [2.0, 11.0, 0.0], [[2], [11], [0]], np.array([[2.0], [11], [0]])):
        labels = by_names_in_order_of_text(given, NUMBERED)
        assert labels.tolist() == ["2", "11", "0"]
    assert by_names_in_order_of_text([1, 2, 1], ("1", "2", "3")).tolist() == ["1", "2", "1"]


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (np.eye(12, dtype=int)[[2, 11]], NUMBERED),
        ([0, 1, 1], ("10", "9")),
        ([0, 1], ("0", "1")),
        ([0, 1], ("cat", "dog")),
        (["10", "2"], NUMBERED),
        ([0.5, 2.0], NUMBERED),
        ([0, 1, 2], ("1", "2", "3")),
    ],
)
def test_other_labels_stay_what_they_are(labels, classes):
    assert by_names_in_order_of_text(labels, classes) is labels


def test_positions_in_classes_that_were_given_stay_positions():
    labels, _ = as_labels({"y": np.arange(12)}, NUMBERED)
    assert labels["y"].tolist() == [*range(12)]
