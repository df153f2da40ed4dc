"""Writes the tables and pictures of README.md and docs/ anew from the records in results/.

A table stands between the lines ``<!-- NAME -->`` and ``<!-- end NAME -->``. A picture ends with
the digest of the record it was drawn from.

Run: python benchmarks/tables.py
"""

from __future__ import annotations

import re
from pathlib import Path

from pages.book import BOOK
from pages.economy import ECONOMY, pictures
from pages.growth import GROWTH, growth_picture
from pages.paper import PAPER, drawn
from pages.photographs import PHOTOGRAPHS
from pages.questions import QUESTIONS
from pages.runtimes import RUNTIMES
from pages.scale import SCALE
from pages.searching import SEARCHING
from pages.shipping import SHIPPING
from pages.training import TRAINING, lines, record, spread

from nin.files import write_bytes

ROOT = Path(__file__).parents[1]
PAGES = (
    ROOT / "README.md",
    ROOT / "docs/d2l.md",
    ROOT / "docs/learning.md",
    ROOT / "docs/exercises.md",
    ROOT / "docs/networks.md",
    ROOT / "docs/paper.md",
    ROOT / "docs/training.md",
    ROOT / "docs/shipping.md",
    ROOT / "docs/maps.md",
    ROOT / "docs/predictions.md",
    ROOT / "docs/experiments.md",
    ROOT / "docs/scale.md",
)
WAYS = {
    "printed": "the book's cells, Keras's own weights",
    "trainer": "the same cells through `nin.Trainer`",
    "recipe": "the same layers, our recipe",
}


def learning() -> str:
    """The share of seeds that learn."""
    made = record("learning")["summary"]
    rows = [
        [name, f"{made[way]['learnt']} of {made[way]['n']}", spread(made[way])]
        for way, name in WAYS.items()
    ]
    head = ["how the chapter's network is trained", "seeds that learn", "accuracy, mean ± sd"]
    return lines(head, rows)


TABLES = {
    "learning": learning,
    **PHOTOGRAPHS,
    **BOOK,
    **ECONOMY,
    **PAPER,
    **TRAINING,
    **SHIPPING,
    **RUNTIMES,
    **QUESTIONS,
    **SEARCHING,
    **SCALE,
    **GROWTH,
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
    for path, picture in {**pictures(), **drawn(), **growth_picture()}.items():
        write_bytes(path, picture.encode())
    for page in PAGES:
        write_bytes(page, renewed(page.read_text(encoding="utf-8")).encode())


if __name__ == "__main__":
    main()
