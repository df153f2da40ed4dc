"""What scale.py has measured, by source and number of pictures, and how it grows."""

from __future__ import annotations

import math
from typing import Any

#: Figure → in which rows it is measured, and what it is called there.
FIGURES = {
    "listed_processor": ("open", "listed_processor"),
    "opened_processor": ("open", "opened_processor"),
    "opened_mib": ("open", "peak_mib"),
    "first_step_processor": ("train", "first_step_processor"),
    "images_per_processor_second": ("train", "images_per_processor_second"),
    "trained_mib": ("train", "peak_mib"),
    "pictures_per_second": ("answer", "pictures_per_second"),
    "pictures_per_processor_second": ("answer", "pictures_per_processor_second"),
}


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Each figure by source and who, by number of pictures; and how it grows.

    ``slope`` is that of the last tenfold in logarithms: 1 is in proportion, 0 is flat.
    """
    found: dict[str, Any] = {}
    for figure, (what, called) in FIGURES.items():
        for row in rows:
            if row["what"] == what and called in row:
                by = f"{row['workers']} workers" if what == "answer" else row["by"]
                series = found.setdefault(figure, {}).setdefault(f"{row['source']}, {by}", {})
                series[str(row["pictures"])] = row[called]
    slopes = {
        figure: {name: slope(series) for name, series in each.items()}
        for figure, each in found.items()
    }
    return {**found, "slope": slopes}


def slope(series: dict[str, float]) -> float | None:
    """The exponent by which a figure grows between the two largest numbers of pictures."""
    points = sorted((int(count), value) for count, value in series.items())
    if len(points) < 2:
        return None
    (few, low), (many, high) = points[-2:]
    return round(math.log(high / low) / math.log(many / few), 2)
