"""The published sets: what each says of itself before anything is read, and the digits."""

import numpy as np
import pytest

from nin.data import CIFAR10, CIFAR100, MNIST, SVHN, Digits, FashionMNIST


def test_constructing_reads_nothing(monkeypatch):
    monkeypatch.setattr("nin.data.download.locate", lambda *_: pytest.fail("looked for a file"))
    data = FashionMNIST()
    assert (data.batch_size, data.resize, data.image_shape) == (64, (28, 28), (28, 28, 1))
    assert data.hparams["seed"] == 0
    assert FashionMNIST(32, (224, 224)).resize == (224, 224)
    assert CIFAR10().resize == (32, 32)
    assert data.text_labels([0, 9]) == ["t-shirt", "ankle boot"]


def test_the_digits_are_split_alike_whatever_the_seed():
    data, other = Digits(seed=1), Digits(seed=2)
    assert (len(data.train.labels), len(data.test.labels)) == (1438, 359)
    assert (data.train.images == other.train.images).all()
    assert data.train.images.shape == (1438, 8, 8, 1)
    assert (data.train.images.min(), data.train.images.max()) == (0, 255)
    assert min(data.describe()["splits"]["test"]["per_class"].values()) == 35
    pixels = np.concatenate([data.train.images, data.test.images]).reshape(1797, -1)
    assert len(np.unique(pixels, axis=0)) == 1797


def test_the_table_is_consistent():
    for source in (kind.published for kind in (FashionMNIST, MNIST, CIFAR10, CIFAR100, SVHN)):
        assert len(set(source.classes)) == len(source.classes) in (10, 100)
        assert all(len(bytes.fromhex(file.sha256)) == 32 for file in source.files)
        assert len({file.sha256 for file in source.files}) == len(source.files)
    for source in (FashionMNIST.published, MNIST.published):
        train, labels, test, _ = source.files
        height, width, _ = source.shape
        assert train.size == 16 + source.train * height * width
        assert test.size == 16 + source.test * height * width
        assert labels.size == 8 + source.train
    assert list(CIFAR100.published.classes) == sorted(CIFAR100.published.classes)
