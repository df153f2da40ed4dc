"""The book's notebooks: all of them in one kernel, as a reader has them, at a small size."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
book_cells, book_tables = map(importlib.import_module, ("book.cells", "pages.book"))

NOTEBOOKS = {path.stem: json.loads(path.read_text()) for path in book_cells.NOTEBOOKS}
#: What Keras 3 cannot run: (notebook, cell).
RAISING = {
    (name, cell["id"])
    for name, notebook in NOTEBOOKS.items()
    for cell in notebook["cells"]
    if "raises-exception" in cell["metadata"].get("tags", ())
}
#: In place of Fashion-MNIST, which a test must not need; and no time for graphs.
BEFORE = f"""
import sys

import tensorflow as tf

import nin

sys.path.insert(0, {str(ROOT / "benchmarks")!r})
from book.cells import Bars

nin.FashionMNIST = Bars
tf.config.run_functions_eagerly(True)
"""


def error(cell):
    return next((each for each in cell.outputs if each.output_type == "error"), None)


@pytest.fixture(scope="module")
def whole_book(tmp_path_factory):
    """Every cell of every notebook, in one kernel: (notebook, name) → the cell as it ran."""
    nbformat = pytest.importorskip("nbformat", reason="needs keras-nin[notebook]")
    nbclient = pytest.importorskip("nbclient", reason="needs keras-nin[notebook]")
    cells, keys = [nbformat.v4.new_code_cell(BEFORE)], []
    for path in book_cells.NOTEBOOKS:
        for cell in book_cells.cells(path, book_cells.SMALL):
            cells.append(nbformat.v4.new_code_cell(cell.source))
            keys.append((cell.notebook, cell.name))
    notebook = nbformat.v4.new_notebook(cells=cells)
    where = {"metadata": {"path": str(tmp_path_factory.mktemp("book"))}}
    client = nbclient.NotebookClient(
        notebook, timeout=120, allow_errors=True, kernel_name="python3", resources=where
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MPLBACKEND", raising=False)
        client.execute()
    assert error(notebook.cells[0]) is None
    return dict(zip(keys, notebook.cells[1:], strict=True))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_cell_runs_but_those_that_keras_3_cannot(whole_book):
    raised = {key: error(cell) for key, cell in whole_book.items() if error(cell)}
    assert raised.keys() == RAISING, {key: each.evalue[:200] for key, each in raised.items()}
    assert all(found.ename != "NameError" for found in raised.values())
    told = raised["10_batch_normalisation", "scratch-trained"]
    assert told.ename == "NinError"
    assert "training=None" in told.evalue


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_each_training_has_its_curves_in_its_own_cell(whole_book):
    trained = {key: cell for key, cell in whole_book.items() if ".fit(model" in cell.source}
    assert len(trained) > 15
    for key, cell in trained.items():
        if key not in RAISING:
            pictures = [each for each in cell.outputs if "image/png" in each.get("data", {})]
            assert len(pictures) == 1, key
            assert "Figure" not in "".join(each.get("text", "") for each in cell.outputs)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["04_multilayer_perceptrons", "08_network_in_network"])
def test_a_notebook_by_itself_is_trained_by_keras(name, capsys):
    path = ROOT / f"examples/book/{name}.ipynb"
    made = list(book_cells.outcomes(book_cells.cells(path, book_cells.SMALL), book_cells.Bars))
    assert not [(each.cell.name, each.error) for each in made if each.error]
    trained = [each.history for each in made if each.cell.name.endswith("-trained")]
    assert trained
    for history in trained:
        assert np.isfinite(history["loss"]).all()
        assert "images_per_second" in history
    capsys.readouterr()


def test_what_a_notebook_attaches_is_taken_off_again():
    import nin

    fit_epoch = nin.Trainer.fit_epoch
    cell = book_cells.Cell("one", "only", "import nin\nnin.Trainer.fit_epoch = nin.Module.x = len")
    (made,) = book_cells.outcomes([cell])
    assert made.error is None
    assert nin.Trainer.fit_epoch is fit_epoch
    assert not hasattr(nin.Module, "x")


def test_the_tables_words_are_of_cells_that_exist():
    for words in (book_tables.DIFFERS, book_tables.CANNOT):
        for name, cells in words.items():
            assert cells.keys() <= {cell["id"] for cell in NOTEBOOKS[name]["cells"]}
    cannot = {(name, cell) for name, cells in book_tables.CANNOT.items() for cell in cells}
    assert cannot == RAISING


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_whole_and_has_not_been_run(name):
    cells = NOTEBOOKS[name]["cells"]
    assert cells[0]["cell_type"] == "markdown"
    assert len({cell["id"] for cell in cells}) == len(cells)
    for cell in cells:
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
