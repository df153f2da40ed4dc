"""The options of a recipe that can be changed on the command line, each declared once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from nin.networks.lookup import NETWORKS


@dataclass(frozen=True)
class RecipeOptions:
    """Fields of `Recipe` under their own names, in the order in which help lists them.

    None leaves the recipe's own value.
    """

    data: Annotated[
        str | None,
        typer.Option(
            help="Data set, folder, shards or .npz to train on, in place of the recipe's."
        ),
    ] = None
    preset: Annotated[
        str | None,
        typer.Option(
            help=f"Network to train, in place of the recipe's: {', '.join(NETWORKS)};"
            " a TOML or YAML table of stages; or your own, as nets.py:name."
        ),
    ] = None
    finetune: Annotated[
        bool | None,
        typer.Option("--finetune", help="Fine-tune all layers of a pretrained network."),
    ] = None
    init: Annotated[
        str | None, typer.Option(metavar="RUN", help="Start from the weights of this run.")
    ] = None
    width: Annotated[
        float | None, typer.Option(help="Multiply the network's number of channels by this.")
    ] = None
    depth: Annotated[
        int | None,
        typer.Option(help="Number of blocks before each pooling but the first, in place of one."),
    ] = None
    freeze: Annotated[
        int | None, typer.Option(help="Number of first layers whose weights are frozen.")
    ] = None
    dropout: Annotated[
        float | None, typer.Option(help="Dropout rate, in place of the network's own.")
    ] = None
    batch_norm: Annotated[
        bool | None,
        typer.Option("--batch-norm", help="Add batch normalisation after each convolution."),
    ] = None
    pooling: Annotated[
        str | None, typer.Option(help="Pooling between the blocks: max or average.")
    ] = None
    epochs: Annotated[int | None, typer.Option(help="Passes over the training images.")] = None
    batch_size: Annotated[int | None, typer.Option(help="Images per training step.")] = None
    learning_rate: Annotated[float | None, typer.Option("--lr", help="Learning rate.")] = None
    weight_decay: Annotated[
        float | None, typer.Option(help="Weight decay, scaled by the learning rate.")
    ] = None
    decay_biases: Annotated[
        bool | None,
        typer.Option(
            "--decay-biases/--no-decay-biases",
            help="Apply weight decay to biases and batch normalisation, too.",
        ),
    ] = None
    ema_momentum: Annotated[
        float | None,
        typer.Option(
            help="Momentum of a moving average of the weights, which replaces them, such as 0.998."
        ),
    ] = None
    label_smoothing: Annotated[
        float | None, typer.Option(help="Spread this share of each label over all classes.")
    ] = None
    image_size: Annotated[
        int | None, typer.Option(help="Side in pixels to which images are resized.")
    ] = None
    resize_mode: Annotated[
        str | None,
        typer.Option(help="How to make images square: squash the whole image, or crop its centre."),
    ] = None
    limit: Annotated[int | None, typer.Option(help="Use only this many training images.")] = None
    groups: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="Keep images together if this finds the same text in their paths: 'object(\\d+)'.",
        ),
    ] = None
    patience: Annotated[
        int | None,
        typer.Option(help="Stop after this many epochs without a lower validation loss."),
    ] = None
    seed: Annotated[int | None, typer.Option(help="Random seed.")] = None
    flip: Annotated[
        bool | None, typer.Option("--flip/--no-flip", help="Mirror half of the training images.")
    ] = None
    shift: Annotated[
        int | None, typer.Option(help="Shift training images by up to this many pixels.")
    ] = None
    fill_mode: Annotated[
        str | None,
        typer.Option(
            help="How to fill what shifts and rotations uncover: nearest, constant (black),"
            " or reflect."
        ),
    ] = None
    crop: Annotated[
        float | None,
        typer.Option(
            help="Crop training images to a random part, of at least this share of their area."
        ),
    ] = None
    crop_size: Annotated[int | None, typer.Option(help="Side in pixels of the random crops.")] = (
        None
    )
    rotation: Annotated[
        float | None, typer.Option(help="Rotate training images by up to this many degrees.")
    ] = None
    brightness: Annotated[
        float | None,
        typer.Option(help="Vary the brightness of training images by up to this share."),
    ] = None
    contrast: Annotated[
        float | None, typer.Option(help="Vary the contrast of training images by up to this share.")
    ] = None
    saturation: Annotated[
        float | None,
        typer.Option(help="Vary the saturation of training images by up to this share."),
    ] = None
    erasing: Annotated[
        float | None,
        typer.Option(help="Erase a random rectangle in this share of the training images."),
    ] = None
    mixup: Annotated[
        float | None,
        typer.Option(
            help="Blend training images, and their labels, with others (mixup), such as 0.2."
        ),
    ] = None
    cutmix: Annotated[
        float | None,
        typer.Option(
            help="Paste parts of other training images, and of their labels (CutMix), such as 1."
        ),
    ] = None
    mixup_prob: Annotated[float | None, typer.Option(help="Share of the batches to mix.")] = None
    balance: Annotated[
        str | None,
        typer.Option(
            help="Make small classes count as much as large ones: auto, weights or sampling."
        ),
    ] = None
    precision: Annotated[
        str | None,
        typer.Option(help="float32, bfloat16, or auto (default): bfloat16 where it is faster."),
    ] = None
    accumulate: Annotated[
        int | None, typer.Option(help="Split each batch into this many parts, to save memory.")
    ] = None
    stream: Annotated[
        bool | None,
        typer.Option("--stream", help="Read the images from disk for each batch, to save memory."),
    ] = None

    def given(self) -> dict[str, Any]:
        """The options that were given."""
        return {name: value for name, value in asdict(self).items() if value is not None}
