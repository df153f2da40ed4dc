"""The options of a recipe that can be changed on the command line, each declared once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from nin.rivals import NETWORKS


@dataclass(frozen=True)
class RecipeOptions:
    """Fields of `Recipe` under their own names, in the order in which help lists them.

    None leaves the recipe's own value.
    """

    data: Annotated[
        str | None, typer.Option(help="Data set or folder to train on, in place of the recipe's.")
    ] = None
    preset: Annotated[
        str | None,
        typer.Option(help=f"Network to train, in place of the recipe's: {', '.join(NETWORKS)}."),
    ] = None
    finetune: Annotated[
        bool | None,
        typer.Option("--finetune", help="Train all layers of a pretrained network by gradients."),
    ] = None
    init: Annotated[
        str | None, typer.Option(metavar="RUN", help="Start from the weights of this run.")
    ] = None
    freeze: Annotated[
        int | None, typer.Option(help="Keep the weights of this many first layers as they are.")
    ] = None
    epochs: Annotated[int | None, typer.Option(help="Passes over the training images.")] = None
    batch_size: Annotated[int | None, typer.Option(help="Images per training step.")] = None
    learning_rate: Annotated[float | None, typer.Option("--lr", help="Learning rate.")] = None
    image_size: Annotated[
        int | None, typer.Option(help="Side in pixels to which images are resized.")
    ] = None
    resize_mode: Annotated[
        str | None,
        typer.Option(help="How pictures become squares: squash all of it, or crop its middle."),
    ] = None
    limit: Annotated[int | None, typer.Option(help="Use only this many training images.")] = None
    patience: Annotated[
        int | None,
        typer.Option(help="End after this many epochs without a lower held-out loss."),
    ] = None
    seed: Annotated[int | None, typer.Option(help="Random seed.")] = None
    flip: Annotated[
        bool | None, typer.Option("--flip/--no-flip", help="Mirror half of the training images.")
    ] = None
    shift: Annotated[
        int | None, typer.Option(help="Move training images by up to this many pixels.")
    ] = None
    crop: Annotated[
        float | None,
        typer.Option(help="Crop training images to a random part of at least this share."),
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
        float | None, typer.Option(help="Erase a rectangle in this share of training images.")
    ] = None
    balance: Annotated[
        str | None,
        typer.Option(help="Let small classes count like large ones: auto, weights or sampling."),
    ] = None
    precision: Annotated[
        str | None,
        typer.Option(help="float32, bfloat16, or auto (default): bfloat16 where it is faster."),
    ] = None
    accumulate: Annotated[
        int | None, typer.Option(help="Compute each batch in this many parts, to save memory.")
    ] = None
    stream: Annotated[
        bool | None,
        typer.Option("--stream", help="Read pictures anew for each batch, to save memory."),
    ] = None

    def given(self) -> dict[str, Any]:
        """The options that were given."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def as_typed(options: Iterable[str]) -> list[str]:
    """The names of options, as they are typed: ``--batch-size``; of a mapping, ``--no-flip``."""
    typed = {"learning_rate": "--lr"}
    if isinstance(options, Mapping) and options.get("flip") is False:
        typed["flip"] = "--no-flip"
    return [typed.get(name, f"--{name.replace('_', '-')}") for name in options]
