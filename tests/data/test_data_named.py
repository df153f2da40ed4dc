"""The published sets, read from tiny files of the same formats."""

import gzip
import hashlib
import io
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from nin.data import CIFAR10, CIFAR100, MNIST, Digits, FashionMNIST, sources
from nin.data.cifar import parse as parse_cifar
from nin.data.idx import parse as parse_idx
from nin.errors import DataError


def idx(array):
    header = bytes((0, 0, 8, array.ndim)) + np.array(array.shape, ">u4").tobytes()
    return header + array.astype(np.uint8).tobytes()


def numbered(count, classes):
    images = np.arange(count, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
    return images, np.arange(count) % classes


def pinned(source, contents, **changes):
    """The table's entry, with the hashes and sizes of other contents."""
    files = [
        replace(file, sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        for file, content in zip(source.files, contents, strict=True)
    ]
    return replace(source, files=tuple(files), system=None, **changes)


@pytest.fixture(params=[FashionMNIST, MNIST])
def idx_set(request, monkeypatch, tmp_path):
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


def test_constructing_reads_nothing(monkeypatch):
    monkeypatch.setattr("nin.data.download.locate", lambda *_: pytest.fail("looked for a file"))
    data = FashionMNIST()
    assert (data.batch_size, data.resize, data.image_shape) == (64, (28, 28), (28, 28, 1))
    assert data.hparams["seed"] == 0
    assert FashionMNIST(32, (224, 224)).resize == (224, 224)
    assert CIFAR10().resize == (32, 32)
    assert data.text_labels([0, 9]) == ["t-shirt", "ankle boot"]


def cifar_archive(path, members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(buffer.getvalue())
    return buffer.getvalue()


def records(labels, label_bytes):
    """Records whose planes hold once, twice and thrice the label, plus ten times the row."""
    rows = []
    for label in labels:
        head = bytes([99] * (label_bytes - 1) + [label])
        slope = 10 * np.arange(32)[:, None] + np.zeros(32, int)
        planes = ((label * k + slope).astype(np.uint8) for k in (1, 2, 3))
        rows.append(head + b"".join(plane.tobytes() for plane in planes))
    return b"".join(rows)


@pytest.mark.parametrize(("kind", "label_bytes"), [(CIFAR10, 1), (CIFAR100, 2)])
def test_cifar_is_read_from_its_archive(kind, label_bytes, monkeypatch, tmp_path):
    members, labels = {"../escape.txt": b"x"}, []
    for number, name in enumerate(kind.members["train"]):
        labels += [number, number + 5]
        members[name] = records(labels[-2:], label_bytes)
    members[kind.members["test"][0]] = records([3], label_bytes)
    source = kind.published
    content = cifar_archive(tmp_path / source.name / source.files[0].name, members)
    tiny = pinned(source, [content], train=len(labels), test=1)
    monkeypatch.setattr(kind, "published", tiny)
    data = kind(root=tmp_path)
    assert data.train.labels.tolist() == labels
    assert data.train.images.shape == (len(labels), 32, 32, 3)
    assert data.train.images[-1, 7, 9].tolist() == [70 + k * labels[-1] for k in (1, 2, 3)]
    assert data.test.labels.tolist() == [3]
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        source.files[0].name
    ]


def test_cifar_members_must_be_there_in_full(tmp_path):
    content = cifar_archive(tmp_path / "a" / "a.tar.gz", {"train.bin": records([1], 1)[:-1]})
    with pytest.raises(DataError, match=r"lacks train\.bin, or its length is wrong"):
        parse_cifar(content, ["train.bin"], 1, 1)


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\x09\x01\0\0\0\x01x", idx(np.zeros((2, 2)))[:-1], idx(np.zeros(3))]
)
def test_idx_files_must_be_what_they_say(content):
    with pytest.raises(DataError, match="IDX"):
        parse_idx(content, 2)


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
    for source in (sources.FASHION_MNIST, sources.MNIST, sources.CIFAR10, sources.CIFAR100):
        assert len(set(source.classes)) == len(source.classes) in (10, 100)
        assert all(len(bytes.fromhex(file.sha256)) == 32 for file in source.files)
        assert len({file.sha256 for file in source.files}) == len(source.files)
    for source in (sources.FASHION_MNIST, sources.MNIST):
        train, labels, test, _ = source.files
        height, width, _ = source.shape
        assert train.size == 16 + source.train * height * width
        assert test.size == 16 + source.test * height * width
        assert labels.size == 8 + source.train
    assert list(sources.CIFAR100.classes) == sorted(sources.CIFAR100.classes)
