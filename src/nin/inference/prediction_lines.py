"""Predictions for files as lines of text, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from nin.inference.file_predictor import UNSURE
from nin.names import printable

FilePrediction = Mapping[str, Any]
Form = Literal["text", "csv", "json"]

#: Extension of a file of predictions → its format.
ENDINGS: dict[str, Form] = {".txt": "text", ".csv": "csv", ".json": "json", ".jsonl": "json"}


def lines(predictions: Iterable[FilePrediction], form: Form, ranks: int = 0) -> Iterator[str]:
    """Predictions as lines of text, each with its line break.

    Args:
        predictions: as `FilePredictor.predict_files` yields them.
        form: ``"text"`` for people; ``"csv"``, with a header; or ``"json"``: an object per line.
        ranks: for a CSV, how many of the likeliest classes have further columns.
    """
    if form == "csv":
        yield from _csv(predictions, ranks)
    else:
        write = _text if form == "text" else json.dumps
        for prediction in predictions:
            yield f"{write(prediction)}\n"


def _text(prediction: FilePrediction) -> str:
    file = printable(prediction["file"])
    if "error" in prediction:
        return f"{file}: cannot be read: {printable(prediction['error'])}"
    likeliest = prediction["top"]
    names = "  ".join(f"{printable(row['label'])} {row['probability']:.3f}" for row in likeliest)
    is_unsure = prediction["label"] != likeliest[0]["label"]
    return f"{file}: {f'{UNSURE}  ' if is_unsure else ''}{names}"


def _csv(predictions: Iterable[FilePrediction], ranks: int) -> Iterator[str]:
    numbers = range(1, ranks + 1)
    ranked = [name for rank in numbers for name in (f"label_{rank}", f"probability_{rank}")]
    header = _joined(["file", "label", "probability", *ranked, "error"])
    for prediction in predictions:
        likeliest = [*_label_and_probability(prediction)]
        for row in prediction.get("top", ())[:ranks]:
            likeliest += _label_and_probability(row)
        likeliest += [""] * (2 + len(ranked) - len(likeliest))
        # Written with the first row: without any, there is no header either, until the end.
        yield header + _joined([prediction["file"], *likeliest, prediction.get("error", "")])
        header = ""
    if header:
        yield header


def _label_and_probability(prediction: FilePrediction) -> tuple[str, str]:
    if "error" in prediction:
        return "", ""
    return prediction["label"], f"{prediction['probability']:.6f}"


def _joined(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)  # With another end of line it would not quote a \r.
    return line.getvalue().removesuffix("\r\n") + "\n"
