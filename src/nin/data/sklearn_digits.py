"""scikit-learn's small handwritten digits."""

from __future__ import annotations

import numpy as np

from nin.data.download import Source
from nin.data.named import NamedData
from nin.data.split import Part, Split, stratified

_DIGITS = Source(
    name="digits",
    classes=tuple("0123456789"),
    train=1_438,
    test=359,
    shape=(8, 8, 1),
    home="https://archive.ics.uci.edu/dataset/80",
    licence="CC BY 4.0",
    citation="Alpaydin, Kaynak 1998, Optical Recognition of Handwritten Digits",
)


class Digits(NamedData):
    """The 1,797 grey 8×8 digits that come with scikit-learn: no file, no download.

    Four fifths are for training, the same ones for every `seed`. Values of 0..16 become 0..255. See
    `NamedData`.

    Example:
        >>> data = nin.Digits()
        >>> data.train.images.shape, data.test.images.shape
        ((1438, 8, 8, 1), (359, 8, 8, 1))
    """

    published = _DIGITS

    def stored(self, part: Part) -> Split:
        """Read all images and labels of one part."""
        from sklearn.datasets import load_digits

        values, labels = load_digits(return_X_y=True)
        images = np.rint(values * (255 / 16)).astype(np.uint8).reshape(-1, 8, 8, 1)
        chosen = stratified(labels, self.published.train, seed=0)
        if part == "test":
            chosen = np.setdiff1d(np.arange(len(labels)), chosen)
        return Split(images[chosen], labels[chosen].astype(np.int32))
