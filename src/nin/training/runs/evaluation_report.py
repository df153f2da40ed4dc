"""Writes an evaluation to a folder: its mistakes, its plots, and its figures as JSON."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from nin.data import NAMED
from nin.data.storage.url_path import source_path
from nin.errors import Advice, Argument, NinError
from nin.files import beginning, obstacle, write_bytes, write_json
from nin.training.runs.evaluation import Evaluation
from nin.training.runs.evaluation_images import EvaluationImages
from nin.training.runs.figures import save_confusion, save_reliability
from nin.training.runs.run import Run
from nin.urls import is_url

#: The files in the folder; `SHEET` is drawn by `nin.maps`.
RECORD, MISTAKES, SHEET = "evaluation.json", "mistakes.csv", "mistakes.png"
CONFUSION, RELIABILITY = "confusion.png", "reliability.png"
_FILES = (RECORD, MISTAKES, SHEET, CONFUSION, RELIABILITY)

#: Most bytes of a data set's name in the name of a folder.
_LONGEST = 200


class Subject(NamedTuple):
    """Which run was evaluated on which data; recorded to keep the folder for this evaluation.

    Attributes:
        run: the run directory.
        data: name of a known data set, or a folder's path.
        part: the part of the data, as `Run.evaluate` names it.
        is_other: whether these are other images than the run's own.
    """

    run: str
    data: str = ""
    part: str = ""
    is_other: bool = False

    @property
    def folder_name(self) -> str:
        """``photos-test``, for a folder in the run directory."""
        return f"{beginning(Path(self.data).name, _LONGEST) or 'data'}-{self.part}"

    @property
    def in_run(self) -> dict[str, Any]:
        """What identifies it within its run; for the run's own images, not where they are."""
        own = {"part": self.part, "is_other": self.is_other}
        return {**own, "data": self.data} if self.is_other else own

    @property
    def identity(self) -> dict[str, Any]:
        """What distinguishes it from all others."""
        return {"run": self.run, **self.in_run}


def subject(run: Run, images: EvaluationImages | None = None) -> Subject:
    """The subject of an evaluation.

    Args:
        run: the run.
        images: the images; None before they are known.
    """
    path = _absolute(run.path)
    if images is None:
        return Subject(path)
    known = images.source if images.source in NAMED else _absolute(source_path(images.source))
    return Subject(path, known, images.part, images.is_other)


def _absolute(path: Path) -> str:
    """The absolute path; links are not followed, so that a folder keeps its name."""
    return str(path) if is_url(path) else os.path.normpath(path.absolute())


def check_run(run: Run) -> None:
    """Refuse a run directory that no evaluation can be written to, before anything is computed.

    Raises:
        NinError: it cannot be written.
    """
    if reason := obstacle(run.path / "evaluations"):
        way = Advice("name a folder elsewhere: {}", Argument("out"))
        raise NinError(f"cannot write into {run.path}: {reason}", way)


def check_out(out: Path, identity: Mapping[str, Any]) -> None:
    """Refuse a folder that cannot be written, or that holds something else.

    Args:
        out: the folder.
        identity: what is known of the evaluation; an earlier one of the same is replaced.

    Raises:
        NinError: `out` is a file or has the name of a picture, or it holds another evaluation or
            other files of the same names.
    """
    if out.suffix.lower() == ".png" or (out.exists() and not out.is_dir()):
        way = f"name a folder: {', '.join(_FILES)} are written there"
        raise NinError(way, about=Argument("out", out))
    if reason := obstacle(out):
        raise NinError(reason, about=Argument("out", out))
    if foreign := _foreign(out, identity):
        raise NinError(
            f"{foreign} already exists, and is not of this run on these images",
            Advice("name another {}", Argument("out")),
        )


def report_folder(run: Run, about: Subject) -> Path:
    """The folder in the run directory for an evaluation, named by data set and part."""
    return next(path for path in _folders(run, about) if not _foreign(path, about.in_run))


def write_report(folder: Path, about: Subject, evaluation: Evaluation) -> None:
    """Write everything but the sheet of mistakes; a sheet of an earlier evaluation is removed.

    Args:
        folder: where to write.
        about: what was evaluated.
        evaluation: its result.

    Raises:
        NinError: the folder cannot be written.
    """
    title = f"{about.folder_name}: {evaluation.n:,} images"
    write_json(folder / RECORD, {**about._asdict(), **record(evaluation)})
    write_bytes(folder / MISTAKES, mistakes_csv(evaluation).encode(errors="backslashreplace"))
    save_confusion(folder / CONFUSION, evaluation, title)
    save_reliability(folder / RELIABILITY, evaluation, title)
    (folder / SHEET).unlink(missing_ok=True)


def record(evaluation: Evaluation) -> dict[str, Any]:
    """All figures of an evaluation, ready for JSON."""
    return {
        **evaluation.summary(),
        "per_class": evaluation.per_class(),
        "confusion": evaluation.confusion.tolist(),
        "reliability": [each._asdict() for each in evaluation.reliability],
    }


def mistakes_csv(evaluation: Evaluation) -> str:
    """The misclassified images, the least likely true class first."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["file", "truth", "prediction", "probability", "truth_probability"])
    table.writerows(_mistakes(evaluation))
    return text.getvalue()


def _mistakes(evaluation: Evaluation) -> Iterator[list[str]]:
    assert evaluation.probabilities is not None
    assert evaluation.labels is not None
    for position in evaluation.mistakes().tolist():
        chances, truth = evaluation.probabilities[position], int(evaluation.labels[position])
        predicted = int(chances.argmax())
        name = evaluation.names[position] if evaluation.names else str(position)
        classes = (evaluation.classes[truth], evaluation.classes[predicted])
        yield [name, *classes, f"{chances[predicted]:.6f}", f"{chances[truth]:.6f}"]


def _folders(run: Run, about: Subject) -> Iterator[Path]:
    evaluations = run.path / "evaluations"
    yield evaluations / about.folder_name
    for number in count(2):
        yield evaluations / f"{about.folder_name}-{number}"


def _foreign(folder: Path, about: Mapping[str, Any]) -> Path | None:
    """A file in the folder that would be overwritten, but is not of the same evaluation."""
    found = [folder / name for name in _FILES if os.path.lexists(folder / name)]
    return found[0] if found and not _is_about(folder / RECORD, about) else None


def _is_about(path: Path, about: Mapping[str, Any]) -> bool:
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(known, dict) and about.items() <= known.items()
