"""The rows of a comparison as columns of numbers, for pandas, polars, CSV, or a loop."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from nin.study.statistics.intervals import deviation
from nin.study.trials.row import Row, Speed


def columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Every number of `rows`: a list per column, with a value per row; None if it is missing."""
    lines = [_values(row) for row in rows]
    return {name: [line[name] for line in lines] for name in (lines[0] if lines else ())}


def _values(row: Row) -> dict[str, Any]:
    cost, measured = row.cost, row.measured
    return {
        "group": row.group,
        "net": row.net,
        **{f"factor_{name}": value for name, value in row.levels.items()},
        "accuracy_mean": fmean(row.accuracies) if row.n else None,
        "accuracy_sd": deviation(row.accuracies),
        "trainings": row.n,
        "died": row.died,
        "accuracies": row.accuracies,
        "on_front": row.on_front,
        "learning_rate": row.learning_rate,
        "train_seconds": row.seconds,
        **{f"parameters_{place}": n for place, n in cost.parameters.model_dump().items()},
        "parameters_total": cost.parameters.total,
        "multiply_adds": cost.multiply_adds,
        "weight_bytes": cost.weight_bytes,
        "activation_batch_size": cost.batch_size,
        "training_activation_bytes": cost.training_activation_bytes,
        "prediction_activation_bytes": cost.prediction_activation_bytes,
        **dict(zip(("receptive_height", "receptive_width"), _window(row), strict=True)),
        "measured_batch_size": measured.batch_size if measured else None,
        **_speed("training", measured.training if measured else None),
        **_speed("prediction", measured.prediction if measured else None),
    }


def _window(row: Row) -> Sequence[int | None]:
    return row.cost.receptive_field or (None, None)


def _speed(name: str, speed: Speed | None) -> dict[str, float | None]:
    return {
        f"{name}_images_per_second": speed.images_per_second if speed else None,
        f"{name}_peak_bytes": speed.peak_bytes if speed else None,
    }
