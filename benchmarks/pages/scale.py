"""The tables of docs/scale.md: the engines compared, and answers while processes are killed."""

from __future__ import annotations

from typing import Any

from pages.training import conditions, lines, record, spread

ORDERS = {
    "files": "files, all shuffled",
    "shards": "sorted shards, as they are read",
    "shards, small windows": "sorted shards, in windows of only 328 pictures",
    "shards, each for itself": "shuffled only within each shard",
}
ENGINES = {"dask": "Dask", "ray": "Ray Data"}


def batch_engines() -> str:
    """What each engine takes for the same pictures."""
    found = record("batch_engines")["summary"]
    head = [
        "",
        "pictures/s",
        "start, s",
        "all, s",
        "memory, MB",
        "all with a lost worker, s",
        "size",
    ]
    table = [[name, *_cells(found[engine])] for engine, name in ENGINES.items() if engine in found]
    said = (
        "Start is until the first part is there. Memory is that of all processes together, what"
        " they share counted once. Size is that of what is installed on top of nin."
    )
    return f"{lines(head, table)}\n\n{said} {conditions('batch_engines')}"


def _cells(row: dict[str, Any]) -> list[str]:
    size = f"{row['packages'][0]} packages, {row['bytes'][0] / 1e6:,.0f} MB"
    return [
        f"{row['pictures_per_second']['mean']:,.0f}",
        f"{row['start']['mean']:.1f}",
        f"{row['seconds']['mean']:.1f}",
        f"{row['memory']['max'] / 1e6:,.0f}",
        ", ".join(f"{each:.1f}" for each in row["seconds_with_a_lost_worker"]),
        size,
    ]


def batch_answers() -> str:
    """How many rows there are of how many pictures, and what it took."""
    (row,) = record("batch_answers")["rows"]
    second = row["second_start"]
    table = [
        ["pictures", f"{row['pictures']:,}"],
        ["predicted when the command was killed", f"{row['kept_at_kill']:,}"],
        ["rows in the end", f"{row['rows']:,}"],
        ["pictures with two rows", f"{row['twice']:,}"],
        ["pictures without a row", f"{row['missing']:,}"],
        ["pictures/s after the second start", f"{second['pictures_per_second']:,.0f}"],
        ["peak memory of the command, MB", f"{second['peak_bytes'] / 1e6:,.0f}"],
    ]
    return f"{lines(['', ''], table)}\n\n{conditions('batch_answers')}"


def shuffling() -> str:
    """What a network learns from sorted shards in each order, beside what it does from files."""
    found = record("shuffling")
    windows = {
        order: sorted({row["windows"] for row in found["rows"] if row["order"] == order} - {None})
        for order in found["summary"]
    }
    table = [
        [ORDERS[order], " or ".join(map(str, windows[order])), spread(row)]
        for order, row in found["summary"].items()
    ]
    row, counts = found["rows"][0], [row["trained_on"] for row in found["rows"]]
    said = (
        f"Fashion-MNIST, {min(counts):,} to {max(counts):,} pictures to train on in ten"
        f" shards of one class each, {row['n']:,} for the test; a small NiN with batch"
        " normalisation, two epochs; mean"
        f" ± sd over {found['summary']['files']['n']} seeds. A million pictures are 62 windows of"
        " half a thousand blocks; the small ones here are of ten, as those of large groups in"
        " Parquet may be."
    )
    head = ["order", "windows", "test accuracy"]
    return f"{lines(head, table)}\n\n{said} {conditions('shuffling')}"


SCALE = {"shuffling": shuffling, "batch engines": batch_engines, "batch answers": batch_answers}
