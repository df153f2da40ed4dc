"""A file of answers: begun or gone on with, part by part, and joined when all are there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nin.inference.batch.answer_parts import AnswerParts, answer_parts
from nin.inference.batch.answer_table import write_answers
from nin.inference.file_predictions import PredictedFiles, counted_images
from nin.progress import progress


def answer_to_file(
    out: Path,
    answered: PredictedFiles,
    question: Mapping[str, Any],
    answer: Callable[[AnswerParts, Callable[[int], None]], None],
    ranks: int = 0,
) -> None:
    """Answer pictures into a file, which appears when it is complete.

    Until then whole parts of it are in a folder beside it; the same call goes on from there.

    Args:
        out: the file.
        answered: the pictures, and how many have been answered when this returns.
        question: what decides the answers; see `nin.inference.batch.batch_job.question`.
        answer: answers the parts that are missing, and says how many pictures it has done.
        ranks: of a table, for how many of the likeliest classes there are further columns.

    Raises:
        NinError: the file is there already or cannot be written, or there are no answers.
        KeyboardInterrupt: Ctrl-C; whole parts are kept, and the message says so.
    """
    files = answered.files
    with answer_parts(out, files, question) as parts:
        total = counted_images(len(files))
        if parts.answered:
            print(f"going on: {parts.answered:,} of {total} are answered", file=sys.stderr)
        try:
            with progress("images", len(files), patience=2.0, done=parts.answered) as advance:
                answer(parts, advance)
        except KeyboardInterrupt as stop:
            kept = "; the same command goes on from there" if parts.answered else ""
            raise KeyboardInterrupt(
                f"stopped: {parts.answered:,} of {total} answered{kept}"
            ) from stop
        write_answers(out, answered.counted(parts.answers()), ranks)
        parts.remove()
