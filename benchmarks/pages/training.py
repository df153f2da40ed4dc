"""The tables of docs/training.md, and README's sentence on recipes, from the records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[2] / "results"
GOALS = ("0.87", "0.9")
CONTENDERS = {
    "ours": "nin (TensorFlow)",
    "keras-tensorflow": "Keras `fit` on TensorFlow",
    "keras-jax": "Keras `fit` on JAX",
    "torch": "PyTorch, channels last",
    "torch-compile": "PyTorch, channels last, `torch.compile`",
    "d2l": "d2l 1.0.3 on legacy Keras",
    "ours-bfloat16": "nin, products in bfloat16 (other mathematics)",
}
LOADERS = {
    "streamed": "nin, streamed",
    "memory": "nin, into memory (first epoch)",
    "keras": "Keras `image_dataset_from_directory`",
    "torchvision": "torchvision `ImageFolder`, PyTorch `DataLoader`",
}
TASKS = {"book": "book's net, 224 px", "cifar10": "`cifar10`, 32 px"}


def record(name: str) -> Any:
    """What is in a file of results/."""
    return json.loads((RESULTS / f"{name}.json").read_text())


def spread(row: dict[str, Any], digits: int = 3) -> str:
    """Mean and standard deviation."""
    sd = "" if row["sd"] is None else f" ± {row['sd']:.{digits}f}"
    return f"{row['mean']:,.{digits}f}{sd}"


def lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *body])


def recipes() -> str:
    """What the recipes for published sets reach, and how soon."""
    said = []
    for name in ("digits", "fashion", "book", "fashion28"):
        made = record(name)
        accuracy, first = made["summary"]["accuracy"], made["rows"][0]
        took = made["summary"].get("seconds") or {"mean": 3600 * made["summary"]["hours"]["mean"]}
        said.append(
            f"`nin train {name}` reaches {spread(accuracy)} with {first['parameters']:,} parameters"
            f" ({accuracy['n']} seeds, {duration(took['mean'])})"
        )
    return f"On test images, on {_cores()} busy cores: {'; '.join(said)}."


def duration(seconds: float) -> str:
    """Seconds, or minutes."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def accuracy() -> str:
    """Seconds to each goal, and where it ends."""
    rows = []
    for name in ("fashion", "book"):
        made = record(name)["summary"]
        times = [_reached(made, goal) for goal in GOALS]
        end = f"{spread(made['accuracy'])} after {duration(made['seconds']['mean'])}"
        parameters = f"{record(name)['rows'][0]['parameters']:,}"
        rows.append([f"`nin train {name}`", parameters, *times, end])
    head = ["", "parameters", "to 0.87, median [range]", "to 0.90, median [range]", "at the end"]
    return lines(head, rows)


def accuracy_with_conditions() -> str:
    """The same, with where it was measured."""
    seeds = record("fashion")["summary"]["accuracy"]["n"]
    return f"{accuracy()}\n\nn = {seeds} seeds each. {conditions('fashion', 'book')}"


def _reached(summary: dict[str, Any], goal: str) -> str:
    row = summary.get(f"seconds_to_{goal}")
    if row is None:
        return "not reached by every seed"
    return f"{row['median']:.0f} s [{row['min']:.0f}, {row['max']:.0f}]"


def speed() -> str:
    """Images a second of each contender, and ratios."""
    made = record("speed")["summary"]
    tables = []
    for task, title in TASKS.items():
        rows = [
            [CONTENDERS[name], *_standing(row)]
            for name, row in made["tasks"][task].items()
            if row and name in CONTENDERS
        ]
        head = [
            title,
            "training, images/s",
            "nin ÷ this one",
            "prediction, images/s",
            "nin ÷ this one",
        ]
        tables.append(lines(head, rows))
    book = made["tasks"]["book"]["ours"]
    shares = " and ".join(
        f"{book[what]['share_of_sgemm']:.0%} in {what}" for what in ("training", "prediction")
    )
    steps = min(row["training"]["steps"] for row in record("speed")["rows"] if "training" in row)
    peak = (
        f"Rounds: {book['training']['images_per_second']['n']}, of at least {steps} steps of"
        " training each. The best sgemm measured in the same"
        f" run: {made['sgemm_gflops']:.0f} GFLOP/s; nin's share"
        f" of it on the book's net: {shares}. {conditions('speed')}"
    )
    return "\n\n".join([*tables, peak])


def _standing(row: dict[str, Any]) -> list[str]:
    if "could_not_run" in row:
        return [f"could not run: {row['could_not_run']}", "", "", ""]
    told = []
    for what in ("training", "prediction"):
        ratio = row[what]["ours_over_it"]
        told += [spread(row[what]["images_per_second"], 1), _ratio(ratio) if ratio else ""]
    return told


def _ratio(row: dict[str, Any]) -> str:
    least_and_most = f" [{row['min']:.2f}, {row['max']:.2f}]" if row["n"] > 1 else ""
    return f"{row['mean']:.2f}{least_and_most}"


def identities() -> str:
    """Milliseconds with and without."""
    made = record("identities")["summary"]
    named = {
        "step": "a whole step",
        "pool, then relu": "a whole step with ReLU after the pooling",
        "stem": "of it, resizing and first convolution, forward and gradient",
        "stem as 3×3": "the same with the convolution on blocks of 4×4 pixels",
    }
    rows = [[words, spread(made[name], 1)] for name, words in named.items()]
    said = f"{made['step']['n']} rounds. {conditions('identities')}"
    return f"{lines(['', 'ms, mean ± sd'], rows)}\n\n{said}"


def batch_normalization() -> str:
    """Images a second with nin's layer and with Keras's."""
    rows = []
    for name, phases in record("batch_normalization")["summary"].items():
        row = [name]
        for phase in ("training", "prediction"):
            found = phases[phase]
            row += [f"{found['nin']:,.0f}", f"{found['Keras']:,.0f}", f"{found['ratio']:.2f}"]
        rows.append(row)
    head = ["", "training, images/s", "with Keras's layer", "ratio"]
    head += ["prediction, images/s", "with Keras's layer", "ratio"]
    rounds = {row["round"] for row in record("batch_normalization")["rows"]}
    said = f"Medians of {len(rounds)} rounds, the two layers in turn."
    return f"{lines(head, rows)}\n\n{said} {conditions('batch_normalization')}"


def startup() -> str:
    """Cold starts and peaks."""
    made = record("startup")["summary"]
    rows = [
        [
            f"`{what}`",
            f"{row['seconds']['median']:.2f} s [{row['seconds']['min']:.2f},"
            f" {row['seconds']['max']:.2f}]",
            _mebibytes(row["peak_bytes"]["median"]),
        ]
        for what, row in made["starts"].items()
    ]
    for what, peak in made["peak_bytes"].items():
        rows.append([f"`{what} --limit 2000 --epochs 1`, 224 px", "", _mebibytes(peak)])
    loader = _mebibytes(made["book_loader"]["extrapolated_to_60000"])
    rows.append(["the book's loader, all images (extrapolated)", "", loader])
    head = ["cold", "seconds, median [range]", "peak memory, MiB"]
    return f"{lines(head, rows)}\n\n{conditions('startup')}"


def _mebibytes(count: float) -> str:
    return f"{count / 2**20:,.0f}"


def loading() -> str:
    """Images a second of each loader, and the folder of many files."""
    made = record("loading")["summary"]
    over = made["streamed_over"]
    rows = [
        [LOADERS[way], spread(row, 0), spread(over[way], 2) if way in over else ""]
        for way, row in made["images_per_second"].items()
    ]
    table = lines(["", "images/s, mean ± sd", "streamed ÷ this one"], rows)
    many = lines(
        ["files of 64×64", "", "images/s", "peak memory, MiB"],
        [
            [f"{r['files']:,}", r["way"], f"{r['images_per_second']:,.0f}", f"{r['peak_mib']:,.0f}"]
            for r in made["many"]
        ],
    )
    return f"{table}\n\n{many}\n\n{conditions('loading')}"


def capabilities() -> str:
    """What works on which backend."""
    rows = record("capabilities")["rows"]
    backends = list(dict.fromkeys(row["backend"] for row in rows))
    found = {(row["capability"], row["backend"]): row["outcome"] for row in rows}
    names = dict.fromkeys(row["capability"] for row in rows)
    named = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
    head = ["", *(named[backend] for backend in backends)]
    return lines(head, [[name, *(found[name, backend] for backend in backends)] for name in names])


def conditions(*names: str) -> str:
    """Where it was measured, and how."""
    device = record(names[0])["device"]
    rows = [row for name in names for row in record(name)["rows"]]
    commits = ", ".join(dict.fromkeys(row["commit"] for row in rows))
    commands = ", ".join(f"`{record(name)['command']}`" for name in names)
    places = list(dict.fromkeys(row["measured_on"] for row in rows if "measured_on" in row))
    place = f"{device.get('gpu', device['processor'])}, {device['cores']} cores"
    if len(places) > 1:
        backends: dict[str, list[str]] = {}
        for each in places:
            device_name, _, backend = each.rpartition(", ")
            backends.setdefault(device_name, []).append(backend)
        place = "; ".join(", ".join([name, *used]) for name, used in backends.items())
    notes = "".join(f". {note}" for name in names if (note := record(name).get("note")))
    return f"({place}; commit {commits}; {commands}{notes})"


def _cores() -> int:
    return int(record("fashion")["device"]["cores"])


TRAINING = {
    "recipes": recipes,
    "accuracy short": accuracy,
    "accuracy": accuracy_with_conditions,
    "speed": speed,
    "identities": identities,
    "batch normalization": batch_normalization,
    "startup": startup,
    "loading": loading,
    "capabilities": capabilities,
}
