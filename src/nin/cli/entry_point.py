"""The `nin` command: its verbs, and a one-line message for every mistake."""

from __future__ import annotations

import contextlib
import gc
import io
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from nin._version import __version__
from nin.backends import distribution
from nin.cli.ablate import ablate
from nin.cli.compare import compare
from nin.cli.data import data
from nin.cli.evaluate import evaluate
from nin.cli.explain import explain
from nin.cli.export import export
from nin.cli.option_words import option_words
from nin.cli.predict import predict
from nin.cli.reproduce import reproduce
from nin.cli.serve import serve
from nin.cli.summary import summary
from nin.cli.sweep import sweep
from nin.cli.train import train
from nin.cli.tune import tune
from nin.errors import NinError, TrainingDiedError
from nin.names import printable
from nin.urls import without_credentials

#: Exit codes other than 0.
DIED, MISTAKE, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="nin",
    help="Network-in-Network image classifiers that learn reliably.",
    epilog="Begin with: nin train",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
#: Each command, and its line in `nin --help`, which fits into an ordinary terminal.
VERBS: dict[Callable[..., None], str] = {
    train: "Train a network by a recipe, or on a folder of images.",
    evaluate: "Evaluate a run: accuracy, recall and precision per class.",
    predict: "Classify images.",
    explain: "Show where in images the evidence for each class is.",
    export: "Export a run to ONNX, OpenVINO, LiteRT and other formats.",
    serve: "Serve a network over HTTP, with a web page.",
    summary: "Show a network layer by layer, with its cost.",
    compare: "Compare networks, all trained in the same way.",
    ablate: "Measure what a part of a network or a recipe is worth.",
    sweep: "Train every combination of some values.",
    tune: "Search for better values of a recipe.",
    reproduce: "Train a published row again, and see if it agrees.",
    data: "Check a folder of images, or list the known data sets.",
}
for verb, line in VERBS.items():
    app.command(short_help=line)(verb)


def _show_version(is_given: bool) -> None:
    if is_given:
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
    """Run the command line and exit: 0, 2 for a mistake, 130 for Ctrl-C.

    1 is a bad result that is not the user's mistake: a training that died, a folder with faults,
    images that could not be read.
    """
    _open_standard_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files and classes may not fit the terminal's encoding, or any encoding.
        sys.stdout.reconfigure(errors="backslashreplace")
    if isinstance(sys.stderr, io.TextIOWrapper):
        plain = sys.stderr
        sys.stderr = _StandardError(plain.buffer, plain.encoding, plain.errors, line_buffering=True)
    code = run(sys.argv[1:])
    # A second Ctrl-C could no longer change anything, and would only show a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _drain()
    gc.freeze()  # Collecting what ends with the process anyway would take most of a second.
    if code:
        distribution.abandon(code)
    sys.exit(code)


class _StandardError(io.TextIOWrapper):
    """Standard error that lets the work go on if nobody reads it any more."""

    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except BrokenPipeError:
            self._leave()
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            self._leave()

    def _leave(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def run(arguments: list[str]) -> int:
    """Run the command line; returns the exit code. A mistake is one line on standard error."""
    command: Any = typer.main.get_command(app)
    context: Any = None
    try:
        # Typer's own `main` would handle Ctrl-C and broken pipes itself.
        with (
            _quiet_pillow(),
            command.make_context("nin", [*arguments] or ["--help"]) as context,
        ):
            command.invoke(context)
    except typer.Exit as end:
        return int(end.exit_code)
    except TrainingDiedError as error:
        return _fail(str(error), DIED)
    except NinError as error:
        verb = command.commands.get(context.invoked_subcommand) if context else None
        return _fail(error.render(option_words(verb.params if verb else ())), MISTAKE)
    except typer.TyperException as error:
        return _fail(f"{error.format_message()} ({_verb(error)} --help)", MISTAKE)
    except (KeyboardInterrupt, typer.Abort) as stop:
        return _fail(str(stop) or "stopped", INTERRUPTED)
    except BrokenPipeError:
        return 0
    except OSError as error:
        return _fail(_reason(error), MISTAKE)
    return 0


@contextlib.contextmanager
def _quiet_pillow() -> Iterator[None]:
    """Hide Pillow's warnings about odd headers: mistakes have messages of our own."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield


def _verb(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context else "nin"


def _reason(error: OSError) -> str:
    reason = error.strerror or str(error)
    return reason if error.filename is None else f"{error.filename}: {reason}"


def _open_standard_streams() -> None:
    """Open closed standard streams (``2>&-``), so that no other file takes their numbers.

    Python has None for such a stream, and `print` to None writes to standard output.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def _drain() -> None:
    """Discard what standard output still holds if nothing reads it: Python would complain."""
    try:
        sys.stdout.flush()
    except OSError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, code: int) -> int:
    line = without_credentials(" ".join(message.split()))
    typer.echo(f"nin: {printable(line)}", err=True)
    return code
