"""SVHN, and the MATLAB files it is published in."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from nin.data.download import RemoteFile, Source, fetch
from nin.data.named import NamedData
from nin.data.split import Part, Split
from nin.errors import DataError

_HOME = "http://ufldl.stanford.edu/housenumbers/"

_SVHN = Source(
    name="svhn",
    classes=tuple("0123456789"),
    train=73_257,
    test=26_032,
    shape=(32, 32, 3),
    home=_HOME,
    licence="for non-commercial use",
    citation="Netzer et al. 2011, Reading Digits in Natural Images with Unsupervised Feature"
    " Learning",
    files=(
        RemoteFile(
            _HOME + "train_32x32.mat",
            "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
            182_040_794,
            gzipped=False,
        ),
        RemoteFile(
            _HOME + "test_32x32.mat",
            "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
            64_275_384,
            gzipped=False,
        ),
    ),
)


class SVHN(NamedData):
    """SVHN: 73,257 + 26,032 colour 32×32 house numbers, cropped to digits; see `NamedData`.

    The published set has 531,131 further, easier training images, which are not used here.

    Example:
        >>> nin.SVHN(batch_size=128).image_shape
        (32, 32, 3)
    """

    published = _SVHN

    def stored(self, part: Part) -> Split:
        """Read all images and labels of one part."""
        source = self.published
        file, count = source.files[part == "test"], source.test if part == "test" else source.train
        images, labels = parse_svhn(fetch(source, file, self.root), count)
        return Split(images, labels)


def parse_svhn(content: bytes, count: int) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Return the images (n, 32, 32, 3) and labels (n,) that a MATLAB file holds.

    Args:
        content: the content of the file, in which label 10 stands for the digit 0.
        count: how many images it should hold.

    Raises:
        DataError: it holds something else.
    """
    from scipy.io import loadmat

    try:
        arrays = loadmat(io.BytesIO(content), variable_names=("X", "y"))
        images, labels = arrays["X"], arrays["y"].ravel()
    except Exception as error:  # Whatever is wrong with it.
        raise DataError(f"not a MATLAB file of images X and labels y ({error})") from error
    if images.shape != (32, 32, 3, count) or images.dtype != np.uint8 or len(labels) != count:
        raise DataError(
            f"SVHN: {images.dtype} images of shape {images.shape} and {len(labels)} labels, not"
            f" uint8 of {(32, 32, 3, count)}"
        )
    return np.ascontiguousarray(images.transpose(3, 0, 1, 2)), labels.astype(np.int32) % 10
