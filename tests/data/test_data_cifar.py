"""CIFAR-10 and CIFAR-100, read from tiny archives of the same format."""

import io
import tarfile

import numpy as np
import pytest

from nin.data import CIFAR10, CIFAR100
from nin.data.cifar import parse_cifar
from nin.errors import DataError


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
def test_cifar_is_read_from_its_archive(kind, label_bytes, pinned, monkeypatch, tmp_path):
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
