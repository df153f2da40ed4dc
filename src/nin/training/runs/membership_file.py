"""``pictures.safetensors`` in a run: which picture of its folder was in which part."""

from __future__ import annotations

from pathlib import Path

from safetensors.numpy import save

from nin.data import ImageData, ImageFolder
from nin.data.folders.membership import USED, Membership
from nin.errors import DataError, RunError
from nin.files import expand, write_bytes
from nin.training.runs.arrays import read_arrays
from nin.training.runs.record import read_record

#: The file in a run that records it.
PICTURES = "pictures.safetensors"


def keep_membership(run: Path, data: ImageData, init: str | None = None) -> None:
    """Write into a run directory which picture of a folder is in which part.

    Args:
        run: the run directory.
        data: the folder; nothing is written for other images.
        init: the run that training starts from. What it used is also recorded, because a run that
            starts from this one then starts from both.
    """
    if not isinstance(data, ImageFolder):
        return
    membership = data.membership()
    if init is not None and (other := membership_of_another(init)) is not None:
        membership = membership.with_used(other.digests[other.parts == USED])
    write_bytes(run / PICTURES, save(membership._asdict()))


def membership_of_another(init: str) -> Membership | None:
    """The pictures of the run that a training starts from, as `Membership.of_another_run`.

    Raises:
        RunError: it is not a run, or its file of pictures is damaged.
    """
    path = expand(init)
    known = read_membership(path, len(read_record(path)["classes"]))
    return None if known is None else known.of_another_run()


def read_membership(run: Path, classes: int) -> Membership | None:
    """Which picture was in which part; None for published sets, and for earlier runs.

    Args:
        run: the run directory.
        classes: number of classes.

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
