"""`nin train`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nin.errors import NinError

if TYPE_CHECKING:
    from nin.training import Recipe, Run


def train(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECIPE|FOLDER]", help="digits, book, chapter, fashion, or a folder."
        ),
    ] = None,
    data: Annotated[str | None, typer.Option(help="Another data set or folder.")] = None,
    preset: Annotated[str | None, typer.Option(help="Another network.")] = None,
    finetune: Annotated[
        bool, typer.Option("--finetune", help="Train a pretrained network on, by gradients.")
    ] = False,
    init: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Start from the weights of another run.")
    ] = None,
    freeze: Annotated[
        int | None, typer.Option(help="Leave so many layers as they are, from the first on.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the images.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images a step.")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate.")] = None,
    image_size: Annotated[int | None, typer.Option(help="Side, in pixels.")] = None,
    fit: Annotated[
        str | None,
        typer.Option(help="Which part of a picture to use: squash, all of it; crop, its middle."),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Use so many training images.")] = None,
    patience: Annotated[
        int | None, typer.Option(help="End after so many epochs without a better one.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of everything random.")] = None,
    flip: Annotated[
        bool | None, typer.Option("--flip/--no-flip", help="Mirror half of the images.")
    ] = None,
    shift: Annotated[int | None, typer.Option(help="Move images by up to so many pixels.")] = None,
    crop: Annotated[
        float | None, typer.Option(help="Crop to a random part of at least this share.")
    ] = None,
    crop_size: Annotated[int | None, typer.Option(help="Side of the crops, in pixels.")] = None,
    rotation: Annotated[float | None, typer.Option(help="Rotate by up to so many degrees.")] = None,
    brightness: Annotated[float | None, typer.Option(help="Vary it by up to this share.")] = None,
    contrast: Annotated[float | None, typer.Option(help="Vary it by up to this share.")] = None,
    saturation: Annotated[float | None, typer.Option(help="Vary it by up to this share.")] = None,
    erasing: Annotated[
        float | None, typer.Option(help="Erase a rectangle in this share of the images.")
    ] = None,
    balance: Annotated[
        str | None,
        typer.Option(help="Let small classes count like large ones: auto, weights or sampling."),
    ] = None,
    precision: Annotated[
        str | None,
        typer.Option(help="float32, bfloat16, or auto: bfloat16 where that is faster (default)."),
    ] = None,
    accumulate: Annotated[
        int | None, typer.Option(help="Compute each batch in so many parts.")
    ] = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="Read pictures anew for each batch, to save memory.")
    ] = False,
    devices: Annotated[
        str | None, typer.Option(help="How many devices share a batch, or: all. JAX only.")
    ] = None,
    join: Annotated[
        bool, typer.Option("--join", help="Train together with other processes. JAX only.")
    ] = False,
    save_every: Annotated[
        float | None,
        typer.Option(help="Seconds between two checkpoints; usually 60.", min=0.0),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The run directory.")] = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with an interrupted run.")
    ] = None,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Go on without unreadable images.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train a NiN: a recipe (digits by default), or a folder of images, a directory a class."""
    changes = {
        "data": data,
        "preset": preset,
        "finetune": finetune or None,
        "init": None if init is None else str(init),
        "freeze": freeze,
        "batch_size": batch_size,
        "learning_rate": lr,
        "image_size": image_size,
        "fit": fit,
        "limit": limit,
        "patience": patience,
        "seed": seed,
        "flip": flip,
        "shift": shift,
        "crop": crop,
        "crop_size": crop_size,
        "rotation": rotation,
        "brightness": brightness,
        "contrast": contrast,
        "saturation": saturation,
        "erasing": erasing,
        "balance": balance,
        "precision": precision,
        "accumulate": accumulate,
        "stream": stream or None,
    }
    settings: dict[str, Any] = {"devices": _number(devices)}
    settings |= {} if save_every is None else {"save_every": save_every}
    if resume is not None:
        _refuse_with_resume(what, {"out": out, **changes})
        from nin.training.dispatch import resume as resume_run
        from nin.training.run import load

        load(resume)  # Others are not kept waiting for what is no run.
        _meet(join)

        run = resume_run(resume, epochs, skip_bad=skip_bad, **settings)
    else:
        from nin.training.dispatch import train as train_recipe
        from nin.training.recipes import choose

        earlier = None if init is None else _recipe_of(init)
        recipe = choose(what, data, preset, finetune=finetune, init=earlier)
        recipe = recipe.revised(epochs=epochs, **changes)
        _refuse_without_gradients(
            recipe, {"epochs": epochs, **changes, **settings, "join": join or None}
        )
        _meet(join)
        run = train_recipe(recipe, out, skip_bad=skip_bad, **settings)
    if run.record.get("result"):
        _print(run, as_json)


def _meet(join: bool) -> None:
    if join:
        from nin.backends.distribution import join as join_others

        join_others()


def _number(devices: str | None) -> int | None:
    if devices is None or devices == "all":
        return None if devices is None else 0
    if not devices.isdecimal() or int(devices) == 0:
        raise NinError(f"--devices {devices}: give a number from 1 on, or: all")
    return int(devices)


#: What is said of images, and not of how they are learnt from.
_OF_IMAGES = ("data", "preset", "init", "image_size", "fit", "limit", "seed", "balance", "stream")


def _recipe_of(path: Path) -> Recipe:
    from nin.training.run import load

    return load(path).recipe


def _refuse_without_gradients(recipe: Recipe, options: dict[str, object]) -> None:
    from nin.presets import find_preset

    pretrained = find_preset(recipe.preset).pretrained
    if recipe.finetune and not pretrained:
        raise NinError(f"--finetune: {recipe.preset} has no pretrained weights")
    wrong = _given({name: options[name] for name in options if name not in _OF_IMAGES})
    if pretrained and not recipe.finetune and wrong:
        raise NinError(
            f"{', '.join(wrong)}: a frozen network is not trained by gradients: add --finetune, or"
            " train another --preset"
        )


def _given(options: dict[str, object]) -> list[str]:
    """The options that were given, as they are typed."""
    names = [name for name, value in options.items() if value is not None]
    typed = {
        "learning_rate": "--lr",
        **({"flip": "--no-flip"} if options.get("flip") is False else {}),
    }
    return [typed.get(name, f"--{name.replace('_', '-')}") for name in names]


def _refuse_with_resume(what: str | None, options: dict[str, object]) -> None:
    wrong = _given(options)
    if what is not None:
        wrong.insert(0, what)
    if wrong:
        raise NinError(f"--resume goes on as the run began: leave out {', '.join(wrong)}")


def _print(run: Run, as_json: bool) -> None:
    from nin.training.verdict import advice, in_words, learnt, no_better

    result = run.record["result"]
    if as_json:
        typer.echo(json.dumps({**result, "run": str(run.path)}))
        return
    typer.echo(in_words(result))
    if learnt(result):
        typer.echo(f"run      {run.path} (curves.png shows how it learnt)")
        typer.echo(f"next     nin evaluate {run.path}   or   nin predict {run.path} IMAGE")
    else:
        typer.echo(no_better(result))
        typer.echo(f"run      {run.path} (curves.png shows how it went)")
        typer.echo(f"try      {advice(run.record)}")
