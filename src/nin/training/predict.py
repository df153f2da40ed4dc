"""Image files in, labels out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nin.training.run import Run

BATCH = 64


def predict_files(run: Run, paths: Sequence[Path], top: int = 1) -> Iterator[dict[str, Any]]:
    """What `run` sees in each file, in the files' order.

    Args:
        run: a trained run.
        paths: JPEG, PNG, WebP, BMP or TIFF files; they are decoded as in training.
        top: how many of the likeliest classes to name.

    Yields:
        ``file``, ``label``, ``probability``, and ``top``: a list of ``label``, ``probability``.

    Raises:
        DataError: a file cannot be read; files before it, in whole batches, have been answered.
    """
    from nin.data.decode import decode

    height, _, channels = run.input_shape
    for first in range(0, len(paths), BATCH):
        some = paths[first : first + BATCH]
        images = np.stack([decode(path, height, channels) for path in some])
        for path, probabilities in zip(some, run.predict(images), strict=True):
            yield _answer(run, path, probabilities, top)


def _answer(run: Run, path: Path, probabilities: Any, top: int) -> dict[str, Any]:
    best = np.argsort(-probabilities, kind="stable")[:top]
    rows = [{"label": run.classes[i], "probability": float(probabilities[i])} for i in best]
    return {"file": str(path), **rows[0], "top": rows}
