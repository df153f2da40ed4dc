"""One client in a process of its own: what it answers, how fast, and from a cold start."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clients import CLIENTS, Client, Form

#: Seconds for a client to open a file and answer all pictures.
PATIENCE = 180


def answers(
    name: str, file: Path, form: Form, pictures: Path, places: Path | None = None, starts: int = 1
) -> dict[str, Any]:
    """What a client makes of a file.

    Args:
        name: of `CLIENTS`.
        file: the exported file or folder.
        form: what it takes.
        pictures: the index of the pictures' bytes, see `worker.py`.
        places: a folder of virtual environments, NAME/bin/python, and of ``node_modules``.
        starts: how often it is started; all but the last to answer one picture.

    Returns:
        ``probabilities`` (pictures × classes), ``ms`` per picture (median without the first) and
        ``seconds`` from the start of a process to its first answer (median); or ``refused`` or
        ``not_installed``, the reason and the line to type. The client's ``version``, too.
    """
    client = CLIENTS[name]
    with tempfile.TemporaryDirectory() as folder:
        rest = [json.dumps(form._asdict()), str(pictures)]
        if client.module.endswith(".mjs"):
            command = ["node", str(Path(__file__).with_name(client.module)), client.package]
            command += [str(places or "."), str(file), *rest]
        else:
            start = [_python(name, places), "-m", "clients.worker", name]
            first = next(_lines([*start, "convert", str(file), *rest, folder]))[1]
            if "file" not in first:
                return first
            command = [*start, "answer", first["file"], *rest, folder]
        return _answered(client, command, starts)


def _answered(client: Client, command: list[str], starts: int) -> dict[str, Any]:
    seconds: list[float] = []
    told: list[dict[str, Any]] = []
    for left in reversed(range(starts)):
        count = [] if left == 0 and client.pictures is None else [str(client.pictures or 1)]
        told = []
        for after, line in _lines([*command, *count]):
            if "probabilities" not in line:
                return line
            seconds += [] if told else [after]
            told.append(line)
    milliseconds = [line["ms"] for line in told]
    return {
        "version": told[0]["version"],
        "probabilities": [line["probabilities"] for line in told],
        "ms": round(statistics.median(milliseconds[1:] or milliseconds), 2),
        "seconds": round(statistics.median(seconds), 2),
    }


def _python(name: str, places: Path | None) -> str:
    own = (places or Path()) / name / "bin/python"
    return str(own) if places and own.exists() else sys.executable


def _lines(command: list[str]) -> Iterator[tuple[float, dict[str, Any]]]:
    """What a process tells, each line with the seconds since its start; it is ended with us."""
    started, said = time.perf_counter(), 0
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "GLOG_minloglevel": "2"}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[1],
        env=environment,
        start_new_session=True,
    )
    assert process.stdout is not None
    watch = threading.Timer(PATIENCE, os.killpg, (process.pid, signal.SIGKILL))
    watch.start()
    try:
        for line in process.stdout:
            said += 1
            yield time.perf_counter() - started, json.loads(line)
        code = process.wait()
        if not watch.is_alive():
            yield 0.0, {"refused": f"takes longer than {PATIENCE} s"}
        elif code or not said:
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            yield 0.0, {"refused": f"its process ends with {how}"}
    finally:
        watch.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.wait()
