"""Predictions for files are counted, and what cannot be read is named in one line."""

import pytest

from nin.errors import DataError
from nin.inference.predicted_files import PredictedFiles, counted_images


class Sure:
    """Answers every file, but for those called bad."""

    def predict_files(self, paths, top, *, min_probability, errors):
        del top, min_probability
        for path in paths:
            if "bad" not in path:
                yield {"file": path, "label": "sky", "probability": 1.0}
            elif errors == "raise":
                raise DataError(f"{path}: no picture")
            else:
                yield {"file": path, "error": "no\npicture"}


def test_what_cannot_be_read_is_a_row_and_a_complaint():
    predicted = PredictedFiles(["a", "bad", "b"])
    assert [row["file"] for row in predicted.predictions(Sure())] == ["a", "bad", "b"]
    assert predicted.count == 2
    assert predicted.unreadable_line() == r"1 of 3 images cannot be read: bad: no\npicture"


def test_skip_bad_leaves_unreadable_files_out():
    predicted = PredictedFiles(["bad", "a"], skip_bad=True)
    assert [row["file"] for row in predicted.predictions(Sure())] == ["a"]
    assert predicted.unreadable_line() == r"left out 1 unreadable image: bad: no\npicture"


def test_ten_are_named_and_the_others_counted():
    predicted = PredictedFiles([f"bad{number}" for number in range(1200)])
    assert len([*predicted.predictions(Sure())]) == 1200
    assert predicted.unreadable_line().startswith("1,200 of 1,200 images cannot be read: bad0: ")
    assert predicted.unreadable_line().endswith("bad9: no\\npicture; and 1190 more")


def test_a_single_one_is_an_error():
    with pytest.raises(DataError, match="no picture"):
        list(PredictedFiles(["bad"]).predictions(Sure()))


def test_one_is_no_plural():
    assert [counted_images(1), counted_images(2, "small ")] == ["1 image", "2 small images"]
