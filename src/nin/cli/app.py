"""The `nin` command: its verbs, and every mistake answered in one line."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from nin import __version__
from nin.cli.data import data
from nin.cli.evaluate import evaluate
from nin.cli.predict import predict
from nin.cli.summary import summary
from nin.cli.train import train
from nin.errors import NinError, TrainingDiedError

#: Exit codes beside 0.
DIED, MISTAKE, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="nin",
    help="Network-in-Network image classifiers that learn every time.",
    epilog="Begin with: nin train",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for verb in (train, evaluate, predict, summary, data):
    app.command()(verb)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nin {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version)
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run the command line and exit: 0, 1 for a training that died, 2 for a mistake, 130 Ctrl-C."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command line; returns the exit code. A mistake is one line on standard error."""
    try:
        code = app(arguments, standalone_mode=False)
    except TrainingDiedError as error:
        return _fail(str(error), DIED)
    except NinError as error:
        return _fail(str(error), MISTAKE)
    except typer.TyperException as error:
        return _fail(f"{error.format_message()} (nin --help, nin train --help)", MISTAKE)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("stopped", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has gone; what is left in the buffer must go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return int(code or 0)


def _fail(message: str, code: int) -> int:
    typer.echo(f"nin: {' '.join(message.split())}", err=True)
    return code
