"""The tables of README.md and docs/ about folders of photographs, from the records."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from pages.training import conditions, duration, lines, record, spread

#: Contender of benchmarks/photos.py → what it is called in the table.
CONTENDERS = {
    "frozen": "`nin train FOLDER`",
    "finetune": "`nin train FOLDER --finetune`",
    "book": "`nin train FOLDER --preset book` (from scratch)",
    "tutorial": "TensorFlow's tutorial network (from scratch)",
    "keras": "the same frozen trunk by Keras's `predict`, then scikit-learn",
    "head": "the head alone, by scikit-learn on our features",
}


#: Way of benchmarks/balance.py → the option.
BALANCE = {
    "none": "as they come",
    "weights": "`--balance weights`",
    "sampling": "`--balance sampling`",
}


def photos() -> str:
    """What our trainings make of a folder of photographs, in a sentence."""
    made = record("photos")
    kinds, first = _photographs(made)
    anew = kinds["divided anew"]
    said = [
        f"{CONTENDERS[way]} reaches {_in_seconds(row)} (n = {row['accuracy']['n']}; on random"
        f" splits: {_in_seconds(anew[way])}, n = {anew[way]['accuracy']['n']})"
        for way, row in kinds["as it is"].items()
        if way in anew
    ]
    return (
        "On 3,781 photographs of clothes in ten unbalanced classes,"
        f" {'; '.join(said)}. Accuracy on the {first['n']} test photographs; always naming the"
        f" largest class gives {first['largest_class']:.3f}. On {made['device']['cores']} cores."
    )


def photographs() -> str:
    """The same beside others, and on parts that are divided anew."""
    kinds, first = _photographs(record("photos"))
    rows = []
    for way, words in CONTENDERS.items():
        found = [kinds.get(kind, {}).get(way) for kind in ("as it is", "divided anew")]
        if measured := next(filter(None, found), None):
            cells = [_spread_and_n(row) if row else "" for row in found]
            rows.append([words, *cells, duration(measured["seconds"]["median"])])
    head = ["", "the set's own test split", "random splits", "time, median"]
    return f"{lines(head, rows)}\n\n{first['n']} test photographs. {conditions('photos')}"


def _photographs(made: Any) -> tuple[Any, Any]:
    """The summary of the first folder, and its first row."""
    name, kinds = next(iter(made["summary"]["folders"].items()))
    return kinds, next(row for row in made["rows"] if row["folder"] == name)


def _in_seconds(row: Any) -> str:
    return f"{spread(row['accuracy'])} in {duration(row['seconds']['median'])}"


def _spread_and_n(row: Any) -> str:
    return f"{spread(row['accuracy'])} (n = {row['accuracy']['n']})"


def few_photographs() -> str:
    """A pretrained network and one from scratch, on a few photographs per class."""
    made = record("photos")
    accuracies: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in made["rows"]:
        counts, seed, _ = row["folder"].partition("-seed-")
        if seed and not row["division"] and not row["seed"]:
            accuracies[counts][row["contender"]].append(row["accuracy"])
    ways = ("frozen", "tutorial")
    rows = [
        [counts.replace("-", ", "), *(_listed(found.get(way, [])) for way in ways)]
        for counts, found in sorted(accuracies.items(), key=lambda item: _size(item[0]))
    ]
    head = ["training photographs of each class", *(CONTENDERS[way] for way in ways)]
    return f"{lines(head, rows)}\n\nOne number per draw of the photographs. {conditions('photos')}"


def _listed(accuracies: list[float]) -> str:
    return ", ".join(f"{accuracy:.3f}" for accuracy in accuracies)


def _size(counts: str) -> tuple[int, int]:
    numbers = [int(count) for count in counts.split("-")]
    return len(numbers), sum(numbers)


def small_folders() -> str:
    """How often a small folder is learnt from scratch, before and now."""
    before, after = (record(name)["summary"] for name in ("small_folders_before", "small_folders"))
    rows = [
        [cell, *_learnt(before[cell]), *_learnt(row), spread(row["accuracy"])]
        for cell, row in sorted(after.items(), key=lambda item: _cell(item[0]))
    ]
    head = [
        *("pictures per class × classes", "learnt, before", "failed in silence, before"),
        *("learnt", "failed in silence", "accuracy, mean ± sd"),
    ]
    return f"{_in_all(before, after)}\n\n{lines(head, rows)}\n\n{conditions('small_folders')}"


def _in_all(before: dict[str, Any], after: dict[str, Any]) -> str:
    """How many of all trainings learnt, in a sentence."""

    def counted(summary: dict[str, Any], kind: str) -> str:
        cells = [row for cell, row in summary.items() if cell.startswith(kind)]
        learnt, trained = (
            sum(row["learnt"] for row in cells),
            sum(row["accuracy"]["n"] for row in cells),
        )
        return f"{learnt} of {trained}"

    silent = sum(row["silently_failed"] for row in after.values())
    return (
        f"Before, {counted(before, 'generated')} trainings on squares and"
        f" {counted(before, 'photographs')} on photographs learnt; now"
        f" {counted(after, 'generated')} and {counted(after, 'photographs')}, and {silent} failed"
        " in silence:"
    )


def _learnt(row: dict[str, Any]) -> tuple[str, str]:
    return f"{row['learnt']} of {row['accuracy']['n']}", str(row["silently_failed"])


def _cell(name: str) -> tuple[str, list[int]]:
    kind, *numbers = name.replace(" px", "").replace(" × ", ", ").split(", ")
    return kind, [int(number) for number in numbers]


def balance() -> str:
    """What each way of balancing does for the small classes and for accuracy."""
    made = record("balance")["summary"]
    rows = [
        [words, *(spread(made[p][way][key]) for p in made for key in ("recall_small", "accuracy"))]
        for way, words in BALANCE.items()
    ]
    head = ["", *(f"{what}, {part}" for part in made for what in ("small classes", "accuracy"))]
    return f"{lines(head, rows)}\n\n{conditions('balance')}"


PHOTOGRAPHS = {
    "photos": photos,
    "photographs": photographs,
    "few photographs": few_photographs,
    "small folders": small_folders,
    "balance": balance,
}
