"""What the rows of `speed.py` come to: speeds, ratios, the share of the sgemm rate; a table."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from contenders import CONTENDERS
from contenders.sgemm import LIBRARIES
from contenders.task import TASKS
from record import spread

import nin

#: Operations a multiply-add: forward two, and twice as many again for the gradients.
OPERATIONS = {"training": 6, "prediction": 2}

Row = dict[str, Any]


def summary(rows: list[Row]) -> dict[str, Any]:
    """The sgemm rate in GFLOP/s, and for each task each contender's `standing`."""
    rates = [row[library] for row in rows for library in LIBRARIES if library in row]
    peak = max(rates, default=None)
    return {
        "sgemm_gflops": peak,
        "tasks": {
            task: {
                name: standing([row for row in rows if row["task"] == task], name, task, peak)
                for name in CONTENDERS
                if any(row["contender"] == name for row in rows)
            }
            for task in TASKS
        },
    }


def standing(rows: list[Row], name: str, task: str, peak: float | None) -> dict[str, Any]:
    """How fast one contender is, how much faster ours is, what share of the sgemm rate it has.

    Args:
        rows: of one task, of all contenders.
        name: of the contender.
        task: name of the task.
        peak: the sgemm rate; None where it has not been measured.
    """
    own = [row for row in rows if row["contender"] == name]
    for row in own:
        if "could_not_run" in row:
            return {"could_not_run": row["could_not_run"]}
    if not own:
        return {}
    ours = [row for row in rows if row["contender"] == "ours" and "could_not_run" not in row]
    made = {what: _measured(own, ours, what) for what in OPERATIONS}
    for what, row in made.items():
        rate = row["images_per_second"]["mean"] * _gflop(task, what)
        row["share_of_sgemm"] = peak and round(rate / peak, 3)
    return {"same_mathematics": CONTENDERS[name].same_mathematics, **made}


def _measured(own: list[Row], ours: list[Row], what: str) -> dict[str, Any]:
    speeds, our_speeds = (
        {row["round"]: row[what]["images_per_second"] for row in some} for some in (own, ours)
    )
    ratios = [round(our_speeds[at] / speeds[at], 3) for at in speeds if at in our_speeds]
    return {
        "images_per_second": spread(list(speeds.values())),
        "ours_over_it": spread(ratios) if ratios else None,
        "compile_seconds": spread([row[what]["compile_seconds"] for row in own]),
    }


@cache
def _gflop(task: str, what: str) -> float:
    """Operations an image, in thousands of millions."""
    size, (*_, channels) = TASKS[task].size, TASKS[task].stored
    cost = nin.count_cost(nin.NiN(preset=TASKS[task].preset), (size, size, channels))
    return OPERATIONS[what] * cost.multiply_adds / 1e9


def table(made: dict[str, Any]) -> str:
    """The summary to read, in Markdown."""
    lines = [f"sgemm: {made['sgemm_gflops']} GFLOP/s"]
    head = [
        f"{what}: {column}"
        for what in OPERATIONS
        for column in ("images/s", "nin ÷ this one", "of sgemm", "compiles, s")
    ]
    for task, contenders in made["tasks"].items():
        lines += ["", f"| {task} | {' | '.join(head)} |", "|---" * (len(head) + 1) + "|"]
        lines += [_line(CONTENDERS[name].title, row) for name, row in contenders.items() if row]
    return "\n".join(lines)


def _line(title: str, row: dict[str, Any]) -> str:
    if "could_not_run" in row:
        return f"| {title} | could not run: {row['could_not_run']} |"
    mark = "" if row["same_mathematics"] else " (other mathematics)"
    cells = [cell(row[what]) for what in OPERATIONS for cell in CELLS]
    return f"| {title}{mark} | {' | '.join(cells)} |"


def _speed(row: dict[str, Any]) -> str:
    speed = row["images_per_second"]
    return f"{speed['mean']:.1f}" + (f" ± {speed['sd']:.1f}" if speed["sd"] is not None else "")


def _ratio(row: dict[str, Any]) -> str:
    ratio = row["ours_over_it"]
    return f"{ratio['mean']:.2f} [{ratio['min']:.2f}, {ratio['max']:.2f}]" if ratio else ""


def _share(row: dict[str, Any]) -> str:
    return f"{row['share_of_sgemm']:.0%}" if row["share_of_sgemm"] else ""


def _compile(row: dict[str, Any]) -> str:
    return f"{row['compile_seconds']['mean']:.1f}"


CELLS: tuple[Callable[[dict[str, Any]], str], ...] = (_speed, _ratio, _share, _compile)
