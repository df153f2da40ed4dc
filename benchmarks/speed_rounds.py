"""The rounds of `speed.py`: every contender in turn, the record, the table."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

from contenders import CONTENDERS
from contenders.sgemm import PLACES
from contenders.task import TASKS
from record import Record
from speed_table import summary, table

import nin

Measure = Callable[[str, str, argparse.Namespace], dict[str, Any]]


def measure(asked: argparse.Namespace, in_a_process: Measure, claim: str) -> None:
    """Measure what is not yet in the record, and print the table."""
    record = Record("speed", claim)
    record.rows = [row for row in record.rows if "could_not_run" not in row]
    for number in range(asked.rounds):
        for name, task in _turn():
            key = {"contender": name, "task": task, "round": number}
            if record.has(**key) or _cannot_run(record, name, task):
                continue
            said = in_a_process(name, task, asked)
            _check_parameters(name, task, said)
            record.add(summary, **key, seconds=asked.seconds, **said)
            print(*key.values(), said, flush=True)
    print(table(summary(record.rows)))


def _turn() -> Iterator[tuple[str, str]]:
    """One round."""
    for task in TASKS:
        for name in (*PLACES, *CONTENDERS):
            yield name, task


def _cannot_run(record: Record, name: str, task: str) -> bool:
    rows = (row for row in record.rows if row["contender"] == name and row["task"] == task)
    return any("could_not_run" in row for row in rows)


def _check_parameters(name: str, task: str, said: dict[str, Any]) -> None:
    expected = nin.PRESETS[task].parameters
    if said.get("parameters", expected) != expected:
        raise SystemExit(f"{name} has {said['parameters']} parameters in {task}, not {expected}")
