"""A worker ends with the process that started it, even where that one is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest
from processes import started

#: A parent with a worker that would wait for ever.
PARENT = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored
worker = "import os, sys, time; from nin.orphans import exit_with_parent;"
worker += "exit_with_parent(int(sys.argv[1]));"
worker += "print(os.getpid(), flush=True); time.sleep(60)"
process = subprocess.Popen([sys.executable, "-c", worker, str(os.getpid())])
time.sleep(60)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_worker_ends_with_its_parent(number):
    with started([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout.readline().strip().isdigit()
        began = time.monotonic()
        parent.send_signal(number)
        # The end of the pipe, which the worker holds as well, is the end of both.
        assert parent.stdout.read() == ""
        assert time.monotonic() - began < 50


def test_a_worker_whose_parent_ended_before_it_looked():
    code = "from nin.orphans import exit_with_parent; import time;"
    code += "exit_with_parent(1); time.sleep(60)"
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=90)
    assert done.returncode == -signal.SIGTERM
