"""The chapter's notebook: it runs as it stands, at a small size, and is committed as it ran."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

nbformat = pytest.importorskip("nbformat", reason="needs keras-nin[notebook]")

NOTEBOOK = Path(__file__).parents[1] / "examples/chapter.ipynb"
#: Takes the place of the sizes in the first cell; the digits need no file.
SMALL = """
DATA = "digits"
IMAGES = 200
EPOCHS = 5
BATCH = 16
"""
#: What the trainings came to, in the notebook's own names.
JUDGE = """
import json

print(json.dumps({
    "stuck": without.history["loss"],
    "loss": trainer.history["loss"],
    "accuracy": accuracy,
    "maps": run.record["result"]["accuracy"],
}))
"""


@pytest.fixture
def committed():
    return nbformat.read(NOTEBOOK, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code(notebook) for output in cell.outputs]


def texts(notebook):
    """Everything that cells put out, other than pictures."""
    for output in outputs(notebook):
        yield output.get("text", "")
        yield from (text for kind, text in output.get("data", {}).items() if "image" not in kind)


def pictures(notebook):
    """The PNG of each cell that drew one."""
    return [
        [
            output.data["image/png"]
            for output in cell.outputs
            if "image/png" in output.get("data", {})
        ]
        for cell in code(notebook)
        if any("image/png" in output.get("data", {}) for output in cell.outputs)
    ]


def noise(notebook):
    """Errors, and whatever came by standard error: warnings, logs."""
    return [
        output
        for output in outputs(notebook)
        if output.output_type == "error" or output.get("name") == "stderr"
    ]


def with_cells(notebook, knobs, last):
    """The notebook with `knobs` after the cell tagged "parameters", and a `last` cell."""
    is_knobs = ["parameters" in cell.metadata.get("tags", ()) for cell in notebook.cells]
    assert is_knobs.count(True) == 1
    notebook.cells.insert(is_knobs.index(True) + 1, nbformat.v4.new_code_cell(knobs))
    notebook.cells.append(nbformat.v4.new_code_cell(last))
    return notebook


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_runs_at_a_small_size_and_learns(committed, monkeypatch):
    nbclient = pytest.importorskip("nbclient", reason="needs keras-nin[notebook]")
    monkeypatch.delenv("MPLBACKEND", raising=False)
    drawn = len(pictures(committed))
    ran = with_cells(committed, SMALL, JUDGE)
    for cell in code(ran):
        cell.outputs = []
    where = {"metadata": {"path": str(NOTEBOOK.parent)}}
    nbclient.NotebookClient(ran, timeout=300, kernel_name="python3", resources=where).execute()
    assert not noise(ran)
    assert len(pictures(ran)) == drawn
    came_to = json.loads("".join(output.text for output in ran.cells[-1].outputs))
    assert came_to["stuck"] == [pytest.approx(2.3026, abs=0.01)]
    assert came_to["loss"][-1] < 2.25
    assert 0 <= came_to["accuracy"] <= 1
    assert came_to["maps"] > 0.3


def test_it_is_committed_as_it_ran(committed):
    nbformat.validate(committed)
    assert [cell.execution_count for cell in code(committed)] == list(
        range(1, len(code(committed)) + 1)
    )
    assert not noise(committed)
    assert committed.metadata.kernelspec.name == "python3"


def test_its_outputs_are_those_of_its_cells(committed):
    """Whoever changes a size or a network, and not the outputs, is told."""
    (knobs,) = (cell for cell in code(committed) if "parameters" in cell.metadata.get("tags", ()))
    sizes = {}
    exec(knobs.source, sizes)
    said = "".join(texts(committed))
    assert f"train: {sizes['IMAGES']:,} pictures" in said
    assert f"epoch {sizes['EPOCHS']}/{sizes['EPOCHS']} " in said
    assert said.count("output shape:") == 20
    right = re.search(r"right: (0\.\d+) of 10,000 test images", said)
    assert right
    assert float(right[1]) > 0.6


def test_its_pictures_are_there_and_small(committed):
    found = pictures(committed)
    assert len(found) >= 9
    for picture in (each for cell in found for each in cell):
        with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
            assert image.format == "PNG"
            assert 300 <= image.width <= 1600
    assert NOTEBOOK.stat().st_size < 1_000_000


def test_it_names_no_machine(committed):
    everything = [*texts(committed), json.dumps(committed.metadata)]
    everything += [cell.source for cell in committed.cells]
    for text in everything:
        assert not re.search(r"(?<![\w.])/(home|tmp|work|root|Users|usr|var)/|[A-Z]:\\", text)


def test_it_points_at_what_exists(committed):
    prose = "".join(cell.source for cell in committed.cells if cell.cell_type == "markdown")
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", prose) if "://" not in target]
    assert len(targets) >= 4
    for target in targets:
        assert (NOTEBOOK.parent / target).exists(), target


def test_its_exercises_call_what_exists(committed):
    from nin import EXERCISES

    prose = "".join(cell.source for cell in committed.cells if cell.cell_type == "markdown")
    assert set(re.findall(r"`nin ablate (\w+)`", prose)) == set(EXERCISES)
