"""A file of answers: begun or gone on with, part by part, and joined when all are there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nin.inference.answered_files import AnsweredFiles, counted_images
from nin.inference.batch.answer_parts import AnswerParts, answer_parts
from nin.inference.batch.answer_table import write_answers
from nin.progress import progress


def answer_to_file(
    out: Path,
    files: Sequence[str],
    question: Mapping[str, Any],
    answer: Callable[[AnswerParts, Callable[[int], None]], None],
    *,
    ranks: int = 0,
    skip_bad: bool = False,
) -> AnsweredFiles:
    """Answer pictures into a file, which appears when it is complete.

    Until then whole parts of it are in a folder beside it; the same call goes on from there.

    Args:
        out: the file.
        files: the pictures' names.
        question: what decides the answers; see `nin.inference.batch.batch_job.question`.
        answer: answers the parts that are missing, and says how many pictures it has done.
        ranks: of a table, for how many of the likeliest classes there are further columns.
        skip_bad: whether a picture that cannot be read has no row.

    Returns:
        How many have been answered, and how many cannot be read.

    Raises:
        NinError: the file is there already or cannot be written, or there are no answers.
        KeyboardInterrupt: Ctrl-C; whole parts are kept, and the message says so.
    """
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
        counted = AnsweredFiles(files, skip_bad=skip_bad)
        write_answers(out, counted.counted(parts.answers()), ranks)
        parts.remove()
    return counted
