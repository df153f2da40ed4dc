"""MNIST and Fashion-MNIST, and what all published sets share, read from tiny IDX files."""

import gzip

import numpy as np
import pytest

from nin.data import MNIST, FashionMNIST
from nin.data.mnist import parse_idx
from nin.errors import DataError


def idx(array):
    header = bytes((0, 0, 8, array.ndim)) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def numbered(count, classes):
    images = np.arange(count, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    return images, np.arange(count) % classes


@pytest.fixture(params=[FashionMNIST, MNIST])
def idx_set(request, monkeypatch, tmp_path, pinned):
    """A set of 60 + 20 images, two of its files compressed and two not."""
    parts = [*numbered(60, 10), *numbered(20, 10)]
    contents = [idx(part) for part in parts]
    source = pinned(request.param.published, contents)
    monkeypatch.setattr(request.param, "published", source)
    monkeypatch.setenv("NIN_DATA", str(tmp_path))
    folder = tmp_path / source.name
    folder.mkdir()
    for file, content, zipped in zip(source.files, contents, (1, 0, 1, 0), strict=True):
        name = file.name if zipped else file.stored_name
        (folder / name).write_bytes(gzip.compress(content) if zipped else content)
    return request.param


def test_idx_sets_are_read_compressed_or_not(idx_set):
    data = idx_set(batch_size=16)
    assert data.train.images.shape == (60, 28, 28, 1)
    assert (data.train.images.dtype, data.train.labels.dtype) == (np.uint8, np.int32)
    assert (data.train.images[:, 5, 5, 0] == np.arange(60)).all()
    assert data.test.labels.tolist() == [*range(10)] * 2
    assert data.val_dataloader().num_samples == 20
    assert data.describe()["splits"]["train"]["images"] == 60


def test_validation_and_limit_come_out_of_the_training_images(idx_set):
    data = idx_set(validation=1 / 3, limit=20, seed=5)
    described = data.describe()["splits"]
    assert set(described["train"]["per_class"].values()) == {2}
    assert set(described["validation"]["per_class"].values()) == {2}
    numbers = [set(part.images[:, 0, 0, 0]) for part in (data.train, data.validation_split)]
    assert not numbers[0] & numbers[1]
    assert (data.train.images[:, 0, 0, 0] % 10 == data.train.labels).all()
    assert data.val_dataloader().images is data.validation_split.images
    other = idx_set(validation=1 / 3, limit=20, seed=6)
    assert set(other.train.images[:, 0, 0, 0]) != numbers[0]


def test_a_root_takes_the_place_of_the_environment(idx_set, monkeypatch, tmp_path):
    monkeypatch.setenv("NIN_DATA", "/nowhere")
    assert len(idx_set(root=tmp_path).train.labels) == 60


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\x09\x01\0\0\0\x01x", idx(np.zeros((2, 2)))[:-1], idx(np.zeros(3))]
)
def test_idx_files_must_be_what_they_say(content):
    with pytest.raises(DataError, match="IDX"):
        parse_idx(content, 2)
