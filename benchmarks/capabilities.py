"""What works on which backend, by the tests that say so.

Each capability is one or more tests, run on each backend. `refused` means that a test holds that it
is refused, with the reason and the remedy.

Run: python benchmarks/capabilities.py [BACKEND=PYTHON ...]
A backend whose environment is another one is named with its interpreter. Takes about ten minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from record import Record

ROOT = Path(__file__).parents[1]
BACKENDS = ("tensorflow", "jax", "torch")
TRAINING = "tests/training/test_training_"
EXPORTING = "tests/exporting/test_exporting_exporter.py"
REFUSED_FORM = f"{EXPORTING}::test_another_backend_is_refused"
BY_TENSORFLOW = {
    "export to LiteRT": f"{EXPORTING}::test_every_form and litert",
    "export to SavedModel": f"{EXPORTING}::test_every_form and savedmodel",
}
#: Capability → the tests of it.
EVERYWHERE = {
    "the book's Trainer": f"{TRAINING}trainer.py",
    "same seed, same weights to the bit (CPU)": f"{TRAINING}resume.py::test_without_a_checkpoint",
    "stopped within an epoch and resumed, to the bit (CPU)": f"{TRAINING}resume.py::test_stopped",
    "bfloat16": f"{TRAINING}precision.py::test_a_run_in_bfloat16",
    "batches in parts": f"{TRAINING}precision.py::test_a_batch_in_parts",
    "a folder beyond memory": f"{TRAINING}streamed.py",
    "export to ONNX": f"{EXPORTING}::test_every_form and onnx",
    "export to OpenVINO": f"{EXPORTING}::test_every_form and openvino",
}
DEVICES = "several devices in one process"
PROCESSES = "several processes, a lost one survived"
REFUSED = f"{TRAINING}distribution.py::test_devices_that_are_not_there"
ON_JAX = {
    DEVICES: f"{TRAINING}distribution.py::test_two_devices",
    PROCESSES: f"{TRAINING}distribution.py::test_one_is_lost or test_the_one_that_writes",
}


def tests_of(backend: str) -> dict[str, tuple[str, str]]:
    """Capability → its tests on `backend`, and what it means that they pass."""
    own = {"tensorflow": BY_TENSORFLOW, "jax": ON_JAX}.get(backend, {})
    refused = {**dict.fromkeys(ON_JAX, REFUSED), **dict.fromkeys(BY_TENSORFLOW, REFUSED_FORM)}
    return {
        **{name: (tests, "refused") for name, tests in refused.items()},
        **{name: (tests, "yes") for name, tests in {**EVERYWHERE, **own}.items()},
    }


def judged(python: str, backend: str, tests: str, meaning: str) -> dict[str, Any]:
    """Run the tests of a capability; `meaning` if all of them pass."""
    file, _, name = tests.partition("::")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [python, "-m", "pytest", "-q", f"--junitxml={report}", file]
        subprocess.run(
            [*command, "-k", name] if name else command,
            cwd=ROOT,
            env={**os.environ, "KERAS_BACKEND": backend, "PYTHONPATH": str(ROOT / "src")},
            check=False,
        )
        cases = [*ET.parse(report).getroot().iter("testcase")]
    assert cases, f"no test is called {tests}"
    right = not any(len(case) for case in cases)
    return {"outcome": meaning if right else "no", "tests": len(cases)}


def main() -> None:
    """Run what is not yet in the record."""
    pythons = dict(pair.split("=", 1) for pair in sys.argv[1:])
    del sys.argv[1:]
    record = Record("capabilities", (__doc__ or "").splitlines()[0])
    for backend in BACKENDS:
        for name, (tests, meaning) in tests_of(backend).items():
            if not record.has(backend=backend, capability=name):
                python = pythons.get(backend, sys.executable)
                row = judged(python, backend, tests, meaning)
                record.add(backend=backend, capability=name, **row)
                print(backend, name, row, flush=True)


if __name__ == "__main__":
    main()
