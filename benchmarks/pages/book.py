"""The tables of docs/d2l.md, from what book_record.py and book_learning.py recorded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pages.training import conditions, lines, record, spread

NOTEBOOKS = Path(__file__).parents[2] / "examples/book"
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
STARTED = "images standardised in the model, and weights that it learns from"
SEQUENTIAL = "`Sequential(layer)` is taken as `Sequential([layer])`, as in Keras 2"
INPUT_SHAPE = "Keras 3 warns of `input_shape`"

#: Cells that run, but not quite as in the book: notebook → cell → what is different.
DIFFERS = {
    "03_softmax_regression": {
        "data": "a picture has its channel: (28, 28, 1)",
        "minibatch": "uint8 at the stored size; the model resizes",
        "reading-time": "faster: nothing is resized on the host",
    },
    "04_multilayer_perceptrons": {
        "concise-trained": STARTED,
        "dropout-scratch-trained": "trained batch by batch: a graph does not know `X.shape[0]`",
        "dropout-concise-trained": STARTED,
    },
    "05_convolutions": {"lenet-trained": STARTED},
    "06_alexnet": {"alexnet-trained": STARTED},
    "07_vgg": {"vgg-trained": STARTED},
    "08_network_in_network": {"nin-trained": STARTED},
    "09_googlenet": {"googlenet-trained": STARTED},
    "10_batch_normalisation": {
        "scratch-trained-mended": INPUT_SHAPE,
        "concise-trained": f"{INPUT_SHAPE}; images standardised in the model",
    },
    "11_residual_networks": {
        "resnet18-summary": SEQUENTIAL,
        "resnet18-trained": "images standardised in the model",
    },
    "12_densenet": {"densenet-trained": f"{SEQUENTIAL}; images standardised in the model"},
    "13_design_spaces": {
        "regnet-summary": SEQUENTIAL,
        "regnet-trained": "images standardised in the model",
    },
}
#: Cells that Keras 3 cannot run: why, and what to change.
CANNOT = {
    "05_convolutions": {
        "learnt-kernel": "a tape watches Keras 3's variables by itself and refuses to be told:"
        " leave out `watch` and `watch_accessed_variables`",
    },
    "10_batch_normalisation": {
        "scratch-trained": "the layer's `training` needs a default, and `add_update` is gone:"
        " assigning is enough",
    },
    "12_densenet": {
        "dense-block": "a list that a layer keeps has no `.layers`: iterate over the list itself",
    },
}


def states() -> str:
    """What becomes of each cell, on each backend."""
    rows = record("cells")["rows"]
    found = {(row["notebook"], row["backend"]): row["cells"] for row in rows}
    table = []
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        title, cells = _cells(path)
        for number, cell in enumerate(cells):
            errors = [found[path.stem, backend][cell] for backend in BACKENDS]
            told = [_state(path.stem, cell, each, errors[0]) for each in errors]
            chapter = f"[{title}](../examples/book/{path.name})" if number == 0 else ""
            table.append([chapter, cell, *told, _why(path.stem, cell)])
    head = ["chapter", "cell", *BACKENDS.values(), "why"]
    return f"{lines(head, table)}\n\n{conditions('cells')}"


def _state(notebook: str, cell: str, error: str | None, on_tensorflow: str | None) -> str:
    if error is None:
        return "differs" if cell in DIFFERS.get(notebook, {}) else "runs"
    return "cannot" if on_tensorflow is not None else "–"


def _why(notebook: str, cell: str) -> str:
    if cell.endswith("-mended") and cell not in DIFFERS.get(notebook, {}):
        return "ours: the cell above, mended"
    both = {**DIFFERS.get(notebook, {}), **CANNOT.get(notebook, {})}
    return both.get(cell, "")


def _cells(path: Path) -> tuple[str, list[str]]:
    """The title of a notebook, and the names of its code cells."""
    notebook: Any = json.loads(path.read_text(encoding="utf-8"))
    title = "".join(notebook["cells"][0]["source"]).splitlines()[0].removeprefix("# ")
    return title, [cell["id"] for cell in notebook["cells"] if cell["cell_type"] == "code"]


def learning() -> str:
    """Which of the networks learn as they are typed, and how far."""
    table = []
    for name, row in record("book_learning")["summary"].items():
        notebook, cell = name.split("/")
        title, _ = _cells(NOTEBOOKS / f"{notebook}.ipynb")
        link = f"[{title}](../examples/book/{notebook}.ipynb)"
        accuracy = row["accuracy"]
        table.append([link, cell, f"{row['learnt']} of {accuracy['n']}", spread(accuracy)])
    head = ["chapter", "cell", "seeds that learn", "accuracy, mean ± sd"]
    return f"{lines(head, table)}\n\n{conditions('book_learning')}"


BOOK = {"cells": states, "cells that train": learning}
