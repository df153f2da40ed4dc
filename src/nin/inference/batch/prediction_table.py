"""The file of all predictions: text, CSV, JSON Lines or Parquet; complete or absent."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from nin.errors import Argument, NinError
from nin.files import replacing
from nin.inference.prediction_lines import ENDINGS, FilePrediction, lines
from nin.installing import install_line

#: The extension of a table that is stored by columns.
PARQUET = ".parquet"
#: Rows per group of a Parquet file: what is in memory at a time.
_GROUP = 16_384


def check_ending(out: Path) -> str:
    """The format of `out`, by its extension: ``"text"``, ``"csv"``, ``"json"`` or ``"parquet"``.

    Raises:
        NinError: its extension is unknown, or what writes such files is not installed.
    """
    ending = out.suffix.lower()
    if ending == PARQUET:
        if importlib.util.find_spec("pyarrow") is None:
            raise NinError(
                f"{out}: Parquet needs pyarrow, which is not installed: {install_line('parquet')}"
            )
        return "parquet"
    if ending not in ENDINGS:
        raise NinError("end its name in .csv, .jsonl, .parquet or .txt", about=Argument("out", out))
    return ENDINGS[ending]


def write_predictions(out: Path, predictions: Iterable[FilePrediction], ranks: int = 0) -> None:
    """Write predictions to a file in the format of its extension, a few at a time.

    A table has the columns ``file``, ``label``, ``probability``, for each rank ``label_1``,
    ``probability_1`` and so on, and ``error``, the reason why a picture could not be read.

    Args:
        out: the file; an existing one is replaced when all has been written.
        predictions: as `FilePredictor.predict_files` yields them.
        ranks: for a table, how many of the likeliest classes have further columns.

    Raises:
        NinError: it cannot be written.
    """
    with replacing(out) as file:
        if out.suffix.lower() == PARQUET:
            _write_parquet(file, predictions, ranks)
        else:
            for line in lines(predictions, ENDINGS[out.suffix.lower()], ranks):
                file.write(_utf8(line))


def _write_parquet(file: BinaryIO, predictions: Iterable[FilePrediction], ranks: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers = [str(rank) for rank in range(1, ranks + 1)]
    pairs = ["", *(f"_{number}" for number in numbers)]
    fields: list[Any] = [("file", pa.string())]
    for end in pairs:
        fields += [(f"label{end}", pa.string()), (f"probability{end}", pa.float64())]
    schema = pa.schema([*fields, ("error", pa.string())])
    rows = iter(predictions)
    with pq.ParquetWriter(file, schema) as writer:
        while group := [_row(each, ranks) for each in islice(rows, _GROUP)]:
            writer.write_table(pa.Table.from_pylist(group, schema))


def _row(prediction: FilePrediction, ranks: int) -> dict[str, Any]:
    return dict(_cells(prediction, ranks))


def _cells(prediction: FilePrediction, ranks: int) -> Iterator[tuple[str, Any]]:
    yield "file", _valid(prediction["file"])
    if "error" in prediction:
        yield "error", _valid(prediction["error"])
        return
    yield "label", _valid(prediction["label"])
    yield "probability", prediction["probability"]
    for number, likely in enumerate(prediction["top"][:ranks], 1):
        yield f"label_{number}", _valid(likely["label"])
        yield f"probability_{number}", likely["probability"]


def _valid(text: str) -> str:
    return _utf8(text).decode()


def _utf8(text: str) -> bytes:
    """Names that are not UTF-8 are written as escapes, as on a terminal."""
    return text.encode("utf-8", "backslashreplace")
