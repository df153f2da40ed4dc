"""`ResultsCache`: finished trials, one file each, so that none is repeated."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from nin.errors import RunError
from nin.files import write_json
from nin.study.trial import Outcome, Trial
from nin.training.provenance import device, versions

Value = TypeVar("Value", bound=BaseModel)
Provenance = dict[str, dict[str, Any]]


class ResultsCache:
    """Outcomes by trial; a comparison that is started again takes them from here.

    Args:
        folder: holds one JSON file per trial.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, trial: Trial) -> Path:
        """The file of `trial`: a readable name, made unique by the trial's key."""
        name = re.sub(r"[^\w-]+", "-", trial.contender.name).strip("-")[:60]
        seed = "search" if trial.is_search else f"seed{trial.recipe.seed}"
        return self.folder / f"{name}-{trial.recipe.learning_rate:g}-{seed}-{trial.key()}.json"

    def get(self, trial: Trial) -> Outcome | None:
        """The outcome of `trial` if these versions have run it before, under whatever name.

        Raises:
            RunError: the file is damaged.
        """
        for path in sorted(self.folder.glob(f"*-{trial.key()}.json")):
            kept = read(path, _Kept)
            if kept.versions == versions():
                return kept.outcome
        return None

    def put(self, trial: Trial, outcome: Outcome, made: Provenance) -> None:
        """Keep `outcome`, wholly or not at all.

        Raises:
            NinError: it cannot be written.
        """
        content = {"cell": trial.spec(), "outcome": outcome.model_dump(), **made}
        write_json(self.path(trial), content)


class _Kept(BaseModel):
    cell: dict[str, Any]
    outcome: Outcome
    versions: dict[str, str]
    device: dict[str, Any]


def provenance() -> Provenance:
    """The versions and the machine of this process."""
    return {"versions": versions(), "device": device()}


def read(path: Path, kind: type[Value]) -> Value:
    """The value of `kind` in the JSON file `path`.

    Raises:
        RunError: the file is damaged.
    """
    try:
        return kind.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError) as error:
        problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise RunError(f"{path} is damaged ({problem}): delete it to get a fresh one") from error
