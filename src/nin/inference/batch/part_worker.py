"""What a worker does: open the network once, and predict part after part.

Neither Keras nor a framework is imported.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nin._version import __version__
from nin.data.storage.picture_store import is_stored
from nin.errors import ExportError
from nin.inference.batch.batch_job import BatchJob, network_digest
from nin.inference.file_predictor import FilePredictor
from nin.urls import is_url

#: Networks that are kept open: one per command that is running.
_KEPT = 4
_opening = threading.Lock()


def predict_part(job: BatchJob, names: Sequence[str]) -> list[dict[str, Any]]:
    """Predictions for some pictures; by default, one that cannot be read has the reason instead.

    Args:
        job: network and options.
        names: the pictures.

    Returns:
        As `FilePredictor.predict_files` yields them, with the names as given.

    Raises:
        DataError: a picture cannot be read, and the job says that this is an error.
        ExportError: the network or the pictures are not where the job says, or the version differs.
    """
    with _opening:
        predictor = _predictor(job.network, job.sha256, job.folder, job.sample, job.version)
    found = predictor.predict_files(
        [_place(job.folder, name) for name in names],
        job.top,
        min_probability=job.min_probability,
        errors=job.errors,
    )
    return [{**each, "file": name} for name, each in zip(names, found, strict=True)]


def _place(folder: str, name: str) -> str:
    """Where a picture is; a relative name starts from the folder."""
    return name if is_url(name) else str(Path(folder, name))


@functools.lru_cache(_KEPT)
def _predictor(network: str, sha256: str, folder: str, sample: str, version: str) -> FilePredictor:
    """The network, opened with one thread per batch: a cluster runs a part in each thread."""
    if version != __version__:
        raise ExportError(
            f"a worker has version {__version__} of nin, not {version}: install the same one"
            " everywhere"
        )
    if sample and not is_stored(_place(folder, sample)):
        raise ExportError(
            f"{_place(folder, sample)} cannot be read on a worker: images must be in a folder that"
            " has the same path on all machines"
        )
    path = Path(network)
    if not path.exists() or network_digest(path) != sha256:
        raise ExportError(
            f"{network} cannot be read on a worker, or is another file there: it must be in a"
            " folder that has the same path on all machines"
        )
    return FilePredictor(path, threads=1)
