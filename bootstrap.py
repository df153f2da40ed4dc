#!/usr/bin/env python3
"""Set everything up on a fresh machine, then train or test.

    python3 bootstrap.py train [ARGUMENTS OF nin train]
    python3 bootstrap.py test  [ARGUMENTS OF pytest]

Needs Python 3.11, 3.12 or 3.13 and a package index, nothing else. Everything goes to `.venv` beside
this file; a second call finds it there and starts at once. One thing does not: run by root on
Debian, `test` installs the package chromium, unless some Chromium is there already.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE / ".venv"
BIN = HOME / "bin"
#: What each job installs beside the package itself.
EXTRAS = {"train": "", "test": "[test,docs,notebook,jax,cluster,serve,openvino,litert,pretrained]"}
#: The version of which an index may hold a build without CUDA.
TORCH = "torch==2.13.0"
#: Tests of one file stay together, in their order: they share what they have trained.
IN_PARALLEL = [
    *("--numprocesses=logical", "--maxprocesses=4"),
    *("--dist=loadfile", "--no-loadscope-reorder"),
]


def main() -> int:
    """Do what the command line asks; returns the exit code."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return fail(f"needs Python 3.11, 3.12 or 3.13; this is {sys.version.split()[0]}")
    job, *arguments = sys.argv[1:] or [""]
    if job not in EXTRAS:
        return fail("say: python3 bootstrap.py train   or   python3 bootstrap.py test")
    try:
        make_environment()
        install(job)
        if job == "train":
            return run([BIN / "nin", "train", *arguments])
        return run([BIN / "python", "-m", "pytest", *arguments]) if arguments else test()
    except subprocess.CalledProcessError as error:
        return fail(f"this failed: {' '.join(map(str, error.cmd))}")
    except KeyboardInterrupt:
        return 130


def make_environment() -> None:
    """Make `.venv`, with pip in it, unless it is there already."""
    if (BIN / "pip").exists():
        return
    say(f"making {HOME}")
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        make_with_virtualenv()
    else:
        venv.create(HOME, with_pip=True)


def make_with_virtualenv() -> None:
    """Debian's Python comes without ensurepip; virtualenv brings a pip of its own."""
    aside = HERE / ".venv-maker"
    get = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(aside)]
    if subprocess.run([*get, "virtualenv"], check=False).returncode:
        raise SystemExit(
            fail("this Python has neither ensurepip nor pip: apt install python3-venv")
        )
    environment = {**os.environ, "PYTHONPATH": str(aside)}
    make = [sys.executable, "-m", "virtualenv", "--quiet", str(HOME)]
    subprocess.run(make, check=True, env=environment)


def install(job: str) -> None:
    """Install the package for `job`, unless exactly this is installed already."""
    pinned = [(HERE / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    wanted = hashlib.sha256(b"".join(pinned)).hexdigest()
    marker = HOME / f"{job}.sha256"
    if marker.exists() and marker.read_text() == wanted:
        return
    say("installing; this takes a few minutes the first time")
    pip("install", "--quiet", "--constraint", "constraints.txt", "--editable", f".{EXTRAS[job]}")
    marker.write_text(wanted)


def test() -> int:
    """Lint, check types, run the suite on TensorFlow, and a part of it on each other backend."""
    checks = [
        [BIN / "ruff", "check", "."],
        [BIN / "ruff", "format", "--check", "."],
        [BIN / "mypy"],
    ]
    others = ["jax", "torch"] if install_torch() else ["jax"]
    find_browser()
    for check in checks:
        if code := run(check):
            return code
    suite = [BIN / "python", "-m", "pytest"]
    for backend in others:
        # PyTorch's threads hinder those of a second process more than that helps.
        where = [] if backend == "torch" else IN_PARALLEL
        if code := run([*suite, *where, "-m", "every_backend and not slow"], backend):
            return code
    return run([*suite, *IN_PARALLEL], "tensorflow")


def install_torch() -> bool:
    """Install PyTorch where the index holds a build without CUDA; say so where it does not."""
    marker = HOME / "torch.txt"
    if marker.exists():
        return True
    report = pip("install", "--dry-run", "--quiet", "--report", "-", TORCH)
    if any(item["metadata"]["name"].startswith("nvidia") for item in json.loads(report)["install"]):
        say("left out the tests on PyTorch: the index's build brings gigabytes of CUDA")
        return False
    pip("install", "--quiet", "--constraint", "constraints.txt", TORCH)
    marker.touch()
    return True


def find_browser() -> None:
    """Install Debian's Chromium for the tests of the page, where that can be done; else say so."""
    if any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        return
    system = Path("/etc/os-release")
    if os.geteuid() == 0 and system.exists() and "\nID=debian\n" in system.read_text():
        say("installing Debian's chromium, for the tests of the page")
        quiet = {"check": False, "stdout": subprocess.DEVNULL, "timeout": 600}
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", *words, "--quiet"], env=environment, **quiet)
    if not shutil.which("chromium"):
        say("left out the tests in a browser: there is no chromium")


def pip(*arguments: str) -> str:
    """Call the environment's pip; returns what it printed."""
    command = [BIN / "python", "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=True, cwd=HERE, stdout=subprocess.PIPE, text=True).stdout


def run(command: list[str | Path], backend: str | None = None) -> int:
    """Run a command of the environment in the user's folder; returns its exit code."""
    environment = {**os.environ, "KERAS_BACKEND": backend} if backend else None
    if backend:
        say(f"tests on {backend}")
    where = HERE if backend else None
    return subprocess.run(command, check=False, env=environment, cwd=where).returncode


def say(message: str) -> None:
    """Tell what is going on."""
    print(f"bootstrap: {message}", file=sys.stderr, flush=True)


def fail(message: str) -> int:
    """Tell what was wrong; returns the exit code for it."""
    say(message)
    return 2


if __name__ == "__main__":
    sys.exit(main())
