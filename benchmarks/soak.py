"""Ten minutes of good and hostile requests, mixed, against a running server: memory stays flat.

Half of the requests are pictures as people send them, half are those of `malformed/`; four at a
time, over loopback, to `nin serve` in a process of its own. Held against it, as in `fuzz.py`: an
impolite answer, an odd line in its log, and memory of the server and its decoder, in MiB, every
half minute: what is grown is the median of the second half, less that of the first.

Run: python benchmarks/soak.py RUN|FILE [--minutes 10]
"""

from __future__ import annotations

import argparse
import collections
import itertools
import json
import random
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
from fuzz import AT_ONCE, Server, growth, send
from malformed import Attack, attacks, pictures
from record import Record

#: Seconds between two looks at the memory, and requests that are sent together.
PERIOD, CHUNK = 30.0, 50


def traffic() -> Iterator[Attack]:
    """A picture as people send them, and one that is malformed, in turn and without end."""
    good = pictures(random.Random(1))
    for picture, hostile in zip(itertools.cycle(good), attacks(1), strict=False):
        yield Attack("good", picture)
        yield hostile


def mebibytes(server: Server) -> float:
    """Resident memory of the server and of the processes it has started."""
    process = psutil.Process(server.process.pid)
    every = [process, *process.children(recursive=True)]
    return round(sum(each.memory_info().rss for each in every) / 2**20, 1)


def soak(server: Server, seconds: float) -> dict[str, Any]:
    """Send requests for so long; returns what came of it."""
    statuses: collections.Counter[int] = collections.Counter()
    failed: list[str] = []
    memory, began, stream = [mebibytes(server)], time.monotonic(), traffic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while (passed := time.monotonic() - began) < seconds:
            some = list(itertools.islice(stream, CHUNK))
            replies = pool.map(lambda each: send(server.port, each), some)
            for each, reply in zip(some, replies, strict=True):
                statuses[reply.status] += 1
                is_answered = each.kind != "good" or reply.status == 200
                if not (reply.is_polite and is_answered):
                    failed.append(f"{each.kind}: {reply.status} {reply.body[:200]!r}")
            if passed >= PERIOD * len(memory):
                memory.append(mebibytes(server))
    return {
        "seconds": round(time.monotonic() - began, 1),
        "requests": statuses.total(),
        "statuses": {str(status): count for status, count in sorted(statuses.items())},
        "failed": failed,
        "mebibytes": memory,
        "mebibytes_grown": round(growth(memory[1:]), 1),
    }


def main() -> None:
    """Start a server, soak it, stop it, and keep what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path")
    parser.add_argument("--minutes", type=float, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(asked.path, Path(folder))
        with server.process:
            try:
                found = soak(server, 60 * asked.minutes)
                code = server.stop()
            finally:
                server.process.kill()
        found |= {"exit_code": code, "odd_log_lines": server.odd_lines()[:20]}
    record = Record("soak", (__doc__ or "").splitlines()[0])
    record.rows = []
    record.add(**found)
    print(json.dumps(found, indent=2))
    if found["failed"] or found["odd_log_lines"] or found["exit_code"]:
        raise SystemExit("not as it should be: see above")


if __name__ == "__main__":
    main()
