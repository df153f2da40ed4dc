"""What benchmarks write into records, and what pages make of them."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import nin

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
record, capabilities, best_nin, precision = map(
    importlib.import_module, ("record", "capabilities", "best_nin", "precision")
)
economy, runtimes = map(importlib.import_module, ("pages.economy", "pages.runtimes"))


def test_a_package_that_is_not_there_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "RESULTS", tmp_path)
    monkeypatch.setattr(record, "commit", lambda: "0123456789ab")
    record.Record("x", "What is measured.", ["no-such-package"]).add(a=1)
    kept = json.loads((tmp_path / "x.json").read_text())
    assert kept["rows"][0]["a"] == 1
    assert "no-such-package" not in kept["versions"]


def test_a_row_names_its_processor():
    processor = {"processor": "AMD EPYC", "cores": 2}
    assert record.where(processor, "jax") == "AMD EPYC, 2 cores, jax"
    assert record.where({**processor, "gpu": "H100"}, "jax") == "H100, jax"


@pytest.mark.parametrize("backend", capabilities.BACKENDS)
def test_every_capability_has_its_tests(backend):
    for tests, _ in capabilities.tests_of(backend).values():
        file, _, names = tests.partition("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        for name in re.findall(r"test_\w+", names):
            assert re.search(rf"(?m)^def {name}", text), tests


def test_images_of_the_recipe_are_those_without_a_folder(monkeypatch):
    seen = []

    def noted(_, recipe, **__):
        seen.append(recipe.data)
        return SimpleNamespace(rows=[])

    monkeypatch.setattr(sys, "argv", ["best_nin.py", "fashion28"])
    monkeypatch.setattr(nin, "compare", noted)
    best_nin.main()
    assert seen == ["fashion-mnist"]


def test_photographs_are_asked_for_before_anything_is_trained(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["precision.py"])
    with pytest.raises(SystemExit):
        precision.arguments()
    assert "scratch needs FOLDER" in capsys.readouterr().err


def test_cores_are_those_of_the_machine_that_was_measured(monkeypatch):
    made = economy.comparison("time")
    settings = {**made.settings, "precision": "float32", "measured_on": {"device": {"cores": 3}}}
    changed = made.model_copy(update={"settings": settings})
    monkeypatch.setattr(economy, "comparison", lambda _: changed)
    said = economy.conditions("time")
    assert " s on 3 cores allow" in said
    assert said.endswith("In float32.")


def test_clients_that_fail_or_are_not_installed_have_no_version(monkeypatch):
    form, client, network = (
        next(iter(each)) for each in (runtimes.FILES, runtimes.CLIENTS, runtimes.NETWORKS)
    )
    row = {"form": form, "client": client, "network": network, "bytes": 10}
    other = {**row, "client": [*runtimes.CLIENTS][1], "not_installed": "no such module"}
    rows = [{**row, "refused": "its process ends with SIGSEGV"}, other]
    monkeypatch.setattr(runtimes, "record", lambda _: {"rows": rows})
    monkeypatch.setattr(runtimes, "conditions", lambda _: "")
    assert "SIGSEGV" in runtimes.runtimes()
    assert "no such module" not in runtimes.runtimes()
