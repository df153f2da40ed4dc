"""Takes one batch from the book's loader, which first fills its shuffle buffer with all images.

The pipeline of `d2l.FashionMNIST.get_dataloader` (d2l 1.0.3), line for line, on random bytes: a
buffer as large as the set, of batches that are resized already.

Run: python benchmarks/book/loader.py IMAGES
"""

from __future__ import annotations

import sys

import numpy as np
import tensorflow as tf


def main() -> None:
    """Make the loader, take a batch."""
    count = int(sys.argv[1])
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (count, 28, 28), np.uint8), np.zeros(count, np.uint8)
    x, y = tf.expand_dims(images, axis=3) / 255, tf.cast(labels, dtype="int32")
    loader = (
        tf.data.Dataset.from_tensor_slices((x, y))
        .batch(128)
        .map(lambda X, y: (tf.image.resize_with_pad(X, 224, 224), y))
        .shuffle(count)
    )
    next(iter(loader))


if __name__ == "__main__":
    main()
