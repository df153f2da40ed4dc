"""Tables of docs/experiments.md: the range test of rates, and one question asked elsewhere."""

from __future__ import annotations

import statistics
from typing import Any

from asking import KILLED_IN

from pages.training import RESULTS, lines, record

PROGRAMS = {
    "nin": "`nin.compare`",
    "keras_tuner": "KerasTuner",
    "optuna": "Optuna around plain Keras",
}
#: How many seeds a network is trained with.
SEEDS = 3


def range_test() -> str:
    """What the suggestions are worth beside the best rate of a grid."""
    rows = record("find_lr")["rows"]
    names = dict.fromkeys(row["network"] for row in rows)
    head = [
        *("short trainings", "best rate of a grid", "accuracy there"),
        *("suggested (lowest / 10)", "accuracy with it", "steepest descent", "accuracy with it"),
    ]
    table = [_network(name, [row for row in rows if row["network"] == name]) for name in names]
    return f"{lines(head, table)}\n\n{_conditions(record('find_lr'))}"


def _network(name: str, rows: list[dict[str, Any]]) -> list[str]:
    rates = {row["rate"] for row in rows if row["why"] == "grid"}
    seeds = [
        seed
        for seed in {row["seed"] for row in rows}
        if rates == {row["rate"] for row in rows if (row["seed"], row["why"]) == (seed, "grid")}
    ]
    rows = [row for row in rows if row["seed"] in seeds]
    name += "" if len(seeds) == SEEDS else f" (n = {len(seeds)})"
    grid = [row for row in rows if row["why"] == "grid"]
    means = {rate: _accuracies(grid, rate) for rate in sorted({row["rate"] for row in grid})}
    best = max(means, key=lambda rate: statistics.fmean(means[rate]))
    cells = [name, f"{best:g}", _mean(means[best])]
    for why in ("tenth", "steepest"):
        found = [row for row in rows if row["why"] == why]
        rates = sorted(row["rate"] for row in found)
        missing = len(seeds) - len(rates)
        ends = dict.fromkeys(f"{rate:.2g}" for rate in rates[:1] + rates[-1:])
        said = " to ".join(ends) or "none"
        said += f", none for {missing} of the seeds" if rates and missing else ""
        cells += [said, _mean([row["accuracy"] for row in found])]
    return cells


def _accuracies(rows: list[dict[str, Any]], rate: float) -> list[float]:
    return [row["accuracy"] for row in rows if row["rate"] == rate]


def _mean(values: list[float]) -> str:
    if not values:
        return "–"
    sd = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values):.3f}{sd}"


def asked_elsewhere() -> str:
    """Lines to write, and what a kill costs."""
    rows = {row["program"]: row for row in record("asking")["rows"]}
    head = ["", *PROGRAMS.values()]
    body = [
        ["lines to write, beside the networks", *(str(rows[name]["lines"]) for name in PROGRAMS)],
        ["trainings that `kill -9` in the sixth of 12 cost", *map(_cost, map(rows.get, PROGRAMS))],
        ["what it says in the end", *(_said(rows[name]) for name in PROGRAMS)],
    ]
    return f"{lines(head, body)}\n\n{_conditions(record('asking'))}"


def _cost(row: Any) -> str:
    """What was lost: trainings that were made twice; or that it could not go on."""
    if row["code_after_kill"]:
        again = row["begun_in_all"] - KILLED_IN
        return f"started again, it trains {again} more and ends with `{row['error']}`"
    return f"{row['repeated']}"


def _said(row: dict[str, Any]) -> str:
    """The first lines, those of a table in Markdown left out."""
    kept = [line for line in row["said"] if line and not line.startswith(("|", "Reloading"))]
    return "<br>".join(f"`{line}`" for line in kept)


def _conditions(made: dict[str, Any]) -> str:
    commits = ", ".join(dict.fromkeys(row["commit"] for row in made["rows"]))
    device = made["device"]
    versions = ", ".join(
        f"{name} {made['versions'][name]}"
        for name in ("keras", "tensorflow", "optuna", "keras-tuner")
        if name in made["versions"]
    )
    place = f"{device['processor']}, {device['cores']} cores"
    return f"({place}; {versions}; commit {commits}; `{made['command']}`)"


def _measured(name: str, table: Any) -> Any:
    """The table, or what to run for it."""

    def made() -> str:
        if (RESULTS / f"{name}.json").exists():
            return str(table())
        return f"*Not measured yet: `python benchmarks/{name}.py`.*"

    return made


SEARCHING = {
    "range test": _measured("find_lr", range_test),
    "asked elsewhere": _measured("asking", asked_elsewhere),
}
