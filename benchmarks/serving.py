"""Throughput and latency of `nin serve` against concurrency, beside plain endpoints.

Each server runs in a process of its own, on loopback, beside the load, on the same cores: wrk (a
Debian package) keeps so many connections busy, each with one JPEG at a time. `keras` and
`savedmodel` are what one writes without a server of ours (`benchmarks/endpoints.py`). All servers
in turn, each warmed up first; latencies are those of answered requests as wrk counts them, and
answers other than 200 are counted apart.

Run: python benchmarks/serving.py RUN IMAGE [ROUNDS]
Takes about four minutes a round on 2 cores; an interrupted measurement is continued.
"""

from __future__ import annotations

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
from typing import Any

import psutil
from record import Record, spread

import nin

HERE = Path(__file__).parent
CONCURRENCY = (1, 4, 16, 64)
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


def servers(run: Path, folder: Path, port: int) -> dict[str, list[str]]:
    """The command of each server."""
    ours = [sys.executable, "-m", "nin", "serve"]
    plain = [sys.executable, str(HERE / "endpoints.py")]
    return {
        "nin": [*ours, str(run), "--port", str(port), "--quiet"],
        "keras": [*plain, "keras", str(run), str(port)],
        "savedmodel": [*plain, "savedmodel", str(folder / "savedmodel"), str(port)],
    }


@contextmanager
def running(command: list[str], port: int) -> Iterator[psutil.Process]:
    """The server, once it is ready."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/readyz")
            yield psutil.Process(server.pid)
        finally:
            server.send_signal(signal.SIGTERM)


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
        "images_per_second": round((requests - failed) / (duration / 1e6), 2),
        "p50_ms": median / 1e3,
        "p99_ms": slow / 1e3,
        "refused": failed,
    }


def measure(record: Record, run: Path, image: Path, rounds: int) -> None:
    """Every server at every concurrency, in turn."""
    with tempfile.TemporaryDirectory() as name, socket.socket() as free:
        folder = Path(name)
        script = folder / "post.lua"
        script.write_text(SCRIPT.format(image=image.resolve()))
        nin.export(nin.load(run), "savedmodel", folder / "savedmodel")
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        for number in range(rounds):
            for server, command in servers(run, folder, port).items():
                if record.has(server=server, round=number):
                    continue
                with running(command, port) as process:
                    load(script, port, 4, WARM_UP)
                    for connections in CONCURRENCY:
                        row = load(script, port, connections, SECONDS)
                        row["resident_mib"] = round(process.memory_info().rss / 2**20)
                        key = {"server": server, "round": number, "connections": connections}
                        record.add(summary, **key, **row)
                        print(key, row, flush=True)


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Each server at each concurrency."""
    figures = ("images_per_second", "p50_ms", "p99_ms", "refused", "resident_mib")
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
    run, image = Path(sys.argv[1]), Path(sys.argv[2])
    record = Record("serving", (__doc__ or "").splitlines()[0])
    measure(record, run, image, int(sys.argv[3]) if len(sys.argv) > 3 else 3)


if __name__ == "__main__":
    main()
