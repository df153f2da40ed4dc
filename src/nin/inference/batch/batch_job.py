"""Network and options for many pictures: as sent to workers, and as kept beside the results."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from nin._version import __version__
from nin.data.storage.picture_store import is_stored
from nin.errors import ExportError
from nin.urls import is_url

#: The file of a run directory by which its network is recognised.
_WEIGHTS = "weights.safetensors"


class BatchJob(NamedTuple):
    """A network and the options to predict with, as a worker gets them.

    Attributes:
        network: absolute path of the exported file.
        sha256: of the network's content; see `network_digest`.
        folder: the folder that relative names of pictures start from.
        sample: one of the pictures, which a worker looks for before it starts on the others; empty
            if none exists.
        top: how many of the likeliest classes to name.
        min_probability: if no class is at least this likely, the label is ``"unsure"``.
        version: of this package.
        errors: whether a picture that cannot be read is an error (``"raise"``), or has the reason
            in place of a prediction (``"yield"``).
    """

    network: str
    sha256: str
    folder: str
    sample: str
    top: int = 1
    min_probability: float = 0.0
    version: str = __version__
    errors: Literal["raise", "yield"] = "yield"


def batch_job(
    network: Path,
    files: Sequence[str],
    top: int,
    min_probability: float,
    errors: Literal["raise", "yield"] = "yield",
) -> BatchJob:
    """The job for workers that can read the files of this process under the same names.

    Args:
        network: the exported file.
        files: the pictures' names.
        top: how many of the likeliest classes to name.
        min_probability: if no class is at least this likely, the label is ``"unsure"``.
        errors: see `BatchJob`.
    """
    sample = next((name for name in files if is_stored(name)), "")
    digest = network_digest(network)
    here = str(Path.cwd())
    return BatchJob(
        str(network.absolute()), digest, here, sample, top, min_probability, errors=errors
    )


def fingerprint(
    network: Path, files: Sequence[str], top: int, min_probability: float
) -> dict[str, Any]:
    """Network, options, places and names of the pictures, as plain JSON.

    Work is continued if the fingerprint is the same. It does not notice if a picture was replaced
    by another of the same name.

    Args:
        network: an exported file or a run directory.
        files: the pictures' names.
        top: how many of the likeliest classes to name.
        min_probability: if no class is at least this likely, the label is ``"unsure"``.
    """
    here = Path.cwd()
    places = (name if is_url(name) else str(here / name) for name in files)
    # Their names as well, which the parts and the file contain.
    both = (f"{place}\0{name}\0" for place, name in zip(places, files, strict=True))
    names = _sha256(each.encode(errors="surrogateescape") for each in both)
    return {
        "network": network_digest(network),
        "pictures": f"{len(files)} {names}",
        "options": {"top": top, "min_probability": min_probability},
    }


def network_digest(path: Path) -> str:
    """SHA-256 of an exported file, of all files of an exported folder, or of a run's weights.

    Raises:
        ExportError: it cannot be read.
    """
    files = [path]
    if path.is_dir():
        weights = path / _WEIGHTS
        is_run = (path / "run.json").exists() and weights.exists()
        files = [weights] if is_run else sorted(each for each in path.rglob("*") if each.is_file())
    try:
        return _sha256(each.read_bytes() for each in files)
    except OSError as error:
        raise ExportError(f"{error.filename or path}: {error.strerror or error}") from error


def _sha256(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
