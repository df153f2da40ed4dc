"""Runs one command and prints what it took: wall seconds, peak resident memory, exit code.

A process of its own, and a small one: Linux counts as the child's peak what the process that
started it held at that moment. What the command prints is thrown away but for the last line of its
standard error.

Run: python benchmarks/usage.py COMMAND [ARGUMENT...]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time


def main() -> None:
    """Run it, wait for it, print JSON."""
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        said.seek(0)
        lines = said.read().decode(errors="replace").strip().splitlines()
    unit = 1 if sys.platform == "darwin" else 1024
    answer = {
        "seconds": round(seconds, 3),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "peak_bytes": unit * usage.ru_maxrss,
        "exit_code": os.waitstatus_to_exitcode(status),
        "last_line": lines[-1] if lines else "",
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
