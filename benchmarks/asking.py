"""One question asked with `nin`, KerasTuner, and Optuna around plain Keras: lines, and a kill.

Which of three widths of NiN and a small CNN is best on one's own arrays, three seeds each, twelve
trainings in all. The programs are `benchmarks/alternatives/asking_*.py`; they share images and
networks. Counted are their lines without comments, docstrings and empty lines; and how many
trainings were begun that had been begun before, where the program was killed in its sixth and then
started again.

Run: python benchmarks/asking.py PYTHON
PYTHON has this package, Optuna and KerasTuner. Takes about five minutes on 2 cores.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import time
import tokenize
from pathlib import Path
from typing import Any

from record import Record

PROGRAMS = Path(__file__).parent / "alternatives"
NAMES = ("nin", "keras_tuner", "optuna")
#: It is killed in this training.
KILLED_IN = 6
#: What of a program's tokens are no lines to write.
_NOTHING = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}


def lines_to_write(source: str) -> int:
    """Lines with code, docstrings left out."""
    found: set[int] = set()
    begins = True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type in _NOTHING or token.type == tokenize.ENDMARKER:
            begins = begins or token.type == tokenize.NEWLINE
        elif not (token.type == tokenize.STRING and begins):
            found |= {*range(token.start[0], token.end[0] + 1)}
            begins = False
    return len(found)


def started(python: str, program: Path, folder: Path) -> subprocess.Popen[str]:
    """The program in a folder, noting its trainings in ``trainings``."""
    environment = os.environ | {"TRAININGS": str(folder / "trainings"), "COLUMNS": "200"}
    command = [python, str(program.absolute())]
    with (folder / "errors").open("w") as errors:
        return subprocess.Popen(
            command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=errors
        )


def trainings(folder: Path, word: str) -> int:
    """How many have begun, or ended, in all of a folder's processes."""
    path = folder / "trainings"
    return path.read_text().split().count(word) if path.exists() else 0


def killed(process: subprocess.Popen[str], folder: Path) -> None:
    """Wait for the sixth training, and kill the process."""
    while trainings(folder, "begun") < KILLED_IN:
        if process.poll() is not None:
            raise SystemExit(f"it ended by itself: {process.args}")
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGKILL)
    process.wait()


def measure(python: str, program: Path) -> dict[str, Any]:
    """Run it whole, then killed and again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begun, whole = time.monotonic(), started(python, program, folder)
        said, _ = whole.communicate()
        seconds, count = time.monotonic() - begun, trainings(folder, "ended")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        killed(started(python, program, folder), folder)
        again = started(python, program, folder)
        said_again, _ = again.communicate()
        errors = (folder / "errors").read_text().splitlines()
        total, ended = trainings(folder, "begun"), trainings(folder, "ended")
    return {
        "lines": lines_to_write(program.read_text(encoding="utf-8")),
        "trainings": count,
        "seconds": round(seconds, 1),
        "code": whole.returncode,
        "said": said.splitlines(),
        "code_after_kill": again.returncode,
        "error": errors[-1] if again.returncode else None,
        "begun_in_all": total,
        "ended_in_all": ended,
        "repeated": total - count if again.returncode == 0 else None,
        "said_the_same_after_kill": said == said_again,
        "said_after_kill": said_again.splitlines(),
    }


def main() -> None:
    """Measure what is not yet in the record."""
    (python,) = sys.argv[1:]
    sys.argv[1] = "PYTHON"
    record = Record("asking", (__doc__ or "").splitlines()[0], ("optuna", "keras-tuner"))
    for name in NAMES:
        if not record.has(program=name):
            row = measure(python, PROGRAMS / f"asking_{name}.py")
            record.add(program=name, **row)
            print(name, row, flush=True)


if __name__ == "__main__":
    main()
