"""Scenes with one garment in clutter, whose place is known: what localisation is measured on.

A garment of Fashion-MNIST, at its stored size, lies at a random place on a dark canvas. Behind it
are fragments cut from garments of other classes, strokes of random grey, and noise over all; their
density is the same at every size of canvas. The label is the garment's class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import binary_fill_holes

from nin.data import ImageData, Split
from nin.data.split import Part

#: Pixels darker than this are not part of a garment.
DARK = 16
#: Pixels of canvas for each fragment and for each stroke.
PER_FRAGMENT, PER_STROKE = 700, 2000
#: Standard deviation of the noise, of 255.
NOISE = 12.0


class Scenes(NamedTuple):
    """Images (n, side, side, 1), uint8; labels (n,), int32; masks (n, side, side), bool."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]
    masks: NDArray[np.bool_]


def make_scenes(
    clothes: Split, count: int, side: int, seed: int, *, sparse: bool = False
) -> Scenes:
    """`count` scenes; no garment is the object of two of them.

    Args:
        clothes: garments (n, 28, 28, 1) and their classes; n is at least `count`.
        count: how many scenes.
        side: of the canvas, in pixels.
        seed: the same seed makes the same scenes.
        sparse: each scene has only a part of the clutter, from none to all: easier to learn from.
    """
    rng = np.random.default_rng(seed)
    garments, classes = np.asarray(clothes.images)[..., 0], clothes.labels
    chosen, area = rng.permutation(len(classes))[:count], side * side
    images = np.zeros((count, side, side, 1), np.uint8)
    masks = np.zeros((count, side, side), bool)
    others = [np.flatnonzero(classes != label) for label in range(classes.max() + 1)]
    for index, garment in enumerate(chosen):
        part = rng.uniform() if sparse else 1.0
        number = rng.poisson(part * area / PER_FRAGMENT)
        canvas = strokes(rng, rng.poisson(part * area / PER_STROKE), side)
        strew(rng, canvas, garments[rng.choice(others[classes[garment]], number)])
        masks[index] = place(rng, canvas, garments[garment])
        noisy = canvas + rng.normal(0, NOISE, canvas.shape)
        images[index, ..., 0] = np.clip(np.round(noisy), 0, 255)
    return Scenes(images, classes[chosen], masks)


def strokes(rng: np.random.Generator, number: int, side: int) -> NDArray[np.uint8]:
    """A canvas (side, side) with strokes of one to three pixels' width."""
    picture = Image.new("L", (side, side))
    draw = ImageDraw.Draw(picture)
    for _ in range(number):
        ends = rng.integers(0, side, 4).tolist()
        draw.line(ends, fill=int(rng.integers(60, 256)), width=int(rng.integers(1, 4)))
    return np.array(picture)


def strew(rng: np.random.Generator, canvas: NDArray[np.uint8], garments: NDArray[np.uint8]) -> None:
    """Lay on `canvas` a fragment of each of `garments`, a square of 6 to 12 pixels' side."""
    for garment in garments:
        size = int(rng.integers(6, 13))
        top, left = rng.integers(4, 25 - size, 2)
        fragment = garment[top : top + size, left : left + size]
        place(rng, canvas, np.rot90(fragment, rng.integers(4)))


def place(
    rng: np.random.Generator, canvas: NDArray[np.uint8], piece: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    """Lay `piece` on `canvas` at a random place; returns where it covers the canvas."""
    top, left = (
        rng.integers(side - part + 1) for side, part in zip(canvas.shape, piece.shape, strict=True)
    )
    where = slice(top, top + piece.shape[0]), slice(left, left + piece.shape[1])
    covered = np.zeros(canvas.shape, bool)
    covered[where] = binary_fill_holes(piece > DARK)
    canvas[where] = np.where(covered[where], piece, canvas[where])
    return covered


def boxes(masks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The smallest upright box around each mask, filled; masks (n, h, w) hold something."""
    rows, columns = masks.any(axis=2), masks.any(axis=1)
    return _between(rows)[:, :, None] & _between(columns)[:, None, :]


def _between(line: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """From the first to the last true value of each row."""
    begun = np.maximum.accumulate(line, axis=1)
    to_come = np.maximum.accumulate(line[:, ::-1], axis=1)[:, ::-1]
    return begun & to_come


class SceneData(ImageData):
    """Scenes to train on, and as `validation_split` those held out, for `nin.Trainer`.

    Args:
        scenes: all of them.
        classes: the labels' names.
        held: how many are held out.
        batch_size: scenes in a batch.
        seed: decides the order of training.
    """

    parts = ("train", "validation")

    def __init__(
        self, scenes: Scenes, classes: Sequence[str], held: int, batch_size: int, seed: int
    ) -> None:
        side = scenes.images.shape[1]
        super().__init__("scenes", classes, (side, side, 1), batch_size, (side, side), seed=seed)
        self.scenes, self.held = scenes, held

    def load(self, part: Part) -> dict[Part, Split]:
        """Both parts: the scenes are in random order, so the last ones are held out."""
        cut = len(self.scenes.labels) - self.held
        return {
            "train": Split(self.scenes.images[:cut], self.scenes.labels[:cut]),
            "validation": Split(self.scenes.images[cut:], self.scenes.labels[cut:]),
        }
