"""`nin train`."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nin.cli.option_words import as_typed
from nin.cli.recipe_options import RecipeOptions
from nin.cli.shared_options import AsJson, SkipBad, with_options
from nin.errors import NinError
from nin.names import printable

if TYPE_CHECKING:
    from nin.training import Run
    from nin.training.runs.run_format import RunResult

#: What --find-lr writes, unless --out is given.
PICTURE = "find-lr.png"


@with_options(RecipeOptions)
def train(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="[RECIPE|FOLDER|FILE]",
            help="A recipe (digits, book, fashion, cifar10, …), a data set, a folder or shards of"
            " images, a CSV of labels, or an .npz of arrays.",
        ),
    ] = None,
    *,
    options: RecipeOptions,
    devices: Annotated[
        str | None,
        typer.Option(help="Number of devices to split each batch over, or all. JAX only."),
    ] = None,
    join: Annotated[
        bool, typer.Option("--join", help="Train together with other processes. JAX only.")
    ] = False,
    save_every: Annotated[
        float | None, typer.Option(help="Seconds between checkpoints; default: 60.", min=0.0)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Run directory to create; default: runs/NAME-NUMBER. With --find-lr, the picture."
        ),
    ] = None,
    find_lr: Annotated[
        bool,
        typer.Option(
            "--find-lr",
            help="Do not train: try learning rates from tiny to large for 100 steps, draw the"
            f" losses as {PICTURE}, and suggest a rough one, usually too low for a NiN.",
        ),
    ] = False,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Continue this interrupted run.")
    ] = None,
    skip_bad: SkipBad = False,
    trust: Annotated[
        bool,
        typer.Option("--trust", help="With --resume: run the code of a custom network."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Train a network by a recipe (default: digits), or on a folder with a subfolder per class."""
    if find_lr:
        if resume is not None:
            raise NinError("--resume keeps the settings of the run: leave out --find-lr")
        of_training = {"devices": devices, "join": join, "save_every": save_every, "trust": trust}
        # 0 is a value of --save-every.
        given = [n for n, value in of_training.items() if value is not None and value is not False]
        if given:
            raise NinError(f"--find-lr does not train: leave out {', '.join(as_typed(given))}")
        _find_lr(what, options, out or Path(PICTURE), skip_bad, as_json)
        return
    settings: dict[str, Any] = {"skip_bad": skip_bad, "devices": _number(devices)}
    settings |= {} if save_every is None else {"save_every": save_every}
    if resume is not None:
        run = _resume(resume, what, options, out, join, {**settings, "trust": trust})
    else:
        if trust:
            raise NinError("--trust goes with --resume: code that you name is run anyway")
        run = _train(what, options, out, join, settings)
    if result := run.record.get("result"):
        _print(run, result, as_json)


def _train(
    what: str | None,
    options: RecipeOptions,
    out: Path | None,
    join: bool,
    settings: dict[str, Any],
) -> Run:
    from nin.training.dispatch import train as train_recipe
    from nin.training.preflight import check
    from nin.training.recipe_choice import recipe_of

    of_gradients = {**settings, "skip_bad": None, "join": join or None}
    given = [name for name, value in of_gradients.items() if value is not None]
    recipe = recipe_of(what, options.given(), settings=given)
    if join:  # Do not keep the other processes waiting for a training that cannot begin.
        check(recipe, out, skip_bad=settings["skip_bad"], devices=settings["devices"])
        _meet(join)
    return train_recipe(recipe, out, **settings)


def _find_lr(
    what: str | None,
    options: RecipeOptions,
    out: Path,
    skip_bad: bool,
    as_json: bool,
) -> None:
    from nin.training.lr_range_test import lr_find

    found = lr_find(what, out, skip_bad=skip_bad, **options.given())
    if as_json:
        typer.echo(json.dumps({**found.as_json(), "picture": str(out)}))
    else:
        typer.echo(f"{found.answer}; {printable(out)} shows the losses")


def _resume(
    path: Path,
    what: str | None,
    options: RecipeOptions,
    out: Path | None,
    join: bool,
    settings: dict[str, Any],
) -> Run:
    from nin.training.dispatch import resume as resume_run
    from nin.training.runs.run import load

    changes = {} if out is None else {"out": out}
    changes |= {name: value for name, value in options.given().items() if name != "epochs"}
    wrong = [*([] if what is None else [what]), *as_typed(changes)]
    if wrong:
        raise NinError(
            f"--resume continues with the run's own settings: leave out {', '.join(wrong)}"
        )
    load(path)  # Do not keep the other processes waiting for what is not a run.
    _meet(join)
    return resume_run(path, options.epochs, **settings)


def _meet(join: bool) -> None:
    if join:
        from nin.backends.distribution import join as join_others

        join_others(supervised=True)


def _number(devices: str | None) -> int | None:
    if devices is None or devices == "all":
        return None if devices is None else 0
    if not re.fullmatch(r"[1-9][0-9]{0,5}", devices):
        raise NinError(f"--devices {devices[:40]}: give a number, 1 or more, or all")
    return int(devices)


def _print(run: Run, result: RunResult, as_json: bool) -> None:
    from nin.training.leak_warning import leak_reminder
    from nin.training.runs.run_result import has_learnt, not_learnt_line, result_line

    if as_json:
        typer.echo(json.dumps({**result, "run": str(run.path)}))
        return
    path = printable(run.path)
    typed = shlex.quote(path)
    typer.echo(result_line(result, result["split"]))
    if reminder := leak_reminder(run.record):
        typer.echo(reminder)
    if has_learnt(result):
        typer.echo(f"run      {path} (curves.png shows how it learnt)")
        typer.echo(f"next     nin evaluate {typed}   or   nin predict {typed} IMAGE")
    else:
        from nin.cli.training_advice import advice

        typer.echo(not_learnt_line(result))
        typer.echo(f"run      {path} (curves.png shows how it went)")
        typer.echo(f"try      {advice(run.record)}")
