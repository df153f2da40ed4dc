"""SVHN, read from tiny files of the same format."""

import io

import numpy as np
import pytest
from scipy.io import savemat

from nin.data import SVHN
from nin.data.svhn import parse_svhn
from nin.errors import DataError


def matlab(count, first=1, **others):
    """A file whose images are of one value each, ten times their label."""
    labels = np.arange(first, first + count, dtype=np.uint8)
    images = np.broadcast_to(10 * labels, (32, 32, 3, count))
    file = io.BytesIO()
    savemat(file, {"X": images, "y": labels[:, None], **others}, do_compression=True)
    return file.getvalue()


def test_it_is_read_from_its_files_and_ten_is_the_digit_nought(pinned, monkeypatch, tmp_path):
    contents = [matlab(10), matlab(2, first=4)]
    source = SVHN.published
    for file, content in zip(source.files, contents, strict=True):
        (tmp_path / "svhn").mkdir(exist_ok=True)
        (tmp_path / "svhn" / file.name).write_bytes(content)
    monkeypatch.setattr(SVHN, "published", pinned(source, contents, train=10, test=2))
    data = SVHN(root=tmp_path)
    assert data.train.labels.tolist() == [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]
    assert data.train.images.shape == (10, 32, 32, 3)
    assert data.train.images[:, 5, 7, 1].tolist() == [10 * label for label in range(1, 11)]
    assert data.test.labels.tolist() == [4, 5]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no such file", "not a MATLAB file of images X and labels y"),
        (matlab(3)[:-40], "not a MATLAB file of images X and labels y|SVHN"),
        (matlab(2), r"SVHN: uint8 images of shape \(32, 32, 3, 2\) and 2 labels, not uint8 of"),
        (matlab(3, y=np.zeros((4, 1), np.uint8)), "and 4 labels"),
        (matlab(3, X=np.zeros((32, 32, 3, 3))), "SVHN: float64 images"),
    ],
)
def test_what_holds_something_else_is_one_line(content, said):
    with pytest.raises(DataError, match=said) as caught:
        parse_svhn(content, 3)
    assert "\n" not in str(caught.value)
