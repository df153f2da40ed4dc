"""`ResultsCache`: finished trials, one file each, so that none is repeated."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from nin.errors import Advice, Argument, RunError
from nin.files import write_json
from nin.study.trials.contender import Contender
from nin.study.trials.trial import Outcome, Trial, digest
from nin.training.runs.provenance import device, versions

Value = TypeVar("Value", bound=BaseModel)
Provenance = dict[str, dict[str, Any]]


class ResultsCache:
    """Outcomes by trial; a comparison that is started again reads them from here.

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
        """The outcome of `trial` if the same versions have run it before, under any name.

        Raises:
            RunError: the file is damaged, was changed, or belongs to another trial.
        """
        for path in sorted(self.folder.glob(f"*-{trial.key()}.json")):
            kept = read(path, _Kept)
            if problem := kept.fault(trial):
                raise damaged(path, problem)
            if kept.versions == versions():
                return kept.outcome
        return None

    def check_sources(self, contenders: Iterable[Contender]) -> None:
        """Refuse to continue a comparison whose networks' code has changed since.

        Raises:
            RunError: trainings of an earlier state of a network's file are kept here.
        """
        wanted = {each.net: each.source()["sha256"] for each in contenders if each.is_own}
        if not wanted:
            return
        for path in sorted(self.folder.glob("*.json")):
            cell = read(path, _Kept).cell
            now = wanted.get(cell.get("net", ""))
            if now is not None and cell.get("source", {}).get("sha256") != now:
                raise RunError(
                    f"{self.folder.parent} holds trainings of {cell['net']} as it was before it"
                    " changed",
                    "restore it",
                    Advice("name another folder as {}", Argument("out")),
                )

    def put(self, trial: Trial, outcome: Outcome, made: Provenance) -> None:
        """Write `outcome`, completely or not at all.

        Raises:
            NinError: it cannot be written.
        """
        content = {"cell": trial.spec(), "outcome": outcome.model_dump(), **made}
        write_json(self.path(trial), {**content, "sha256": digest(content)})


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cell: dict[str, Any]
    outcome: Outcome
    versions: dict[str, str]
    device: dict[str, Any]
    #: Digest of everything else; None in results of earlier revisions.
    sha256: str | None = None

    def fault(self, trial: Trial) -> str | None:
        """Why this cannot be the outcome of `trial`; None if it can."""
        # Fields that an earlier version did not write are not in its digest.
        content = self.model_dump(exclude={"sha256"}, exclude_unset=True)
        if self.sha256 not in (None, digest(content)):
            return "it was changed after it was written"
        if digest(self.cell) != digest(trial.spec()):
            return "it is of another training"
        return trial.fault(self.outcome)


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
        raise damaged(path, problem) from error


def damaged(path: Path, problem: str) -> RunError:
    """The error for a file whose content cannot be used."""
    return RunError(f"{path} is damaged ({problem}): delete it to get a fresh one")
