"""The layers and the cost of a network as lines of text: `nin summary`."""

from __future__ import annotations

from collections.abc import Sequence

from nin.accounting.cost import Cost
from nin.accounting.trace import Step

_NOTES = [
    "Counted, not measured, at 4 bytes per value; activations and dropout work in place. Training",
    "keeps the outputs of the other layers; prediction needs the most that is alive at once.",
]


def layer_lines(input_shape: Sequence[int], trace: Sequence[Step]) -> list[str]:
    """One line per layer, and the totals.

    If a network branches, lines are numbered, and a layer whose input is not the line above gives
    the numbers of its inputs' lines.

    Args:
        input_shape: (height, width, channels) of the images.
        trace: from `nin.accounting.walk`.
    """
    rows = [["layer", "output", "parameters", "multiply-adds"], ["input", sides(input_shape)]]
    rows += [_cells(step) for step in trace]
    if any(_origin(place, step) for place, step in enumerate(trace)):
        numbers = ["", *map(str, range(len(trace) + 1))]
        origins = ["from", "", *(_origin(place, step) for place, step in enumerate(trace))]
        rows = [
            [f"{number:>{len(numbers[-1])}}  {row[0]}", *row[1:], *[""] * (4 - len(row)), origin]
            for number, row, origin in zip(numbers, rows, origins, strict=True)
        ]
    totals = (sum(step.parameters for step in trace), sum(step.multiply_adds for step in trace))
    rows.append(["total", "", *(f"{total:,}" for total in totals)])
    return _aligned(rows)


def cost_lines(cost: Cost) -> list[str]:
    """Parameters by kind of layer, multiply-adds, memory and receptive field."""
    held, field = cost.parameters, cost.receptive_field
    batch = f"batch of {cost.batch_size}"
    places = {
        "parameters in larger convolutions": held.spatial,
        "parameters in 1×1 convolutions": held.pointwise,
        "parameters in dense layers": held.dense,
        "parameters in normalisation": held.normalisation,
        "parameters elsewhere": held.other,
        "values not trained": cost.non_trainable,
    }
    rows = [[name, f"{count:,}"] for name, count in places.items() if count]
    rows += [
        ["multiply-adds per image", f"{cost.multiply_adds:,}"],
        ["weights", size(cost.weight_bytes)],
        ["optimiser's state, AdamW", size(cost.optimizer_bytes)],
        [f"kept for training, {batch}", size(cost.training_activation_bytes)],
        [f"alive in prediction, {batch}", size(cost.prediction_activation_bytes)],
        ["receptive field", "the whole image" if field is None else f"{sides(field)} pixels"],
    ]
    return [*_aligned(rows), *_NOTES]


def sides(shape: Sequence[int]) -> str:
    """``224×224×1``."""
    return "×".join(map(str, shape))


def size(n_bytes: int) -> str:
    """Bytes in MiB: ``7.6 MiB``."""
    value = n_bytes / 2**20
    if 0 < value < 1:
        return f"{value:.2g} MiB"
    return f"{value:,.{1 if 0 < value < 100 else 0}f} MiB"


def _cells(step: Step) -> list[str]:
    counts = (step.parameters, step.multiply_adds)
    return [step.layer, sides(step.output_shape), *(f"{n:,}" if n else "" for n in counts)]


def _origin(place: int, step: Step) -> str:
    """The line numbers of a layer's inputs, if not the line above; the image is line 0."""
    if step.inputs == (place - 1,):
        return ""
    return ", ".join(str(origin + 1) for origin in step.inputs)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column aligned left, the others right."""
    columns = max(map(len, rows))
    full = [[*row, *[""] * (columns - len(row))] for row in rows]
    first, *others = (max(map(len, column)) for column in zip(*full, strict=True))
    return [
        "  ".join(
            (f"{name:<{first}}", *(f"{cell:>{w}}" for cell, w in zip(cells, others, strict=True)))
        ).rstrip()
        for name, *cells in full
    ]
