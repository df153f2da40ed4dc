"""The rows of a network's table: `Stage` and `MBConv`, and tables made from others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

#: Stands for the number of classes in `Stage.widths`.
CLASSES = 0


class Stage(NamedTuple):
    """One mlpconv block and what follows it.

    Attributes:
        widths: channels of the convolution and of its 1×1 convolutions; `CLASSES` for one per
            class.
        kernel_size: side of the first window, in pixels.
        strides: step of the first window, in pixels.
        padding: of the first window.
        pool: padding of the 3×3, stride-2 pooling that follows; None for no pooling.
        dropout: dropout rate after the block and its pooling.
        window: side of the windows after the first, 1 in every published network.
        last_relu: whether an activation follows the last convolution as well.
        batch_norm: whether batch normalisation follows each convolution, in place of its bias.
        activation: ``"relu"`` or ``"relu6"``.
        pooling: kind of pooling, ``"max"`` or ``"average"``.

    Example:
        >>> nin.PRESETS["book"].stages[0].widths
        (96, 96, 96)
        >>> nin.Stage((32, 32), 5, pool="same").strides
        1
    """

    widths: tuple[int, ...]
    kernel_size: int
    strides: int = 1
    padding: str = "same"
    pool: str | None = None
    dropout: float = 0.0
    window: int = 1
    last_relu: bool = True
    batch_norm: bool = False
    activation: str = "relu"
    pooling: str = "max"


class MBConv(NamedTuple):
    """Inverted residual blocks (Sandler et al. 2018, *MobileNetV2*, arXiv 1801.04381).

    Each block is a 1×1 convolution to more channels, a depthwise convolution and a 1×1 convolution
    back to few, each with batch normalisation, the first two with ReLU6. If size and channels stay
    the same, the block's input is added to its output.

    Attributes:
        channels: channels of the output.
        kernel_size: side of the depthwise window, in pixels.
        strides: step of the first block's window, in pixels; 1 in the other blocks.
        expand: factor from the input's channels to those of the depthwise convolution; 1 leaves out
            the first 1×1 convolution.
        repeats: number of blocks.
    """

    channels: int
    kernel_size: int
    strides: int = 1
    expand: int = 6
    repeats: int = 1


def deepened(stages: Sequence[Stage | MBConv], depth: int) -> tuple[Stage | MBConv, ...]:
    """`depth` blocks before each pooling except the first: as VGG grew from 11 to 16 to 19 layers.

    The added blocks have 3×3 windows and the width of the block they follow. The repeats of an
    `MBConv` are multiplied by `depth`. The first stage stays as it is, and so does the last, which
    makes the class maps.
    """
    deep: list[Stage | MBConv] = []
    for number, stage in enumerate(stages):
        if isinstance(stage, MBConv):
            deep.append(stage._replace(repeats=stage.repeats * depth))
            continue
        more = depth - 1 if 0 < number < len(stages) - 1 else 0
        added = stage._replace(widths=(stage.widths[-1], *stage.widths[1:]), kernel_size=3)
        chain = [stage, *[added._replace(strides=1, padding="same")] * more]
        deep += [one._replace(pool=None, dropout=0.0) for one in chain[:-1]]
        deep.append(chain[-1])
    return tuple(deep)


def with_ingredients(
    stages: Sequence[Stage | MBConv], *, batch_norm: bool = False, pooling: str | None = None
) -> tuple[Stage | MBConv, ...]:
    """A table of stages in which every convolution is normalised, or all pooling is of one kind.

    Args:
        stages: the rows.
        batch_norm: whether batch normalisation follows each convolution, in place of its bias,
            except those that make class maps: a map's mean is its class's logit, which
            normalisation would make the same for all classes. A stage that ends in class maps is
            split before them.
        pooling: ``"max"`` or ``"average"``; None keeps each stage's own.

    Returns:
        The changed table; a row may have become two. An `MBConv` already has batch normalisation.
    """
    rows: list[Stage | MBConv] = []
    for row in stages:
        if isinstance(row, Stage) and pooling is not None:
            row = row._replace(pooling=pooling)
        rows += _normalized(row) if batch_norm and isinstance(row, Stage) else [row]
    return tuple(rows)


def _normalized(stage: Stage) -> list[Stage]:
    if CLASSES not in stage.widths:
        return [stage._replace(batch_norm=True)]
    features = stage.widths[: stage.widths.index(CLASSES)]
    if not features:
        return [stage]
    before = stage._replace(
        widths=features, batch_norm=True, last_relu=True, pool=None, dropout=0.0
    )
    maps = stage._replace(
        widths=stage.widths[len(features) :], kernel_size=stage.window, strides=1, padding="same"
    )
    return [before, maps]
