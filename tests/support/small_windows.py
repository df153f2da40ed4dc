"""Shards shuffled in windows of 24 pictures and blocks of 3, so that a few pictures are several.

Run as a program, it is the `nin` command with that, with a network that is soon compiled, and
without a picture of the training.
"""

from __future__ import annotations

import numpy as np
from PIL import Image
from shards import as_tar_shards
from tiny_network import shrink

from nin.cli import main
from nin.data import block_order
from nin.training.runs import figures

WINDOW, BLOCK = 24, 3


def narrow():
    """For all of this process, as one that a test has started."""
    shrink()
    block_order.WINDOW, block_order.BLOCK = WINDOW, BLOCK


def noisy_shards(folder):
    """Seventy pictures of noise in two classes, in three shards that do not divide them evenly."""
    noise = np.random.default_rng(0)
    for name, least, count in (("dark", 0, 30), ("light", 128, 40)):
        (folder / "files" / name).mkdir(parents=True)
        for number in range(count):
            pixels = noise.integers(least, least + 128, (12, 12, 3), np.uint8)
            Image.fromarray(pixels).save(folder / "files" / name / f"{number:03}.png")
    return as_tar_shards(folder / "files", folder / "shards", 3)


if __name__ == "__main__":
    narrow()
    figures.save_curves = lambda *_: None
    main()
