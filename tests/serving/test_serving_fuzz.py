"""Some hundred of the malformed requests of `benchmarks/fuzz.py`."""

import sys
from pathlib import Path

import pytest


@pytest.fixture
def fuzz(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    import fuzz

    yield fuzz
    for name in ("fuzz", "malformed", "malformed.formats", "record"):
        del sys.modules[name]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_malformed_images_and_forms_are_refused_politely(fuzz, network):
    found = fuzz.measure(str(network), requests=300, seconds=60)
    assert found["rude"] == []
    assert found["odd_log_lines"] == []
    assert found["exit_code"] == 0
    assert {"413", "415", "422"} <= {*found["statuses"]} <= {"200", "413", "415", "422"}
    assert len(found["kinds"]) == 20
    assert found["mebibytes_grown"] < 60
