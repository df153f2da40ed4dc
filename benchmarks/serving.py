"""Throughput and latency of `nin serve` against concurrency, beside other servers of the same file.

Each server runs in a process of its own, on loopback, beside the load, on the same cores: wrk (a
Debian package) keeps so many connections busy, each with one JPEG at a time. The others are those
of `alternatives/endpoints.py`, and, with `--before`, an earlier `nin serve`. All servers in turn,
each warmed up first; latencies are those of all responses as wrk counts them, refusals included,
and responses other than 200 are counted apart. What a server takes of the processor per image
depends less than its throughput on what else runs on the machine.

Run: python benchmarks/serving.py FILE.onnx IMAGE [--rounds 3] [--before CHECKOUT]
Takes about four minutes a round on 2 cores; an interrupted measurement is continued. LitServe is
left out where it is not installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from record import Record, commit, spread

HERE = Path(__file__).parent
CONCURRENCY = (1, 4, 16, 64, 256)
SECONDS, WARM_UP = 8, 3
SCRIPT = """
local file = io.open("{image}", "rb")
wrk.method, wrk.body = "POST", file:read("*a")
wrk.headers["Content-Type"] = "image/jpeg"
done = function(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.timeout
  io.write(string.format("MEASURED %d %d %d %d %d\\n", summary.requests, failed,
    summary.duration, latency:percentile(50), latency:percentile(99)))
end
"""


class Command(NamedTuple):
    """How a server is started, and where it says that it is ready."""

    words: list[str]
    ready: str
    source: Path | None = None


def servers(file: Path, port: int, before: Path | None) -> dict[str, Command]:
    """The servers that can be measured here, by name."""
    ours = [sys.executable, "-m", "nin", "serve", str(file), "--port", str(port), "--quiet"]
    found = {"nin serve": Command(ours, "/readyz")}
    if before is not None:
        found["nin serve, before"] = Command(ours, "/readyz", before / "src")
    for kind, name in {"onnxruntime": "FastAPI and ONNX Runtime", "litserve": "LitServe"}.items():
        if importlib.util.find_spec(kind) is not None:
            words = [
                sys.executable,
                str(HERE / "alternatives/endpoints.py"),
                kind,
                str(file),
                str(port),
            ]
            found[name] = Command(words, "/health")
    return found


@contextmanager
def running(command: Command, port: int) -> Iterator[psutil.Process]:
    """The server, once it is ready."""
    path = {} if command.source is None else {"PYTHONPATH": str(command.source)}
    environment = {**os.environ, **path}
    with subprocess.Popen(command.words, stdout=subprocess.DEVNULL, env=environment) as server:
        process = psutil.Process(server.pid)
        try:
            _wait_for(f"http://127.0.0.1:{port}{command.ready}")
            yield process
        finally:
            workers = process.children(recursive=True)
            server.send_signal(signal.SIGTERM)
            _, alive = psutil.wait_procs([process, *workers], timeout=20)
            for each in alive:  # LitServe's outlive it.
                each.kill()


def _wait_for(address: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{address} does not answer")


def load(script: Path, port: int, connections: int, seconds: int) -> dict[str, Any]:
    """What wrk counts."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
    words += ["-s", str(script), f"http://127.0.0.1:{port}/predict"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    measured = re.search(r"MEASURED (\d+) (\d+) (\d+) (\d+) (\d+)", said)
    assert measured, said
    requests, failed, duration, median, slow = (int(number) for number in measured.groups())
    return {
        "images": requests - failed,
        "images_per_second": round((requests - failed) / (duration / 1e6), 2),
        "p50_ms": median / 1e3,
        "p99_ms": slow / 1e3,
        "refused": failed,
    }


def measure(record: Record, asked: argparse.Namespace) -> None:
    """Every server at every concurrency, in turn."""
    with tempfile.TemporaryDirectory() as name, socket.socket() as free:
        script = Path(name) / "post.lua"
        script.write_text(SCRIPT.format(image=asked.image.resolve()))
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        for number in range(asked.rounds):
            for server, command in servers(asked.file, port, asked.before).items():
                key = {"server": server, "round": number}
                left = [each for each in CONCURRENCY if not record.has(**key, connections=each)]
                if not left:
                    continue
                with running(command, port) as process:
                    load(script, port, 4, WARM_UP)
                    for connections in left:
                        used = _processor_seconds(process)
                        row = load(script, port, connections, SECONDS)
                        used = _processor_seconds(process) - used
                        row["cpu_ms_per_image"] = round(1e3 * used / max(1, row.pop("images")), 2)
                        row["resident_mib"] = _resident(process)
                        if command.source is not None:
                            row["served_by"] = commit(command.source.parent)
                        record.add(summary, **key, connections=connections, **row)
                        print(key, connections, row, flush=True)


def _processor_seconds(process: psutil.Process) -> float:
    """Seconds of all cores that the server and its workers have computed."""
    every = [process, *process.children(recursive=True)]
    return float(sum(sum(each.cpu_times()[:2]) for each in every))


def _resident(process: psutil.Process) -> int:
    """MiB of the server and its workers."""
    every = [process, *process.children(recursive=True)]
    return round(sum(each.memory_info().rss for each in every) / 2**20)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Each server at each concurrency."""
    figures = ("images_per_second", "p50_ms", "p99_ms", "refused")
    figures += ("cpu_ms_per_image", "resident_mib")
    return {
        server: {
            str(connections): {figure: spread([row[figure] for row in some]) for figure in figures}
            for connections in CONCURRENCY
            if (
                some := [
                    r for r in rows if (r["server"], r["connections"]) == (server, connections)
                ]
            )
        }
        for server in dict.fromkeys(row["server"] for row in rows)
    }


def main() -> None:
    """Measure what is not yet in the record."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="an exported .onnx file")
    parser.add_argument("image", type=Path, help="a JPEG")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--before", type=Path, help="a checkout of an earlier commit")
    record = Record("serving", (__doc__ or "").splitlines()[0], ("onnxruntime", "litserve"))
    measure(record, parser.parse_args())


if __name__ == "__main__":
    main()
