"""Malformed images and forms against a running server: it stays up, polite, and the same size.

Real pictures are cut, flipped, spliced, given other headers and huge sizes, made by a grammar,
hidden in each other, or wrapped in forms that are none; others are empty or random. They are sent
over loopback, some at once, to `nin serve` in a process of its own. Held against it: a status that
the interface does not have, an answer that is not one JSON line or that shows its inside, a crash,
a line in its log that is no request, and memory: what is resident, in MiB, twenty times on the way.
It goes up and down with the pictures' sizes: what is grown is the median of the second half, less
that of the first.

Run: python benchmarks/fuzz.py RUN|FILE [REQUESTS]
Takes some minutes for 20,000 requests on 2 cores; it ends after ten at the latest.
"""

from __future__ import annotations

import collections
import http.client
import json
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from malformed import Attack, attacks
from record import Record

#: Statuses that `POST /predict` may answer with.
ALLOWED = {200, 408, 413, 415, 422, 503, 504}
#: Times that memory is looked at.
SAMPLES = 20
REQUESTS, AT_ONCE, SECONDS = 20_000, 4, 570
#: What no client may be shown.
INSIDE = re.compile(rb"Traceback|File \"|0x[0-9a-f]{6}|/site-packages/|nin/(?:inference|serving)")
_LINE = re.compile(r"[-\d]+ [:,\d]+ 127\.0\.0\.1 (POST|GET) /\w+ \d{3} \d+ ms")


class Reply(NamedTuple):
    """What came back: 0 for nothing at all."""

    status: int
    body: bytes

    @property
    def is_polite(self) -> bool:
        """Whether it is an answer this interface has, and one JSON line."""
        if self.status not in ALLOWED or INSIDE.search(self.body):
            return False
        try:
            told = json.loads(self.body)
        except ValueError:
            return False
        if self.status == 200:
            return bool(told["predictions"])
        return [*told] == ["detail"] and len(told["detail"].splitlines()) == 1


def send(port: int, attack: Attack) -> Reply:
    """Send one request on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        headers = {"Content-Type": attack.content_type.replace("\x01", "?")}
        connection.request("POST", "/predict", attack.body, headers)
        response = connection.getresponse()
        return Reply(response.status, response.read())
    except (OSError, http.client.HTTPException):
        return Reply(0, b"")
    finally:
        connection.close()


class Server:
    """`nin serve`, its memory and its log."""

    def __init__(self, path: str, folder: Path) -> None:
        self.log = folder / "log"
        command = [sys.executable, "-m", "nin", "serve", path, "--port", "0"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        if not words:
            raise SystemExit(self.log.read_text())
        self.port = int(words[0].rpartition(":")[2])

    def mebibytes(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return round(int(status.split("VmRSS:")[1].split()[0]) / 1024, 1)

    def stop(self) -> int:
        """Stop it in good order; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def odd_lines(self) -> list[str]:
        """Lines of the log that do not tell of a request."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if not _LINE.fullmatch(line)]


def attack(server: Server, requests: int, seconds: float) -> dict[str, Any]:
    """Send requests, as many as the time allows; returns what came of it."""
    statuses: collections.Counter[int] = collections.Counter()
    kinds: collections.Counter[str] = collections.Counter()
    rude: list[str] = []
    memory = [server.mebibytes()]
    started, stream, share = time.monotonic(), attacks(), max(1, requests // SAMPLES)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while sum(statuses.values()) < requests and time.monotonic() - started < seconds:
            some = [next(stream) for _ in range(min(share, 100))]
            replies = pool.map(lambda each: send(server.port, each), some)
            for each, reply in zip(some, replies, strict=True):
                statuses[reply.status] += 1
                kinds[each.kind] += 1
                if not reply.is_polite:
                    rude.append(f"{each.kind}: {reply.status} {reply.body[:200]!r}")
            if sum(statuses.values()) >= share * len(memory):
                memory.append(server.mebibytes())
    memory.append(server.mebibytes())
    return {
        "requests": sum(statuses.values()),
        "seconds": round(time.monotonic() - started, 1),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "kinds": dict(sorted(kinds.items())),
        "rude": rude,
        "mebibytes": memory,
        "mebibytes_grown": round(growth(memory[1:]), 1),
    }


def growth(memory: list[float]) -> float:
    """The median of the second half, less that of the first."""
    half = len(memory) // 2
    return statistics.median(memory[half:]) - statistics.median(memory[:half])


def measure(path: str, requests: int = REQUESTS, seconds: float = SECONDS) -> dict[str, Any]:
    """Start a server, send it bad requests, stop it."""
    with tempfile.TemporaryDirectory() as folder:
        server = Server(path, Path(folder))
        with server.process:
            try:
                found = attack(server, requests, seconds)
                code = server.stop()
            finally:
                server.process.kill()
        return {**found, "exit_code": code, "odd_log_lines": server.odd_lines()[:20]}


def main() -> None:
    path, *more = sys.argv[1:]
    found = measure(path, int(more[0]) if more else REQUESTS)
    record = Record("fuzz", "nin serve answers malformed images politely, and does not grow.")
    record.rows = []
    record.add(**found)
    print(json.dumps(found, indent=2))
    bad = found["rude"] or found["odd_log_lines"] or found["exit_code"]
    if bad or found["mebibytes_grown"] > 50:
        raise SystemExit("not as it should be: see above")


if __name__ == "__main__":
    main()
