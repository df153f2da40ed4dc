"""Triton's client, which asks `nin serve` for the file by the Open Inference Protocol."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clients import Form, RefusedError

_servers: list[subprocess.Popen[str]] = []


def open_file(path: Path, form: Form) -> Callable[[Any], Any]:
    import tritonclient.http as triton

    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "nin", "serve", str(path), "--port", "0", "--quiet"]
    server = subprocess.Popen(
        [*command, "--name", "network"],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    _servers.append(server)
    assert server.stdout is not None
    words = server.stdout.readline().split()
    if not words:
        raise RefusedError("nin serve does not start")
    client = triton.InferenceServerClient(words[0].removeprefix("http://"))

    def ask(pixels: Any) -> Any:
        images = triton.InferInput("images", [1, *pixels.shape], "UINT8")
        images.set_data_from_numpy(pixels[None])
        return client.infer("network", [images]).as_numpy("probabilities")[0]

    return ask


def close() -> None:
    """End the servers."""
    while _servers:
        server = _servers.pop()
        server.terminate()
        server.communicate()
