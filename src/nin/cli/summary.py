"""`nin summary`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Annotated

import typer

from nin.cli.shared_options import AsJson
from nin.errors import NinError, first_line
from nin.networks.lookup import NETWORKS, check_size, find_network

if TYPE_CHECKING:
    from nin.accounting import Step
    from nin.accounting.cost import Cost


def summary(
    network: Annotated[
        str,
        typer.Argument(
            metavar="NETWORK",
            help=f"One of {', '.join(NETWORKS)}; a .toml or .yaml table of stages; or your own,"
            " as nets.py:name.",
        ),
    ],
    shape: Annotated[
        str | None,
        typer.Option(
            "--input",
            metavar="H,W,C",
            help="Height, width and channels of the images; default: as published.",
        ),
    ] = None,
    classes: Annotated[
        int | None, typer.Option(min=2, help="Number of classes; default: as published.")
    ] = None,
    batch_size: Annotated[
        int,
        typer.Option(min=1, help="Images per batch; the memory of activations depends on it."),
    ] = 128,
    as_json: AsJson = False,
) -> None:
    """Show a network layer by layer, with its cost: parameters, multiply-adds, memory."""
    published = find_network(network).input_shape
    size = published if shape is None else _shape(shape)
    if size is None:
        raise NinError(f"{network}: give the shape of its images, such as --input 32,32,3")
    check_size(network, *size[:2])

    from nin.accounting import walk
    from nin.accounting.cost import count_cost
    from nin.accounting.table import cost_lines, layer_lines, sides
    from nin.models import named_net

    model, _ = named_net(network, classes, size)
    try:
        trace, cost = walk(model, size), count_cost(model, size, batch_size)
    # Keras raises these for images that do not fit a layer.
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise NinError(
            f"{network} cannot take images of {sides(size)}: {first_line(error)}"
        ) from error
    outputs = trace[-1].output_shape[-1]
    if classes is not None and outputs != classes:
        raise NinError(f"--classes {classes}: {network} always ends in {outputs} outputs")
    if as_json:
        typer.echo(json.dumps(_report(network, trace, cost)))
    else:
        typer.echo("\n".join([*layer_lines(size, trace), "", *cost_lines(cost)]))


def _shape(text: str) -> tuple[int, int, int]:
    sides = re.fullmatch(r"([1-9]\d{0,5}),([1-9]\d{0,5}),([1-9]\d{0,5})", text, re.ASCII)
    if sides is None:
        raise NinError(f"--input {text[:40]}: give height, width and channels, such as 224,224,1")
    height, width, channels = map(int, sides.groups())
    return height, width, channels


def _report(name: str, trace: list[Step], cost: Cost) -> dict[str, object]:
    return {
        "network": name,
        "input": cost.input_shape,
        "parameters": cost.parameters.total,
        "multiply_adds": cost.multiply_adds,
        "layers": [step._asdict() for step in trace],
        "cost": cost.model_dump(),
    }
