"""`nin summary`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated

import typer

from nin.errors import NinError

if TYPE_CHECKING:
    from nin.models import Step


def summary(
    preset: Annotated[str, typer.Argument(metavar="PRESET", help="book, cifar10, mnist, …")],
    shape: Annotated[
        str | None, typer.Option("--input", metavar="H,W,C", help="Image height, width, channels.")
    ] = None,
    classes: Annotated[
        int | None, typer.Option(min=2, help="How many; default: as it was published.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """A network, layer by layer: shapes, parameters and multiply-adds for one image."""
    from nin.models import named_net, walk

    model, published = named_net(preset, classes)
    size = published if shape is None else _shape(shape)
    model.check_size(size)
    steps = walk(model.net, size)
    if as_json:
        typer.echo(json.dumps(_report(preset, size, steps)))
    else:
        _print(size, steps)


def _shape(text: str) -> tuple[int, int, int]:
    sides = re.fullmatch(r"([1-9]\d{0,5}),([1-9]\d{0,5}),([1-9]\d{0,5})", text, re.ASCII)
    if sides is None:
        raise NinError(f"--input {text[:40]}: give height, width and channels, as 224,224,1")
    height, width, channels = map(int, sides.groups())
    return height, width, channels


def _report(name: str, size: tuple[int, int, int], steps: list[Step]) -> dict[str, object]:
    return {
        "preset": name,
        "input": list(size),
        "parameters": sum(step.parameters for step in steps),
        "multiply_adds": sum(step.multiply_adds for step in steps),
        "layers": [step._asdict() for step in steps],
    }


def _print(size: tuple[int, int, int], steps: list[Step]) -> None:
    header = ("layer", "output", "parameters", "multiply-adds")
    rows: list[tuple[str, ...]] = [header, ("input", _sides(size), "", ""), *map(_row, steps)]
    totals = (sum(step.parameters for step in steps), sum(step.multiply_adds for step in steps))
    rows.append(("total", "", *map(_number, totals)))
    first, *others = (max(len(row[column]) for row in rows) for column in range(4))
    for name, *cells in rows:
        aligned = (f"{cell:>{wide}}" for cell, wide in zip(cells, others, strict=True))
        typer.echo("  ".join((f"{name:<{first}}", *aligned)).rstrip())


def _row(step: Step) -> tuple[str, str, str, str]:
    counts = (_number(step.parameters), _number(step.multiply_adds))
    return (step.layer, _sides(step.output_shape), *counts)


def _sides(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def _number(value: int) -> str:
    return f"{value:,}" if value else ""
