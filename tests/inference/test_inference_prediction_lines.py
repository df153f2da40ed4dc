"""Predictions as lines of CSV, whatever the names hold."""

import csv
import io

from nin.inference.prediction_lines import lines


def test_every_name_stays_in_its_cell():
    names = ["a\rb.png", "a\nb.png", "a\r\nb.png", 'a",b.png', "a\r", "ü"]
    made = [{"file": name, "label": name, "probability": 0.5} for name in names]
    text = "".join(lines(made, "csv"))
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert [(row[0], row[1]) for row in rows] == [(name, name) for name in names]
    assert text.startswith(f"{','.join(header)}\n")
    assert text.endswith("\n")
