"""What becomes of each cell of the book's notebooks, at a small size, on a few pictures of bars.

Run: KERAS_BACKEND=tensorflow python benchmarks/book_record.py
     KERAS_BACKEND=jax python benchmarks/book_record.py
     KERAS_BACKEND=torch python benchmarks/book_record.py
"""

from __future__ import annotations

import keras
import matplotlib as mpl
from book.cells import NOTEBOOKS, SMALL, Bars, cells, outcomes
from record import Record

CLAIM = "Each cell of the book's chapters runs as it stands, or says in one line why it cannot."


def main() -> None:
    """Run each notebook that is not recorded yet on this backend."""
    mpl.use("Agg")
    record, backend = Record("cells", CLAIM), keras.backend.backend()
    for path in NOTEBOOKS:
        if not record.has(notebook=path.stem, backend=backend):
            keras.utils.set_random_seed(0)
            made = outcomes(cells(path, SMALL), Bars)
            found = {each.cell.name: each.error for each in made}
            record.add(notebook=path.stem, backend=backend, cells=found)


if __name__ == "__main__":
    main()
