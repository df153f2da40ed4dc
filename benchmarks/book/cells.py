"""Runs the cells of the book's notebooks in examples/book, one notebook after the other.

Each notebook has names of its own, and what its cells attach to the package's classes is taken off
again. Sizes may be cut, and Fashion-MNIST replaced by a few bars.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import sys
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import keras
import numpy as np

import nin
from nin.data import FashionMNIST, ImageData, Split

NOTEBOOKS = sorted((Path(__file__).parents[2] / "examples/book").glob("*.ipynb"))
#: What takes the place of the book's sizes where a run has to be short: pattern → replacement.
SMALL = {
    r"max_epochs=\d+": "max_epochs=1",
    r"\b224\b": "67",
    r"\b96, 96\b": "32, 32",
    r"range\(0, 10, 0\.1\)": "range(0, 10, 1.0)",
}


class Cell(NamedTuple):
    """A code cell: its notebook, its name there, and its source."""

    notebook: str
    name: str
    source: str


class Outcome(NamedTuple):
    """What became of a cell: the error in one line, if any, its seconds, and its training."""

    cell: Cell
    error: str | None
    seconds: float
    history: dict[str, list[float]] | None


class Bars(ImageData):
    """Stands in for Fashion-MNIST: a bar per picture, as high as its class says."""

    def __init__(self, batch_size: int = 64, resize: tuple[int, int] = (28, 28)) -> None:
        classes = FashionMNIST.published.classes
        super().__init__("bars", classes, (28, 28, 1), batch_size, resize)

    def load(self, part: Any) -> Any:
        """Twenty pictures, two per class."""
        labels = np.arange(20, dtype=np.int32) % 10
        images = np.zeros((20, 28, 28, 1), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[: 2 * label + 6] = 200
        return {part: Split(images, labels)}


def cells(path: Path, sizes: dict[str, str] | None = None) -> list[Cell]:
    """The code cells of a notebook.

    Args:
        path: the notebook.
        sizes: pattern → replacement, for every cell. None: as they stand.
    """
    found = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            source = "".join(cell["source"])
            for pattern, replacement in (sizes or {}).items():
                source = re.sub(pattern, replacement, source)
            found.append(Cell(path.stem, cell["id"], source))
    return found


def outcomes(some: list[Cell], data: Callable[..., Any] | None = None) -> Iterator[Outcome]:
    """Run the cells of one notebook, whatever becomes of each.

    Args:
        some: the cells, in order.
        data: takes the place of `nin.FashionMNIST`. None: nothing does.
    """
    module = types.ModuleType(some[0].notebook)
    sys.modules[module.__name__] = module
    if importlib.util.find_spec("tensorflow") is None:
        sys.modules["tensorflow"] = cast(Any, types.SimpleNamespace(keras=keras))
    with _as_they_were(data):
        for cell in some:
            trained: list[Any] = []
            began, error = time.perf_counter(), None
            try:
                with _noting_trainings(trained):
                    _run(cell.source, vars(module))
            except Exception as raised:  # noqa: BLE001 - told, and the next cell runs
                error = f"{type(raised).__name__}: {_one_line(str(raised))}"
            history = dict(trained[-1].history) if trained else None
            yield Outcome(cell, error, time.perf_counter() - began, history)
    del sys.modules[module.__name__]


@contextmanager
def _noting_trainings(trained: list[Any]) -> Iterator[None]:
    """Within this each Trainer that has trained is added to `trained`."""
    fit = nin.Trainer.fit

    def noted(trainer: Any, *args: Any, **settings: Any) -> None:
        fit(trainer, *args, **settings)
        trained.append(trainer)

    nin.Trainer.fit = noted
    try:
        yield
    finally:
        nin.Trainer.fit = fit


def _run(source: str, names: dict[str, Any]) -> None:
    """Run a cell as Jupyter does; the value of its last line is shown by its `repr`."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    if last is not None:
        repr(eval(compile(ast.Expression(last.value), "<cell>", "eval"), names))


@contextmanager
def _as_they_were(data: Callable[..., Any] | None) -> Iterator[None]:
    """Within this `nin.FashionMNIST` is `data`; afterwards it and the classes are as before."""
    kinds = [nin.Module, nin.Classifier, nin.DataModule, nin.Trainer]
    before = [dict(vars(kind)) for kind in kinds]
    real = nin.FashionMNIST
    if data is not None:
        nin.FashionMNIST = data
    try:
        yield
    finally:
        nin.FashionMNIST = real
        for kind, names in zip(kinds, before, strict=True):
            for name in [name for name in vars(kind) if name not in names]:
                delattr(kind, name)
            for name, value in names.items():
                if vars(kind)[name] is not value and not name.startswith("__"):
                    setattr(kind, name, value)


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;]*m", "", text)).strip()
