#!/usr/bin/env python3
"""Set everything up on a fresh machine, then train or test.

    python3 bootstrap.py train [ARGUMENTS OF nin train]
    python3 bootstrap.py test                          everything, as continuous integration does
    python3 bootstrap.py test --quick                  lint, and the tests that are not slow
    python3 bootstrap.py test [ARGUMENTS OF pytest]    a folder, a file or a test

Needs Python 3.11, 3.12 or 3.13 and a package index, nothing else. Everything goes to `.venv` beside
this file; a second call finds it there and starts at once. One thing does not: run by root on
Debian, `test` installs the package chromium, unless some Chromium is there already.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import NamedTuple, NoReturn

HERE = Path(__file__).resolve().parent
HOME = HERE / ".venv"
BIN = HOME / "bin"
#: What each job installs beside the package itself.
EXTRAS = {
    "train": "",
    "test": "[test,docs,notebook,jax,cluster,serve,openvino,litert,heic,parquet,pretrained,tune]",
}
#: The version of which an index may hold a build without CUDA.
TORCH = "torch==2.13.0"
#: How many processes test at a time; one more where everything is tested, as some tests wait for
#: servers, browsers and deadlines and leave their core to others.
AT_ONCE = min(4, os.cpu_count() or 1)
#: Seconds after which a check is ended and has failed.
LONGEST = 30 * 60
#: Folders whose tests share a process, or that many: first the one that waits most, so that the
#: others use its core, and then those that take longest, so that no core is idle at the end. `nin`
#: are the tests that lie in no folder, and `()` stands for the folders that are not named. Each
#: process takes seven seconds of a core before its first test.
TOGETHER = {
    ("serving",): 1,
    (): 1,
    ("training",): 2,
    ("backends", "nin"): 1,
    ("cli",): 1,
    ("models", "study"): 1,
}


def main() -> int:
    """Do what the command line asks; returns the exit code."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return fail(f"needs Python 3.11, 3.12 or 3.13; this is {sys.version.split()[0]}")
    job, *arguments = sys.argv[1:] or [""]
    if job not in EXTRAS:
        return fail("say: python3 bootstrap.py train   or   python3 bootstrap.py test")
    try:
        make_environment()
        everything = job == "test" and not arguments
        with ThreadPoolExecutor() as aside:
            browser = aside.submit(ensure_browser) if everything else None
            install(job, with_torch=everything)
        if job == "train":
            return run([BIN / "nin", "train", *arguments])
        if everything:
            say(browser.result())
            if not has_torch():
                say("left out the tests on PyTorch: the index's build brings gigabytes of CUDA")
        if everything or arguments == ["--quick"]:
            return test(quick=not everything)
        return run([BIN / "python", "-m", "pytest", *arguments])
    except subprocess.CalledProcessError as error:
        return fail(f"this failed: {' '.join(map(str, error.cmd))}")
    except KeyboardInterrupt:
        return 130


class Job(NamedTuple):
    """A check in a process of its own, beside others."""

    name: str
    command: list[str | Path]
    backend: str = "tensorflow"

    def succeeds(self) -> bool:
        """Run it and tell how it ended: in a few lines, or with all it printed if it failed."""
        began = time.monotonic()
        share = str(max(1, (os.cpu_count() or 1) // AT_ONCE))
        threads = dict.fromkeys(("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), share)
        # PyTorch's idle threads would keep the processes beside them from their core.
        backend = {"KERAS_BACKEND": self.backend, "OMP_WAIT_POLICY": "passive", **threads}
        # A file, not a pipe: what a test leaves running would hold a pipe open.
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as printed:
            to_file = {"stdout": printed, "stderr": subprocess.STDOUT}
            environment = {**os.environ, **backend}
            with subprocess.Popen(self.command, cwd=HERE, env=environment, **to_file) as process:
                try:
                    code = process.wait(LONGEST)
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGABRT)  # Python prints where it is.
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(10)
                    process.kill()
                    code = process.wait()
            printed.seek(0)
            *before, last = printed.read().splitlines() or [""]
        if not code:
            before = [line for line in before if line.startswith("SKIPPED")]
        ended = f"{time.monotonic() - began:.0f} s" + (f", exit code {code}" if code else "")
        say("\n".join([f"{self.name}, {ended}", *before, last]))
        return not code


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
        venv.create(HOME, symlinks=True, with_pip=True)


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
    shutil.rmtree(aside, ignore_errors=True)


def install(job: str, with_torch: bool) -> None:
    """Install the package for `job`, and PyTorch, unless exactly this is installed already."""
    pinned = [(HERE / name).read_bytes() for name in ("pyproject.toml", "constraints.txt")]
    # What is installed names this place, and would lead back to it from a copy.
    asked = f"{HERE} {EXTRAS[job]} {TORCH}".encode(errors="surrogateescape")
    wanted = hashlib.sha256(b"".join([*pinned, asked])).hexdigest()
    markers = [HOME / f"{job}{more}.sha256" for more in ("", "-and-torch")[: 1 + with_torch]]
    if not all(marker.exists() and marker.read_text() == wanted for marker in markers):
        say("installing; this takes a few minutes the first time")
        build = torch_requirement() if with_torch else []
        quiet = ("--quiet", "--no-compile", "--constraint", "constraints.txt")
        pip("install", *quiet, "--editable", f".{EXTRAS[job]}", *build)
        # pip compiles one file after the other. Some are no Python: templates, tests of syntax.
        # Little of the largest packages is ever imported.
        large = ("-x", "/site-packages/(torch|sympy|mpmath|networkx)/")
        command = [BIN / "python", "-m", "compileall", "-qq", "-j", "0", *large, HOME / "lib"]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        for marker in markers:
            marker.write_text(wanted)


def has_torch() -> bool:
    """Whether PyTorch is in the environment."""
    return any(HOME.glob("lib/python*/site-packages/torch"))


def torch_requirement() -> list[str]:
    """PyTorch, where the index holds a build without CUDA; else nothing."""
    report = pip("install", "--dry-run", "--quiet", "--report", "-", TORCH)
    names = (item["metadata"]["name"] for item in json.loads(report)["install"])
    return [] if any(name.startswith("nvidia") for name in names) else [TORCH]


def test(quick: bool) -> int:
    """Lint, check types, run the suite on TensorFlow, and a part of it on each other backend."""
    for lint in (["check"], ["format", "--check"]):
        if code := subprocess.run([BIN / "ruff", *lint], check=False, cwd=HERE).returncode:
            return code
    jobs, at_once = (quick_jobs(), AT_ONCE) if quick else (all_jobs(), AT_ONCE + 1)
    say(f"testing, {at_once} at a time")
    with ThreadPoolExecutor(at_once) as pool:
        ended = list(pool.map(Job.succeeds, jobs))  # All of them, whichever fail.
    return 0 if all(ended) else 1


def all_jobs() -> list[Job]:
    """The suite on TensorFlow in some processes, on each other backend in one, and the types."""
    backends = ["jax", *(["torch"] if has_torch() else [])]
    found = places()
    marked = [path for path in chain(*found.values()) if "every_backend" in path.read_text("utf-8")]
    others = [name for name in found if name not in chain(*TOGETHER)]
    on_tensorflow = []
    for named, shares in TOGETHER.items():
        names = named or others
        files = [*chain(*(found[name] for name in names))]
        on_tensorflow += [
            pytest(f"tests of {', '.join(names)}", files[first::shares]) for first in range(shares)
        ]
    serving, *rest = on_tensorflow
    on_jax, *elsewhere = (
        pytest(f"tests on {name}", marked, "every_backend", name) for name in backends
    )
    return [serving, on_jax, *rest, *elsewhere, Job("types", [BIN / "python", "-m", "mypy"])]


def quick_jobs() -> list[Job]:
    """As many as run at a time, each with its share of the files."""
    every = [*chain(*places().values())]
    shares = [every[first::AT_ONCE] for first in range(AT_ONCE)]
    return [pytest("quick tests", share, "not slow") for share in shares]


def places() -> dict[str, list[Path]]:
    """The tests of each folder and, as those of nin, the ones that lie in none."""
    suite = HERE / "tests"
    found = {"nin": sorted(suite.glob("test_*.py"))}
    for path in sorted(suite.glob("*/**/test_*.py")):
        found.setdefault(path.relative_to(suite).parts[0], []).append(path)
    return found


def pytest(name: str, where: list[Path], marked: str = "", backend: str = "tensorflow") -> Job:
    """Some of the tests on one backend; several of these would tread on each other's cache."""
    # It prints where it is when it is ended.
    python = [BIN / "python", "-X", "faulthandler"]
    command = [*python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", marked]
    return Job(name, [*command, *where], backend)


def ensure_browser() -> str:
    """Install Debian's Chromium, for the tests of the page, where that can be done."""
    browsers = ("chromium", "chromium-browser", "google-chrome")
    system = Path("/etc/os-release")
    is_debian = system.exists() and "\nID=debian\n" in system.read_text()
    if not any(map(shutil.which, browsers)) and os.geteuid() == 0 and is_debian:
        say("installing Debian's chromium, for the tests of the page")
        quiet = {"check": False, "stdout": subprocess.DEVNULL, "timeout": 600}
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        with contextlib.suppress(subprocess.TimeoutExpired):  # Less is tested then.
            for words in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
                subprocess.run(["apt-get", *words, "--quiet"], env=environment, **quiet)
    found = next(filter(None, map(shutil.which, browsers)), None)
    return f"tests in {found}" if found else "left out the tests in a browser: there is no chromium"


def pip(*arguments: str) -> str:
    """Call the environment's pip; returns what it printed."""
    command = [BIN / "python", "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=True, cwd=HERE, stdout=subprocess.PIPE, text=True).stdout


def run(command: list[str | Path]) -> NoReturn:
    """Become a command of the environment: signals reach it, and the exit code is its own."""
    os.execv(command[0], [str(word) for word in command])


def say(message: str) -> None:
    """Tell what is going on."""
    print(f"bootstrap: {message}", file=sys.stderr, flush=True)


def fail(message: str) -> int:
    """Tell what was wrong; returns the exit code for it."""
    say(message)
    return 2


if __name__ == "__main__":
    sys.exit(main())
