"""``metrics.jsonl`` in a run: a row of metrics per epoch; and which epoch is the best.

The best epoch is chosen by loss and not by accuracy, because folders are small: on four held-out
images accuracy has five possible values, ties are the rule, and a lucky early epoch is never
beaten. The loss also counts how confident each prediction was. It has a known drawback (Guo et al.
2017): if a network overfits, its loss rises before its accuracy falls, so that an epoch that is too
early may be kept.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from nin.errors import RunError
from nin.files import write_bytes
from nin.training.runs.record import Checked, problem_in, text_of
from nin.training.runs.run_format import RunRecord

Rows = Sequence[Mapping[str, Any]]


class _Row(Checked):
    __pydantic_extra__: dict[str, float | None] = Field(init=False)

    epoch: int
    seconds: float


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The rows of the file `path`, one per epoch; none if there is no such file.

    Raises:
        RunError: it is damaged.
    """
    try:
        rows = [json.loads(line) for line in text_of(path).splitlines()]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read: {error}") from error
    for number, row in enumerate(rows, 1):
        if problem := problem_in(_Row, row):
            raise RunError(f"{path} is damaged: line {number}: {problem}")
    return rows


def write_metrics(path: Path, rows: Rows) -> None:
    """Write all rows, or none if that fails; a number that is not finite becomes null."""
    lines = "".join(
        json.dumps({key: _finite(value) for key, value in row.items()}) + "\n" for row in rows
    )
    write_bytes(path, lines.encode())


def _finite(value: Any) -> float | None:
    """A finite number as JSON takes it; None for other values, which a callback may have added."""
    if type(value) is int:
        return value
    try:
        number = float(value)
    except (TypeError, ValueError, RuntimeError):  # as of a tensor of several values
        return None
    return number if math.isfinite(number) else None


def best_epoch(rows: Rows, record: RunRecord) -> int | None:
    """The epoch of the lowest validation loss, or the last without validation; None if no rows."""
    if not rows:
        return None
    chosen = [row for row in rows if _is_validated(record) and _held_out_loss(row) < math.inf]
    return int(min(chosen, key=_held_out_loss, default=rows[-1])["epoch"])


def best_loss(rows: Rows, record: RunRecord) -> float | None:
    """The lowest validation loss, infinite before the first; None without validation images."""
    return min(map(_held_out_loss, rows), default=math.inf) if _is_validated(record) else None


def is_over(rows: Rows, record: RunRecord) -> bool:
    """Whether the last epochs, as many as the recipe's patience, were no better."""
    patience, best = record["recipe"].get("patience"), best_epoch(rows, record)
    return patience is not None and best is not None and rows[-1]["epoch"] - best >= patience


def _is_validated(record: RunRecord) -> bool:
    return "validation" in record["data"].get("splits", ())


def _held_out_loss(row: Mapping[str, Any]) -> float:
    """The validation loss; infinite if there is none or it is not finite."""
    loss = row.get("val_loss")
    return math.inf if loss is None or not math.isfinite(loss) else float(loss)
