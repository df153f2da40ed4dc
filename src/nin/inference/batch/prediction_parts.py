"""`PredictionParts`: the parts of a file of predictions that is not complete yet, in a folder."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nin.errors import Advice, Argument, DataError, NinError
from nin.files import beginning, check_file_writable, locked, write_bytes, write_json

#: Pictures per part: at most this many are predicted again if a worker, or the command, is killed.
PART = 256
#: Records what the parts beside it were predicted from, and with which options.
_FINGERPRINT = "fingerprint.json"


class PredictionParts:
    """The parts of a file of predictions that is not complete yet, in a folder beside it.

    Each part is complete or absent, so that only missing ones are left to do. One process at a
    time uses a folder. Open it with `prediction_parts`.

    Args:
        out: the file that the parts are for.
        files: the names of all pictures.
        size: pictures per part.
    """

    def __init__(self, out: Path, files: Sequence[str], size: int) -> None:
        self.folder = parts_folder(out)
        self.pictures, self.size = files, size
        self._whole = {number for number in range(self.count) if self._path(number).exists()}

    @property
    def count(self) -> int:
        """The number of all parts."""
        return -(-len(self.pictures) // self.size)

    @property
    def predicted(self) -> int:
        """The number of pictures that have predictions."""
        return sum(len(self.names(number)) for number in self._whole)

    def missing(self) -> list[int]:
        """The numbers of the parts that are not there yet."""
        return [number for number in range(self.count) if number not in self._whole]

    def names(self, number: int) -> Sequence[str]:
        """The pictures of a part."""
        return self.pictures[number * self.size : (number + 1) * self.size]

    def put(self, number: int, predictions: Sequence[Mapping[str, Any]]) -> None:
        """Write the predictions of a part, all of them or none.

        Raises:
            NinError: they cannot be written.
        """
        lines = "".join(f"{json.dumps(prediction)}\n" for prediction in predictions)
        write_bytes(self._path(number), lines.encode())
        self._whole.add(number)

    def predictions(self) -> Iterator[dict[str, Any]]:
        """All predictions, in the order of the pictures.

        Raises:
            DataError: a part is damaged: it does not hold one prediction per picture.
        """
        for number in range(self.count):
            path = self._path(number)
            try:
                text = path.read_text(encoding="utf-8")
                found = [json.loads(line) for line in text.splitlines()]
                is_whole = [prediction["file"] for prediction in found] == [*self.names(number)]
            except (OSError, ValueError, KeyError, TypeError):
                is_whole = False
            if not is_whole:
                raise DataError(f"{path} is damaged: delete it and run the same command again")
            yield from found

    def remove(self) -> None:
        """Delete all parts: they are gone at once, however long deleting them takes."""
        name = f".{beginning(self.folder.name, 40)}.{secrets.token_hex(4)}.part"
        aside = self.folder.with_name(name)
        with contextlib.suppress(OSError):
            self.folder.rename(aside)
        shutil.rmtree(aside if aside.exists() else self.folder, ignore_errors=True)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08}.jsonl"


@contextmanager
def prediction_parts(
    out: Path, files: Sequence[str], fingerprint: Mapping[str, Any]
) -> Iterator[PredictionParts]:
    """Open the parts of a file of predictions, or begin them; locked while the block runs.

    If there is no part when it ends, nothing is left behind.

    Args:
        out: the file that the parts are for.
        files: the names of all pictures.
        fingerprint: of network, pictures and options, as plain JSON; kept parts with another one
            are refused.

    Raises:
        NinError: `out` exists already or cannot be written; there are parts with another
            fingerprint; or another process is writing them.
    """
    folder = parts_folder(out)
    if not folder.exists():
        _check_free(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NinError(f"cannot write {folder}: {error.strerror or error}") from error
    busy = NinError(f"{folder} is in use: another process is writing there")
    with locked(folder, busy):
        kept = _kept_fingerprint(folder, out)
        if kept is None:
            kept = {**fingerprint, "size": PART}
            write_json(folder / _FINGERPRINT, kept)
        _check_same(kept, fingerprint, folder)
        parts = PredictionParts(out, files, kept["size"])
        try:
            if parts.missing():  # The file is written when none is; an existing one is not ours.
                _check_free(out)
            yield parts
        finally:
            if not parts.predicted:
                parts.remove()


def parts_folder(out: Path) -> Path:
    """Where the parts of a file of predictions are until it is complete."""
    return out.with_name(f"{out.name}.parts")


def _check_free(out: Path) -> None:
    check_file_writable(out)
    if out.is_dir():
        raise NinError(f"cannot write {out}: Is a directory")
    if out.exists() and out.stat().st_size:
        raise NinError(
            "it exists already, and is not replaced: delete it, or give another name",
            about=Argument("out", out),
        )


def _kept_fingerprint(folder: Path, out: Path) -> dict[str, Any] | None:
    """The fingerprint of the parts in `folder`; None if there are none."""
    path = folder / _FINGERPRINT
    if not path.exists() and not any(each.suffix == ".jsonl" for each in folder.iterdir()):
        _check_free(out)
        return None
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if type(kept["size"]) is not int or kept["size"] < 1:
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged: delete {folder} to start over") from error
    return kept


def _check_same(kept: Mapping[str, Any], fingerprint: Mapping[str, Any], folder: Path) -> None:
    for name in ("network", "pictures", "options"):
        if kept.get(name) != fingerprint[name]:
            what = {"network": "of another network", "pictures": "for other images"}
            raise DataError(
                f"{folder} holds predictions {what.get(name, 'with other options')}",
                "delete it to start over",
                Advice("give another name: {}", Argument("out", "FILE")),
            )
