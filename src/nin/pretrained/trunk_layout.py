"""A preset's trunk as a list of convolutions, derived from its table of stages alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from nin.networks.presets import Preset
from nin.networks.stages import MBConv, Stage


class Conv(NamedTuple):
    """A convolution without a bias, and the batch normalisation after it.

    Attributes:
        number: index of the convolution among the layers of `nin.models.NiN`, from 0; the batch
            normalisation has the next one.
        depthwise: whether each channel has a window of its own.
        strides: strides of its window, in pixels.
        relu6: whether a ReLU6 follows.
    """

    number: int
    depthwise: bool
    strides: int
    relu6: bool


class Block(NamedTuple):
    """Convolutions in a row, and whether the input is added to the output."""

    convolutions: tuple[Conv, ...]
    adds: bool


class TrunkLayout(NamedTuple):
    """Every stage of a preset but the last.

    Attributes:
        blocks: the blocks of the trunk.
        head: index of the convolution to the class maps.
    """

    blocks: tuple[Block, ...]
    head: int


def layout(preset: Preset) -> TrunkLayout:
    """The trunk of a preset that has pretrained weights, and the position of its head."""
    blocks: list[Block] = []
    number, channels = 0, 0
    for stage in preset.stages[:-1]:
        for block in _mbconv(stage, channels) if isinstance(stage, MBConv) else _single(stage):
            numbered = []
            for conv in block.convolutions:
                numbered.append(conv._replace(number=number))
                number += 3 if conv.relu6 else 2
            number += 2 if block.adds else 0  # The empty path, and the addition.
            blocks.append(Block(tuple(numbered), block.adds))
        number += 1 if isinstance(stage, Stage) and stage.dropout else 0
        channels = stage.channels if isinstance(stage, MBConv) else stage.widths[-1]
    return TrunkLayout(tuple(blocks), number)


def _single(stage: Stage) -> Iterator[Block]:
    yield Block((Conv(0, False, stage.strides, True),), False)


def _mbconv(stage: MBConv, channels: int) -> Iterator[Block]:
    for repeat in range(stage.repeats):
        strides = 1 if repeat else stage.strides
        wide = (Conv(0, False, 1, True),) if stage.expand > 1 else ()
        rest = (Conv(0, True, strides, True), Conv(0, False, 1, False))
        yield Block((*wide, *rest), strides == 1 and channels == stage.channels)
        channels = stage.channels
