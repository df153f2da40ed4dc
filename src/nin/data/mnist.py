"""MNIST and Fashion-MNIST, and the IDX format they are published in."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nin.data.download import RemoteFile, Source, fetch
from nin.data.named import NamedData
from nin.data.split import Part, Split
from nin.errors import DataError

_FASHION_FILES = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
_MNIST_FILES = "https://storage.googleapis.com/cvdf-datasets/mnist/"

_FASHION_MNIST = Source(
    name="fashion-mnist",
    classes=(
        "t-shirt",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ),
    train=60_000,
    test=10_000,
    shape=(28, 28, 1),
    home="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT",
    citation="Xiao, Rasul, Vollgraf 2017, arXiv 1708.07747",
    files=(
        RemoteFile(
            _FASHION_FILES + "train-images-idx3-ubyte.gz",
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            47_040_016,
        ),
        RemoteFile(
            _FASHION_FILES + "train-labels-idx1-ubyte.gz",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            60_008,
        ),
        RemoteFile(
            _FASHION_FILES + "t10k-images-idx3-ubyte.gz",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            7_840_016,
        ),
        RemoteFile(
            _FASHION_FILES + "t10k-labels-idx1-ubyte.gz",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            10_008,
        ),
    ),
    system="/usr/share/datasets/fashion-mnist",
    package="apt install dataset-fashion-mnist",
)

_MNIST = Source(
    name="mnist",
    classes=tuple("0123456789"),
    train=60_000,
    test=10_000,
    shape=(28, 28, 1),
    home="https://github.com/cvdfoundation/mnist",
    licence="CC BY-SA 3.0",
    citation="LeCun, Bottou, Bengio, Haffner 1998, Gradient-based learning applied to document"
    " recognition",
    files=(
        RemoteFile(
            _MNIST_FILES + "train-images-idx3-ubyte.gz",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            47_040_016,
        ),
        RemoteFile(
            _MNIST_FILES + "train-labels-idx1-ubyte.gz",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            60_008,
        ),
        RemoteFile(
            _MNIST_FILES + "t10k-images-idx3-ubyte.gz",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            7_840_016,
        ),
        RemoteFile(
            _MNIST_FILES + "t10k-labels-idx1-ubyte.gz",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            10_008,
        ),
    ),
)


class _IdxData(NamedData):
    """Sets kept in four IDX files: training images and labels, test images and labels."""

    def stored(self, part: Part) -> Split:
        """Read all images and labels of one part."""
        files = self.published.files[2:] if part == "test" else self.published.files[:2]
        images, labels = (fetch(self.published, file, self.root) for file in files)
        return Split(parse_idx(images, 3)[..., None], parse_idx(labels, 1).astype(np.int32))


class FashionMNIST(_IdxData):
    """Fashion-MNIST: 60,000 + 10,000 grey 28×28 pictures of clothes; see `NamedData`.

    Example:
        >>> data = nin.FashionMNIST(batch_size=128, resize=(224, 224))
        >>> data.text_labels([0, 9])
        ['t-shirt', 'ankle boot']
    """

    published = _FASHION_MNIST


class MNIST(_IdxData):
    """MNIST: 60,000 + 10,000 grey 28×28 handwritten digits; see `NamedData`.

    Example:
        >>> data = nin.MNIST(validation=0.1, augmentation=nin.Augmentation(shift=2))
        >>> data.parts
        ('train', 'validation', 'test')
    """

    published = _MNIST


def parse_idx(content: bytes, dimensions: int) -> NDArray[np.uint8]:
    """Return the array that an IDX file of unsigned bytes holds, as a view of `content`.

    Args:
        content: the content of the file, decompressed.
        dimensions: how many axes it should have: 3 for images, 1 for labels.

    Raises:
        DataError: the header does not match what was expected or what follows it.
    """
    start = 4 + 4 * dimensions
    if len(content) < start or content[:4] != bytes((0, 0, 8, dimensions)):
        raise DataError(f"not an IDX file of unsigned bytes with {dimensions} dimensions")
    shape = [int(side) for side in np.frombuffer(content[4:start], ">u4")]
    if len(content) - start != math.prod(shape):
        raise DataError(f"IDX file: {len(content) - start} bytes for an array of {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
