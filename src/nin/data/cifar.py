"""CIFAR-10 and CIFAR-100, from their binary version: an archive of records, no pickle."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from nin.data.download import RemoteFile, Source, fetch
from nin.data.named import NamedData
from nin.data.split import Part, Split
from nin.errors import DataError

SIDE = 32
PIXELS = 3 * SIDE * SIDE

_HOME = "https://www.cs.toronto.edu/~kriz/"
_LICENCE = "none stated; the authors ask to be cited"
_PAPER = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images"

# The hash of an archive covers its members, whose own hashes the authors do not publish.
_CIFAR10 = Source(
    name="cifar10",
    classes=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
    train=50_000,
    test=10_000,
    shape=(32, 32, 3),
    home=_HOME + "cifar.html",
    licence=_LICENCE,
    citation=_PAPER,
    files=(
        RemoteFile(
            _HOME + "cifar-10-binary.tar.gz",
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            170_052_171,
            gzipped=False,
        ),
    ),
)

_CIFAR100 = Source(
    name="cifar100",
    classes=tuple(
        """
        apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus
        butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch
        crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house
        kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
        mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree
        plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark
        shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table
        tank telephone television tiger tractor train trout tulip turtle wardrobe whale
        willow_tree wolf woman worm
        """.split()  # noqa: SIM905
    ),
    train=50_000,
    test=10_000,
    shape=(32, 32, 3),
    home=_HOME + "cifar.html",
    licence=_LICENCE,
    citation=_PAPER,
    files=(
        RemoteFile(
            _HOME + "cifar-100-binary.tar.gz",
            "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
            168_513_733,
            gzipped=False,
        ),
    ),
)


class _CifarData(NamedData):
    """Sets kept in one archive: which members to read, and how long their labels are."""

    members: ClassVar[dict[str, tuple[str, ...]]]
    label_bytes: ClassVar[int]

    def stored(self, part: Part) -> Split:
        """Read all images and labels of one part."""
        source, names = self.published, self.members[part]
        archive = fetch(source, source.files[0], self.root)
        count = (source.test if part == "test" else source.train) // len(names)
        images, labels = parse_cifar(archive, names, count, self.label_bytes)
        return Split(images, labels.astype(np.int32))


class CIFAR10(_CifarData):
    """CIFAR-10: 50,000 + 10,000 colour 32×32 photographs in ten classes; see `NamedData`.

    Example:
        >>> nin.CIFAR10(batch_size=128).text_labels([0, 9])
        ['airplane', 'truck']
    """

    published = _CIFAR10
    members: ClassVar = {
        "train": tuple(f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)),
        "test": ("cifar-10-batches-bin/test_batch.bin",),
    }
    label_bytes = 1


class CIFAR100(_CifarData):
    """CIFAR-100: 50,000 + 10,000 colour 32×32 photographs in 100 classes; see `NamedData`.

    Example:
        >>> len(nin.CIFAR100().classes)
        100
    """

    published = _CIFAR100
    members: ClassVar = {
        "train": ("cifar-100-binary/train.bin",),
        "test": ("cifar-100-binary/test.bin",),
    }
    label_bytes = 2


def parse_cifar(
    archive: bytes, members: Sequence[str], images: int, label_bytes: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the images (n, 32, 32, 3) and labels (n,) of some members of an archive.

    Args:
        archive: the content of the ``.tar.gz`` file; nothing is written to disk.
        members: names of members, in the order wanted.
        images: number of images in each member.
        label_bytes: 1 for CIFAR-10; 2 for CIFAR-100, whose second byte is the fine label.

    Raises:
        DataError: a member is missing or has the wrong length.
    """
    record = label_bytes + PIXELS
    found = _members(archive, frozenset(members), images * record)
    if missing := [name for name in members if name not in found]:
        raise DataError(f"the CIFAR archive lacks {missing[0]}, or its length is wrong")
    records = np.concatenate([np.frombuffer(found[name], np.uint8) for name in members])
    records = records.reshape(-1, record)
    planes = records[:, label_bytes:].reshape(-1, 3, SIDE, SIDE)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), records[:, label_bytes - 1]


def _members(archive: bytes, names: frozenset[str], size: int) -> dict[str, bytes]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            stream = tar.extractfile(member) if member.name in names else None
            if stream is not None and member.size == size:
                found[member.name] = stream.read()
    return found
