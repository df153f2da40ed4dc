"""``pictures.safetensors`` in a run: which picture of its folder was in which part."""

from __future__ import annotations

from pathlib import Path

from safetensors.numpy import save

from nin.data import ImageData, ImageFolder
from nin.data.folders.membership import Membership
from nin.errors import DataError, RunError
from nin.files import write_bytes
from nin.training.runs.arrays import read_arrays

#: The file in a run that records it.
PICTURES = "pictures.safetensors"


def keep_membership(run: Path, data: ImageData) -> None:
    """Write into a run directory which picture of a folder is in which part."""
    if isinstance(data, ImageFolder):
        write_bytes(run / PICTURES, save(data.membership()._asdict()))


def read_membership(run: Path, classes: int) -> Membership | None:
    """Which picture was in which part; None of published sets, and of earlier runs.

    Args:
        run: the run directory.
        classes: how many there are.

    Raises:
        RunError: the file that records it is damaged.
    """
    path = run / PICTURES
    if not path.exists():
        return None
    try:
        return Membership.from_arrays(read_arrays(path), classes)
    except DataError as error:
        raise RunError(f"{path} is damaged: {error}") from error
