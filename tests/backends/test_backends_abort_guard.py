"""A process that JAX may abort, and the parent that reports it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from processes import started

CHILD = """
import os, sys, time
from nin.backends.abort_guard import note_joined, supervise
supervise()
exec(sys.argv[1])
"""
ABORTED = "os.write(2, b'JAX distributed service detected fatal errors'); os.abort()"


def supervised(code):
    command = [sys.executable, "-c", CHILD, code]
    return started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("print('out'); print('err', file=sys.stderr)", (0, "out\n", "err\n")),
        ("os.write(1, b'from C'); sys.exit(3)", (3, "", "")),
        ("sys.exit('wrong')", (1, "", "wrong\n")),
        ("os.kill(os.getpid(), 9)", (137, "", "")),
        ("os.write(2, b'out of memory'); os.abort()", (134, "", "out of memory")),
        (
            f"note_joined(); {ABORTED}",
            (
                2,
                "",
                "nin: another process was lost; to continue: nin train --resume RUN,"
                " in all of them\n",
            ),
        ),
        (
            ABORTED,
            (2, "", "nin: not all processes came in time: start as many as were announced\n"),
        ),
    ],
)
def test_the_parent_ends_as_the_child_does_and_explains_an_abort(code, expected):
    with supervised(code) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == expected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_the_child(number):
    code = f"""
import signal
signal.signal({int(number)}, lambda *_: sys.exit(42))
print("ready")
time.sleep(60)
"""
    with supervised(code) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        process.communicate(timeout=60)
    assert process.returncode == 42


def test_a_killed_parent_takes_the_child_along():
    with supervised("print('ready'); time.sleep(100)") as process:
        assert process.stdout.readline() == "ready\n"
        process.kill()
        assert process.communicate(timeout=60) == ("", "")
