"""Images that grow while a network trains: small and fast first, large at the end.

A network without dense layers has one set of weights for every image size, and a step costs about
as much as the image has pixels. Howard (fast.ai, DAWNBench 2018) trained so, *progressive
resizing*. It wants a learning rate that is still high when the images grow; see docs/training.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Leg(NamedTuple):
    """Epochs in a row at one size: the first, the one after the last, the side in pixels."""

    begin: int
    end: int
    side: int | None


def side_of(epoch: int, epochs: int, sides: Sequence[int | None]) -> int | None:
    """The side of the images in an epoch: the epochs are shared evenly, the last are the largest.

    Args:
        epoch: counted from 0.
        epochs: how many there are.
        sides: at least one; with fewer epochs than sides the first ones are left out.
    """
    return sides[len(sides) - 1 - (epochs - 1 - epoch) * len(sides) // epochs]


def legs(begin: int, epochs: int, sides: Sequence[int | None], *, alone: bool) -> Iterator[Leg]:
    """Divide the epochs from `begin` on into legs.

    Args:
        begin: the first epoch.
        epochs: the one after the last.
        sides: see `side_of`.
        alone: whether the first epoch is a leg of its own.
    """
    while begin < epochs:
        side = side_of(begin, epochs, sides)
        end = begin + 1
        while not alone and end < epochs and side_of(end, epochs, sides) == side:
            end += 1
        yield Leg(begin, end, side)
        begin, alone = end, False
