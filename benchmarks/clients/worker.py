"""Runs one client in this process: JSON lines out, one per picture.

Run: python -m clients.worker CLIENT convert|answer FILE FORM PICTURES FOLDER [COUNT]
FORM is JSON; PICTURES a file of JSON: for each picture a file of its bytes, and its shape.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from clients import CLIENTS, Form, RefusedError


def first_line(error: BaseException) -> str:
    """What an error says, without the lines that nobody needs."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:300]


def pictures(path: Path, count: int) -> list[Any]:
    """The pixels of the first pictures."""
    import numpy as np

    listed = json.loads(path.read_text())[:count]
    return [
        np.fromfile(path.parent / each["file"], np.uint8).reshape(each["shape"]) for each in listed
    ]


def run(
    name: str, mode: str, file: Path, form: Form, images: Path, folder: Path, count: int
) -> Iterator[dict[str, Any]]:
    """Yield what is to be told, line by line."""
    client = CLIENTS[name]
    version = {}
    if importlib.util.find_spec(client.package) is None:
        yield {"not_installed": client.install}
        return
    try:
        version = {"version": metadata.version(client.distribution)}
        module = importlib.import_module(f"clients.{client.module}")
        if mode == "convert":
            convert = getattr(module, "convert", None)
            made = convert(file, form, folder) if convert else file
            yield {**version, "file": str(made)}
            return
        ask = module.open_file(file, form)
        for pixels in pictures(images, count):
            started = time.perf_counter()
            probabilities = [float(each) for each in ask(pixels)]
            milliseconds = 1000 * (time.perf_counter() - started)
            yield {**version, "probabilities": probabilities, "ms": milliseconds}
    except Exception as error:  # noqa: BLE001  # whatever a client raises is its refusal
        kind = "" if isinstance(error, RefusedError) else f"{type(error).__name__}: "
        yield {**version, "refused": kind + first_line(error)}
    finally:
        getattr(sys.modules.get(f"clients.{client.module}"), "close", lambda: None)()


def main() -> None:
    """Answer; what the client prints goes to standard error."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    name, mode, file, form, images, folder, *count = sys.argv[1:]
    told = run(
        name,
        mode,
        Path(file),
        Form(**json.loads(form)),
        Path(images),
        Path(folder),
        int(count[0]) if count else 10**6,
    )
    for line in told:
        print(json.dumps(line), file=out, flush=True)
    os._exit(0)  # Some clients' threads do not end.


if __name__ == "__main__":
    main()
