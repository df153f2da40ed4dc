"""`AnswerParts`: answers of a part of the pictures per file, until all are there to be joined."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nin.errors import Advice, Argument, DataError, NinError
from nin.files import obstacle, write_bytes, write_json

#: Pictures per part: what is done again at the most where a worker, or the command, is killed.
PART = 256
#: Holds the question that the parts beside it answer.
_QUESTION = "question.json"


class AnswerParts:
    """The parts of an answer file that is not complete yet, in a folder beside it.

    Each part is whole or absent, so whoever comes back does only what is missing. A folder is used
    by one process at a time. Use `answer_parts` to open one.

    Args:
        out: the file that they are to be joined to.
        files: the names of all pictures.
        size: pictures per part.
    """

    def __init__(self, out: Path, files: Sequence[str], size: int) -> None:
        self.folder = parts_folder(out)
        self.pictures, self.size = files, size
        self._whole = {number for number in range(self.count) if self._path(number).exists()}

    @property
    def count(self) -> int:
        """How many parts there are in all."""
        return -(-len(self.pictures) // self.size)

    @property
    def answered(self) -> int:
        """How many pictures have been answered."""
        return sum(len(self.names(number)) for number in self._whole)

    def missing(self) -> list[int]:
        """The numbers of the parts that are not there yet."""
        return [number for number in range(self.count) if number not in self._whole]

    def names(self, number: int) -> Sequence[str]:
        """The pictures of a part."""
        return self.pictures[number * self.size : (number + 1) * self.size]

    def put(self, number: int, answers: Sequence[Mapping[str, Any]]) -> None:
        """Keep the answers of a part, all of them or none.

        Raises:
            NinError: they cannot be written.
        """
        lines = "".join(f"{json.dumps(answer)}\n" for answer in answers)
        write_bytes(self._path(number), lines.encode())
        self._whole.add(number)

    def answers(self) -> Iterator[dict[str, Any]]:
        """Every answer, in the order of the pictures.

        Raises:
            DataError: a part is damaged: it does not hold one answer for each of its pictures.
        """
        for number in range(self.count):
            path = self._path(number)
            try:
                text = path.read_text(encoding="utf-8")
                found = [json.loads(line) for line in text.splitlines()]
                is_whole = [answer["file"] for answer in found] == [*self.names(number)]
            except (OSError, ValueError, KeyError, TypeError):
                is_whole = False
            if not is_whole:
                raise DataError(
                    f"{path} is damaged: delete it, and the same command predicts its images again"
                )
            yield from found

    def remove(self) -> None:
        """Delete all parts, and then what tells whose they were."""
        for number in range(self.count):
            self._path(number).unlink(missing_ok=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08}.jsonl"


@contextmanager
def answer_parts(
    out: Path, files: Sequence[str], question: Mapping[str, Any]
) -> Iterator[AnswerParts]:
    """Open the parts of an answer file, or begin them; locked while the block runs.

    Where nothing has been answered when it ends, nothing is left.

    Args:
        out: the file that they are to be joined to.
        files: the names of all pictures.
        question: what decides the answers, as plain JSON; kept parts of another one are refused.

    Raises:
        NinError: there is something at `out`, or it cannot be written there; parts of another
            question are there; another process is at work on them.
    """
    folder = parts_folder(out)
    if not folder.exists():
        _check_free(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NinError(f"cannot write {folder}: {error.strerror or error}") from error
    with _locked(folder):
        asked = _asked(folder, out)
        if asked is None:
            asked = {**question, "size": PART}
            write_json(folder / _QUESTION, asked)
        _check_same(asked, question, folder)
        parts = AnswerParts(out, files, asked["size"])
        try:
            yield parts
        finally:
            if not parts.answered:
                parts.remove()


def parts_folder(out: Path) -> Path:
    """Where the parts of an answer file are until it is complete."""
    return out.with_name(f"{out.name}.parts")


def _check_free(out: Path) -> None:
    if said := obstacle(out.parent):
        raise NinError(f"cannot write {out}: {said}")
    if out.is_dir():
        raise NinError(f"cannot write {out}: Is a directory")
    if out.exists() and out.stat().st_size:
        raise NinError(
            "it exists already, and is not replaced: delete it, or give another name",
            about=Argument("out", out),
        )


def _asked(folder: Path, out: Path) -> dict[str, Any] | None:
    """The question that the parts in `folder` answer; None if there are none."""
    path = folder / _QUESTION
    if not path.exists() and not any(each.suffix == ".jsonl" for each in folder.iterdir()):
        _check_free(out)
        return None
    try:
        asked: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if int(asked["size"]) < 1:
            raise ValueError
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is damaged: delete {folder} to start over") from error
    return asked


def _check_same(asked: Mapping[str, Any], question: Mapping[str, Any], folder: Path) -> None:
    for name in ("network", "pictures", "options"):
        if asked.get(name) != question[name]:
            what = {"network": "of another network", "pictures": "for other images"}
            raise DataError(
                f"{folder} holds answers {what.get(name, 'with other options')}",
                "delete it to start over",
                Advice("give another name: {}", Argument("out", "FILE")),
            )


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep others out; the lock belongs to this process, and goes with it however it ends."""
    number = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(number)
        raise NinError(f"{folder} is in use: another process is writing there") from error
    except OSError:
        pass  # A file system without locks.
    try:
        yield
    finally:
        os.close(number)
