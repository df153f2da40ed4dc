"""Writes the tables and pictures of README.md and docs/ anew from the records in results/.

A table stands between the lines ``<!-- NAME -->`` and ``<!-- end NAME -->``. A picture ends with
the digest of the record it was drawn from.

Run: python benchmarks/tables.py
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from economy_tables import ECONOMY, pictures

from nin.files import write_bytes

ROOT = Path(__file__).parents[1]
PAGES = (
    ROOT / "README.md",
    ROOT / "docs/learning.md",
    ROOT / "docs/exercises.md",
    ROOT / "docs/networks.md",
)
WAYS = {
    "printed": "the book's cells, Keras's own weights",
    "trainer": "the same cells through `nin.Trainer`",
    "recipe": "the same layers, our recipe",
}


def learning() -> str:
    """The share of seeds that learn."""
    lines = [
        "| how the chapter's ten layers are trained | seeds that learn | accuracy, mean ± sd |",
        "|---|---|---|",
    ]
    rows = _record("learning")["summary"]
    for way, name in WAYS.items():
        row = rows[way]
        lines.append(f"| {name} | {row['learnt']} of {row['n']} | {spread(row)} |")
    return "\n".join(lines)


def recipes() -> str:
    """What the recipes for published sets reach."""
    said = []
    for name in ("digits", "fashion"):
        record = _record(name)
        accuracy, first = record["summary"]["accuracy"], record["rows"][0]
        said.append(
            f"`nin train {name}` reaches {spread(accuracy)} with {first['parameters']:,} parameters"
            f" ({accuracy['n']} seeds, {_duration(record)})"
        )
    return f"On test images, which it sees once, at the end, {'; '.join(said)}."


def photos() -> str:
    """What the photos recipe reaches."""
    record = _record("photos")
    first, accuracy = record["rows"][0], record["summary"]["accuracy"]
    return (
        "On 3,781 photographs of clothes in ten unbalanced classes this reaches"
        f" {spread(accuracy)} (n = {accuracy['n']}) on the {first['n']} test photographs; always"
        f" naming the largest class gives {first['largest_class']:.3f}."
        f" Training took {_duration(record)}."
    )


TABLES = {
    "learning": learning,
    "recipes": recipes,
    "photos": photos,
    **ECONOMY,
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


def _record(name: str) -> Any:
    return json.loads((ROOT / "results" / f"{name}.json").read_text())


def _duration(record: Any) -> str:
    seconds = record["summary"]["seconds"]["mean"]
    time = f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return f"{time} on {record['device']['cores']} busy cores"


def spread(row: dict[str, Any]) -> str:
    return f"{row['mean']:.3f}" + ("" if row["sd"] is None else f" ± {row['sd']:.3f}")


if __name__ == "__main__":
    main()
