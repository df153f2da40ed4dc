"""What every contender has to do: a network as a table of layers, images, a batch size."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

CLASSES = 10
#: Of plain SGD. Small: on noise there is nothing to learn, and no network may die of it.
LEARNING_RATE = 0.01


class Block(NamedTuple):
    """Convolutions, each with a ReLU: the first as described, the others 1×1."""

    widths: tuple[int, ...]
    kernel_size: int
    strides: int
    padding: str


class Pool(NamedTuple):
    """Max pooling of 3×3 at stride 2."""

    padding: str


class Drop(NamedTuple):
    """Dropout."""

    rate: float


class Task(NamedTuple):
    """What is trained, and on what.

    Attributes:
        preset: what `nin.NiN` calls the network.
        layers: the network up to its last maps; their mean over positions is the logit.
        stored: (height, width, channels) of the images, uint8.
        size: side to which they are resized, bilinear.
        images: how many there are.
        batch_size: images a step.
    """

    preset: str
    layers: tuple[Block | Pool | Drop, ...]
    stored: tuple[int, int, int]
    size: int
    images: int
    batch_size: int


TASKS = {
    "book": Task(
        preset="book",
        layers=(
            Block((96, 96, 96), 11, 4, "valid"),
            Pool("valid"),
            Block((256, 256, 256), 5, 1, "same"),
            Pool("valid"),
            Block((384, 384, 384), 3, 1, "same"),
            Pool("valid"),
            Drop(0.5),
            Block((CLASSES, CLASSES, CLASSES), 3, 1, "same"),
        ),
        stored=(28, 28, 1),
        size=224,
        images=60_000,
        batch_size=64,
    ),
    "cifar10": Task(
        preset="cifar10",
        layers=(
            Block((192, 160, 96), 5, 1, "same"),
            Pool("same"),
            Drop(0.5),
            Block((192, 192, 192), 5, 1, "same"),
            Pool("same"),
            Drop(0.5),
            Block((192, 192, CLASSES), 3, 1, "same"),
        ),
        stored=(32, 32, 3),
        size=32,
        images=50_000,
        batch_size=128,
    ),
}


def noise(task: Task, count: int | None = None) -> tuple[Any, Any]:
    """Images of random bytes and labels, the same for all contenders.

    Args:
        task: tells shape and number.
        count: another number.
    """
    rng = np.random.default_rng(0)
    count = count or task.images
    images = rng.integers(0, 256, (count, *task.stored), np.uint8)
    return images, rng.integers(0, CLASSES, count).astype(np.int32)
