"""Writes the tables and pictures of README.md and docs/ anew from the records in results/.

A table stands between the lines ``<!-- NAME -->`` and ``<!-- end NAME -->``. A picture ends with
the digest of the record it was drawn from.

Run: python benchmarks/tables.py
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from economy_tables import ECONOMY, pictures
from shipping_tables import SHIPPING
from training_tables import TRAINING, conditions, duration, lines, record, spread

from nin.files import write_bytes

ROOT = Path(__file__).parents[1]
PAGES = (
    ROOT / "README.md",
    ROOT / "docs/learning.md",
    ROOT / "docs/exercises.md",
    ROOT / "docs/networks.md",
    ROOT / "docs/training.md",
    ROOT / "docs/shipping.md",
    ROOT / "docs/maps.md",
    ROOT / "docs/answers.md",
)
WAYS = {
    "printed": "the book's cells, Keras's own weights",
    "trainer": "the same cells through `nin.Trainer`",
    "recipe": "the same layers, our recipe",
}

#: Contender of benchmarks/photos.py → what it is called in the table.
PHOTOGRAPHS = {
    "frozen": "`nin train FOLDER`",
    "finetune": "`nin train FOLDER --finetune`",
    "book": "`nin train FOLDER --preset book` (from scratch)",
    "tutorial": "TensorFlow's tutorial network (from scratch)",
    "keras": "the same frozen trunk by Keras's `predict`, then scikit-learn",
    "head": "the head alone, by scikit-learn on our features",
}


def learning() -> str:
    """The share of seeds that learn."""
    table = [
        "| how the chapter's ten layers are trained | seeds that learn | accuracy, mean ± sd |",
        "|---|---|---|",
    ]
    rows = record("learning")["summary"]
    for way, name in WAYS.items():
        row = rows[way]
        table.append(f"| {name} | {row['learnt']} of {row['n']} | {spread(row)} |")
    return "\n".join(table)


def photos() -> str:
    """What our trainings make of a folder of photographs, in a sentence."""
    made = record("photos")
    kinds, first = _photographs(made)
    said = [
        f"{PHOTOGRAPHS[way]} reaches {_spread_and_n(row)} in {duration(row['seconds']['median'])}"
        for way, row in kinds["as it is"].items()
        if way in ("frozen", "finetune", "book")
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
    for way, words in PHOTOGRAPHS.items():
        found = [kinds.get(kind, {}).get(way) for kind in ("as it is", "divided anew")]
        if measured := next(filter(None, found), None):
            cells = [_spread_and_n(row) if row else "" for row in found]
            rows.append([words, *cells, duration(measured["seconds"]["median"])])
    head = ["", "its own test part", "divided anew by seed", "time, median"]
    return f"{lines(head, rows)}\n\n{first['n']} test photographs. {conditions('photos')}"


def _photographs(made: Any) -> tuple[Any, Any]:
    """The summary of the first folder, and its first row."""
    name, kinds = next(iter(made["summary"]["folders"].items()))
    return kinds, next(row for row in made["rows"] if row["folder"] == name)


def _spread_and_n(row: Any) -> str:
    return f"{spread(row['accuracy'])} (n = {row['accuracy']['n']})"


TABLES = {
    "learning": learning,
    "photos": photos,
    "photographs": photographs,
    **ECONOMY,
    **TRAINING,
    **SHIPPING,
}


def renewed(text: str) -> str:
    """`text` with every table written anew."""
    for name, table in TABLES.items():
        pattern = rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)"
        content = table() if f"<!-- {name} -->" in text else ""
        text = re.sub(pattern, lambda m, c=content: f"{m[1]}{c}\n{m[2]}", text, flags=re.DOTALL)
    return text


def main() -> None:
    """Write all pages and pictures."""
    for path, picture in pictures().items():
        write_bytes(path, picture.encode())
    for page in PAGES:
        write_bytes(page, renewed(page.read_text(encoding="utf-8")).encode())


if __name__ == "__main__":
    main()
