"""Options that several verbs have, each declared once: types, and groups as dataclasses."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
JsonPerImage = Annotated[bool, typer.Option("--json", help="Print one line of JSON per image.")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Trainings to run at the same time; default: 1.")
]
Scheduler = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS", help="A Dask scheduler whose workers train, such as tcp://10.0.0.5:8786."
    ),
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Skip images that cannot be read.")]
TrustRun = Annotated[bool, typer.Option("--trust", help="Run the code of a custom network.")]
TrustFile = Annotated[
    bool,
    typer.Option("--trust", help="Run the code that comes with a custom network or a SavedModel."),
]

Command = Callable[..., None]


def with_options(
    group: type[Any], parameter: str = "options", /, **defaults: Any
) -> Callable[[Command], Command]:
    """Give a command the fields of `group` as options, in place of one of its parameters.

    Args:
        group: a dataclass whose fields are annotated like typer's options.
        parameter: the parameter's name.
        defaults: defaults of some fields, in place of the dataclass's own.
    """
    shared = {
        name: each.replace(default=defaults.get(name, each.default))
        for name, each in inspect.signature(group, eval_str=True).parameters.items()
    }

    def decorate(command: Command) -> Command:
        parameters: dict[str, inspect.Parameter] = {}
        for name, each in inspect.signature(command, eval_str=True).parameters.items():
            parameters |= shared if name == parameter else {name: each}

        @functools.wraps(command)
        def expanded(**given: Any) -> None:
            given[parameter] = group(**{name: given.pop(name) for name in shared})
            command(**given)

        read_by_typer: Any = expanded
        read_by_typer.__signature__ = inspect.Signature([*parameters.values()])
        read_by_typer.__annotations__ = {name: each.annotation for name, each in parameters.items()}
        return expanded

    return decorate
