"""The columns of a report's tables: their titles, and their texts for a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from nin.accounting.table import sides, size
from nin.study.results.report_text import NOTHING, accuracy, count, rate, seconds
from nin.study.trials.row import Measured, Row


class Column(NamedTuple):
    """One column.

    Attributes:
        title: its heading.
        text: row → text of its cell.
    """

    title: str
    text: Callable[[Row], str]


def _measured(text: Callable[[Measured], str]) -> Callable[[Row], str]:
    return lambda row: NOTHING if row.measured is None else text(row.measured)


def _training_count(row: Row) -> str:
    return f"{row.n} ({row.died} died)" if row.died else str(row.n)


def _learning_rate(row: Row) -> str:
    tried = [float(key) for key in row.rates]
    at_edge = len(tried) > 1 and row.learning_rate in (min(tried), max(tried))
    return f"{row.learning_rate:g}" + (" (edge)" if at_edge else "")


def _receptive_field(row: Row) -> str:
    field = row.cost.receptive_field
    return "whole image" if field is None else sides(field)


RESULTS = (
    Column("accuracy", lambda row: accuracy(row.accuracies)),
    Column("trainings", _training_count),
    Column("on the Pareto front", lambda row: "yes" if row.on_front else "no"),
    Column("parameters", lambda row: count(row.cost.parameters.total)),
    Column("in convolutions", lambda row: count(row.cost.parameters.spatial)),
    Column("in 1×1", lambda row: count(row.cost.parameters.pointwise)),
    Column("in dense", lambda row: count(row.cost.parameters.dense)),
    Column(
        "elsewhere",
        lambda row: count(row.cost.parameters.normalisation + row.cost.parameters.other),
    ),
    Column("learning rate", _learning_rate),
)

COSTS = (
    Column("multiply-adds", lambda row: count(row.cost.multiply_adds)),
    Column("weights", lambda row: size(row.cost.weight_bytes)),
    Column("activations, training", lambda row: size(row.cost.training_activation_bytes)),
    Column("activations, prediction", lambda row: size(row.cost.prediction_activation_bytes)),
    Column("receptive field", _receptive_field),
    Column("time to train", lambda row: seconds(row.seconds)),
)

MEASURED = (
    Column("training, images/s", _measured(lambda m: rate(m.training.images_per_second))),
    Column("training, peak", _measured(lambda m: size(m.training.peak_bytes))),
    Column(
        "prediction, images/s",
        _measured(lambda m: rate(m.prediction.images_per_second)),
    ),
    Column("prediction, peak", _measured(lambda m: size(m.prediction.peak_bytes))),
)


def tables(rows: Sequence[Row]) -> list[tuple[str, tuple[Column, ...]]]:
    """The tables of `rows`: title and columns of each."""
    measured = MEASURED if any(row.measured for row in rows) else ()
    return [("Accuracy and parameters", RESULTS), ("Cost", COSTS + measured)]


def notes(rows: Sequence[Row]) -> list[str]:
    """Sentences that explain the tables of `rows`."""
    counted = _several({row.cost.batch_size for row in rows})
    measured = _several({row.measured.batch_size for row in rows if row.measured})
    sentences = [
        "Accuracy is mean ± standard deviation over the trainings of a network.",
        "On the Pareto front: no other network is as accurate with as few parameters.",
        f"Multiply-adds are per image, activations per batch of {counted}.",
    ]
    if measured:
        sentences.append(
            f"Images/s and peak memory were measured in batches of {measured}, each in a process"
            " of its own; the peak is the growth of its memory."
        )
    if any("edge" in _learning_rate(row) for row in rows):
        sentences.append(
            "Edge: the best learning rate was the lowest or highest tried; try one beyond it."
        )
    if any(row.died for row in rows):
        sentences.append("A seed that died was stopped in training; its accuracy still counts.")
    return sentences


def _several(numbers: set[int]) -> str:
    return " or ".join(map(str, sorted(numbers)))
