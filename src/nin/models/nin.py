"""`NiN`: Network in Network, from a table of stages, and the blocks that give it its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Self

import keras

from nin.models.batch_normalization import BatchNormalization
from nin.models.blocks import AveragePooling, dense_head, mbconv
from nin.models.classifier import Classifier
from nin.networks.presets import find_preset
from nin.networks.stages import CLASSES, MBConv, Stage, deepened, with_ingredients


class NiN(Classifier):
    """Network in Network: mlpconv blocks, then one average per class. No dense layer.

    With no arguments, the network of *Dive into Deep Learning*, section 8.3: at an input of
    (n, 224, 224, 1) it has 1,992,166 parameters. Any number of channels works, and any image size
    from 67×67 pixels.

    Args:
        lr: learning rate of the plain SGD that `configure_optimizers` returns.
        num_classes: number of logits.
        preset: the network: `book`, `cifar10`, `cifar100`, `svhn`, `mnist`, `imagenet`, `deep`,
            `efficientnet-lite0`, `-lite1` or `-lite2`. The last three start, like all others, with
            fresh weights; `nin.pretrained` has trained ones.
        width: factor for the channels of every convolution, except those with one per class.
        depth: number of blocks before each pooling except the first, in place of one; the added
            ones have 3×3 windows.
        dropout: dropout rate wherever the preset has dropout; None for the preset's own.
        stages: the blocks of a custom network, in place of the preset's.
        head: None for the average over positions. Otherwise dense layers replace the last stage, to
            show what they cost: the hidden units of each, ``()`` for none before the logits.
        batch_norm: whether batch normalisation follows each convolution, in place of its bias;
            those that make class maps stay as they are.
        pooling: ``"max"`` or ``"average"`` between the blocks; None for the stages' own, ``"max"``
            in every preset.

    Raises:
        UnknownNameError: there is no such preset.
        ValueError: fewer than two classes, a width that is not positive, a depth below 1, no
            stages, an `MBConv` before any `Stage`, a `Stage` whose widths are not a tuple, or an
            unknown pooling.

    Example:
        The chapter's network, and one of your own:

        >>> nin.count_cost(nin.NiN(), (224, 224, 1)).parameters.total
        1992166
        >>> stages = [nin.Stage((32, 32), 5, pool="same"), nin.Stage((3,), 3)]
        >>> net = nin.NiN(num_classes=3, stages=stages)
        >>> tuple(net(nin.Digits().test.images[:2]).shape)
        (2, 3)
    """

    def __init__(
        self,
        lr: float = 0.1,
        num_classes: int = 10,
        *,
        preset: str = "book",
        width: float = 1.0,
        depth: int = 1,
        dropout: float | None = None,
        stages: Sequence[Stage | MBConv] | None = None,
        head: Sequence[int] | None = None,
        batch_norm: bool = False,
        pooling: str | None = None,
    ) -> None:
        super().__init__()
        if num_classes < 2 or width <= 0 or depth < 1:
            raise ValueError(
                "NiN needs num_classes >= 2, width > 0 and depth >= 1, not"
                f" {num_classes}, {width} and {depth}"
            )
        if pooling not in (None, *_POOLING):
            raise ValueError(f"pooling is max or average, not {pooling!r}")
        self.save_hyperparameters()
        table = find_preset(preset).stages if stages is None else [_row(one) for one in stages]
        if not table or isinstance(table[0], MBConv):
            raise ValueError("NiN needs one stage or more, and the first must not be an MBConv")
        if head is None and stages is not None:
            table = [*table[:-1], _with_classes(table[-1], num_classes)]
        table = deepened(table, depth)
        trunk = with_ingredients(
            table if head is None else table[:-1], batch_norm=batch_norm, pooling=pooling
        )
        end = (
            _average() if head is None else [keras.layers.Flatten(), *dense_head(num_classes, head)]
        )
        self.net = keras.Sequential([*_layers(trunk, num_classes, width, dropout), *end])

    @classmethod
    def from_preset(cls, name: str, **arguments: Any) -> Self:
        """The preset `name` with fresh weights, and as many classes as it was published for.

        Pretrained weights, which some presets have, are what `nin.train` starts from.

        Args:
            name: see `NiN`.
            arguments: arguments of `NiN`, which take precedence.
        """
        return cls(**{"num_classes": find_preset(name).num_classes, "preset": name, **arguments})


def mlpconv(
    widths: Sequence[int],
    kernel_size: int,
    strides: int = 1,
    padding: str = "same",
    *,
    window: int = 1,
    last_relu: bool = True,
    batch_norm: bool = False,
    activation: str = "relu",
) -> Any:
    """A convolution and then 1×1 convolutions: a small perceptron slid over the image.

    Lin, Chen and Yan, *Network in Network* (2014), section 3.1. A ReLU follows each convolution.

    Args:
        widths: output channels of each convolution; the first has the window `kernel_size`.
        kernel_size: side of the first window, in pixels.
        strides: step of the first window, in pixels.
        padding: padding of the first convolution, ``"valid"`` or ``"same"``.
        window: side of the other windows; above 1 only to measure the benefit of 1×1.
        last_relu: False leaves the last convolution without its ReLU.
        batch_norm: normalise each convolution's output, before its ReLU, in place of a bias.
        activation: ``"relu"``, or ``"relu6"`` to cut off above 6 as well.

    Returns:
        A `keras.Sequential`: (n, h, w, c) → (n, h', w', widths[-1]).

    Example:
        >>> import numpy as np
        >>> block = nin.mlpconv((16, 8), kernel_size=5, strides=2)
        >>> tuple(block(np.zeros((1, 32, 32, 3))).shape)
        (1, 16, 16, 8)
    """
    windows = [kernel_size] + [window] * (len(widths) - 1)
    places = [{"strides": strides, "padding": padding}]
    places += [{"padding": "same"}] * (len(widths) - 1)
    layers: list[Any] = []
    for width, side, place in zip(widths, windows, places, strict=True):
        layers.append(keras.layers.Conv2D(width, side, use_bias=not batch_norm, **place))
        layers += [BatchNormalization()] if batch_norm else []
        layers.append(keras.layers.Activation(activation))
    return keras.Sequential(layers if last_relu else layers[:-1])


def nin_block(out_channels: int, kernel_size: int, strides: int, padding: str) -> Any:
    """The book's block: a convolution and two 1×1 convolutions with `out_channels` each.

    *Dive into Deep Learning*, section 8.3. See `mlpconv` for arguments and shapes.

    Example:
        >>> import numpy as np
        >>> block = nin.nin_block(96, kernel_size=11, strides=4, padding="valid")
        >>> tuple(block(np.zeros((1, 224, 224, 1))).shape)
        (1, 54, 54, 96)
    """
    return mlpconv((out_channels,) * 3, kernel_size, strides, padding)


def _with_classes(stage: Stage | MBConv, num_classes: int) -> Stage | MBConv:
    """The last stage, with `CLASSES` as its last width if that was the number of classes."""
    if isinstance(stage, MBConv) or stage.widths[-1] != num_classes:
        return stage
    return stage._replace(widths=(*stage.widths[:-1], CLASSES))


def _row(values: Sequence[Any]) -> Stage | MBConv:
    """A row of a table, which may come from JSON: a `Stage` begins with its widths."""
    if isinstance(values, Stage) and not isinstance(values.widths, (list, tuple)):
        raise ValueError(f"the widths of a stage are a tuple: Stage(({values.widths},), …)")
    kind = Stage if isinstance(values[0], (list, tuple)) else MBConv
    return kind(*values)


def _layers(
    stages: Sequence[Stage | MBConv], num_classes: int, width: float, dropout: float | None
) -> Iterator[Any]:
    def scaled(channels: int) -> int:
        return num_classes if channels == CLASSES else max(1, round(channels * width))

    channels = 0
    for stage in stages:
        if isinstance(stage, MBConv):
            yield from mbconv(stage._replace(channels=scaled(stage.channels)), channels)
            channels = scaled(stage.channels)
        else:
            yield from _stage(stage, [scaled(channels) for channels in stage.widths], dropout)
            channels = scaled(stage.widths[-1])


def _stage(stage: Stage, widths: Sequence[int], dropout: float | None) -> Iterator[Any]:
    yield mlpconv(
        widths,
        stage.kernel_size,
        stage.strides,
        stage.padding,
        window=stage.window,
        last_relu=stage.last_relu,
        batch_norm=stage.batch_norm,
        activation=stage.activation,
    )
    if stage.pool:
        if stage.pooling not in _POOLING:
            raise ValueError(f"pooling is max or average, not {stage.pooling!r}")
        yield _POOLING[stage.pooling](pool_size=3, strides=2, padding=stage.pool)
    if stage.dropout:
        yield keras.layers.Dropout(stage.dropout if dropout is None else dropout)


def _average() -> list[Any]:
    # Always in float32: an average adds up many small numbers.
    layers = keras.layers
    return [layers.GlobalAveragePooling2D(dtype="float32"), layers.Flatten(dtype="float32")]


_POOLING = {"max": keras.layers.MaxPooling2D, "average": AveragePooling}
