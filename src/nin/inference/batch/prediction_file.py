"""A file of predictions: written part by part, continued, and joined when all parts are there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nin.inference.batch.prediction_parts import PredictionParts, prediction_parts
from nin.inference.batch.prediction_table import write_predictions
from nin.inference.predicted_files import PredictedFiles, counted_images
from nin.progress import progress


def predict_to_file(
    out: Path,
    predicted: PredictedFiles,
    fingerprint: Mapping[str, Any],
    predict: Callable[[PredictionParts, Callable[[int], None]], None],
    ranks: int = 0,
) -> None:
    """Write the predictions for pictures to a file, which appears when it is complete.

    Until then complete parts of it are in a folder beside it; the same call again continues.

    Args:
        out: the file.
        predicted: the pictures; counts the predictions that are written.
        fingerprint: of network, pictures and options; see `nin.inference.batch.batch_job`.
        predict: predicts the missing parts, and reports how many pictures it has done.
        ranks: for a table, how many of the likeliest classes have further columns.

    Raises:
        NinError: the file already exists or cannot be written, or nothing can be predicted.
        KeyboardInterrupt: Ctrl-C; complete parts are kept, and the message says so.
    """
    files = predicted.files
    with prediction_parts(out, files, fingerprint) as parts:
        total = counted_images(len(files))
        if parts.predicted:
            print(f"continuing: {parts.predicted:,} of {total} predicted", file=sys.stderr)
        try:
            with progress("images", len(files), patience=2.0, done=parts.predicted) as advance:
                predict(parts, advance)
        except KeyboardInterrupt as stop:
            kept = "; run the same command again to continue" if parts.predicted else ""
            raise KeyboardInterrupt(
                f"stopped: {parts.predicted:,} of {total} predicted{kept}"
            ) from stop
        write_predictions(out, predicted.counted(parts.predictions()), ranks)
        parts.remove()
