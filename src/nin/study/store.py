"""`Store`: finished trainings, a file each, so that none is ever repeated."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from nin.errors import RunError
from nin.files import write_json
from nin.study.cell import Cell, Outcome
from nin.training.provenance import device, versions

Value = TypeVar("Value", bound=BaseModel)


class Store:
    """Outcomes by the cell they belong to; a comparison that is begun again takes them from here.

    Args:
        folder: one JSON file a training is kept in it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, cell: Cell) -> Path:
        """The file of `cell`: named for people, told apart by the cell's key."""
        name = re.sub(r"[^\w-]+", "-", cell.contender.name).strip("-")
        seed = "search" if cell.is_search else f"seed{cell.recipe.seed}"
        return self.folder / f"{name}-{cell.recipe.learning_rate:g}-{seed}-{cell.key()}.json"

    def get(self, cell: Cell) -> Outcome | None:
        """What came of `cell`, if it was trained before, under whatever name.

        Raises:
            RunError: the file is damaged.
        """
        found = sorted(self.folder.glob(f"*-{cell.key()}.json"))
        return read(found[0], Outcome, "outcome") if found else None

    def put(self, cell: Cell, outcome: Outcome) -> None:
        """Keep `outcome`, wholly or not at all.

        Raises:
            NinError: it cannot be written.
        """
        made = {"versions": versions(), "device": device()}
        content = {"cell": cell.spec(), "outcome": outcome.model_dump(), **made}
        write_json(self.path(cell), content)


def read(path: Path, kind: type[Value], key: str) -> Value:
    """The value of `kind` that stands in the JSON file `path` under `key`.

    Raises:
        RunError: the file is damaged.
    """
    try:
        return kind.model_validate(json.loads(path.read_text(encoding="utf-8"))[key])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise RunError(f"{path} is damaged ({problem}): remove it, and it is made anew") from error
