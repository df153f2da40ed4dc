"""The grid of trainings: what is missing is trained, by as many workers as there are."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor
from types import TracebackType
from typing import Self

import joblib
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nin import backends
from nin.errors import NinError
from nin.study.cell import Cell, Outcome, train_cell
from nin.study.store import Provenance, Store, provenance


class Grid:
    """Trains cells, keeps each outcome as soon as it is there, and shows how far all of it is.

    The workers are joblib's. Under ``joblib.parallel_config("dask")`` they are those of a cluster;
    outcomes come back to this process, which alone writes.

    Args:
        store: where outcomes are kept.
        jobs: trainings at a time; None for joblib's own choice.
        cells: how many trainings there will be in all.
        effort: of all of them together.
        console: where to tell.
    """

    def __init__(
        self,
        store: Store,
        jobs: int | None,
        cells: int,
        effort: float,
        console: Console,
    ) -> None:
        self.store, self.jobs, self.cells = store, jobs, cells
        self.console = console
        self.done = 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(f"0/{cells}", total=effort)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def outcomes(self, cells: Iterable[Cell]) -> dict[str, Outcome]:
        """What came of each of `cells`, by its key; only those not kept yet are trained.

        Raises:
            RunError: a kept outcome is damaged.
            KeyboardInterrupt: Ctrl-C; what was finished is kept, and the message says so.
        """
        wanted = {cell.key(): cell for cell in cells}
        done: dict[str, Outcome] = {}
        for key, cell in wanted.items():
            kept = self.store.get(cell)
            if kept is not None:
                done[key] = kept
                self._skip(cell)
        self._train([cell for key, cell in wanted.items() if key not in done], done)
        return done

    def expect(self, cells: Iterable[Cell]) -> None:
        """There will be these trainings, too."""
        more = {cell.key(): cell for cell in cells}.values()
        self.cells += len(more)
        total = self._bar.tasks[0].total or 0.0
        self._bar.update(self._task, total=total + sum(cell.effort for cell in more))

    def _train(self, cells: list[Cell], done: dict[str, Outcome]) -> None:
        try:
            for cell, outcome, made in self._trained(cells):
                self.store.put(cell, outcome, made)
                done[cell.key()] = outcome
                self._tell(cell, outcome)
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(
                f"stopped: {self._kept()}; the same command goes on from there"
            ) from stop
        except BrokenExecutor as error:
            raise NinError(
                "a worker was killed, probably for want of memory: fewer --jobs or a smaller"
                f" --batch-size may do; {self._kept()}"
            ) from error

    def _trained(self, cells: list[Cell]) -> Iterator[tuple[Cell, Outcome, Provenance]]:
        """Outcomes as they come, each with the versions and the machine that made it."""
        parallel = joblib.Parallel(n_jobs=self.jobs, return_as="generator_unordered", batch_size=1)
        workers = max(1, joblib.effective_n_jobs(self.jobs))
        with backends.cores_shared(workers), warnings.catch_warnings():
            # loky replaces a worker that has grown, between two trainings.
            warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
            yield from parallel(joblib.delayed(_train)(cell) for cell in cells)

    def _kept(self) -> str:
        return f"{self.done} of {self.cells} trainings are kept"

    def _skip(self, cell: Cell) -> None:
        self.done += 1
        total = self._bar.tasks[0].total or 0.0
        self._bar.update(self._task, total=total - cell.effort, description=self._count())

    def _tell(self, cell: Cell, outcome: Outcome) -> None:
        self.done += 1
        self._bar.update(self._task, advance=cell.effort, description=self._count())
        how = "search" if cell.is_search else f"seed {cell.recipe.seed}"
        accuracy = "" if outcome.accuracy is None else f", {outcome.accuracy:.4f} in the end"
        self.console.print(
            f"{self._count()}  {cell.contender.name}  {how}"
            f"  lr {cell.recipe.learning_rate:g}:"
            f" {outcome.validation:.4f} held out{accuracy}  {outcome.seconds:.0f} s"
            + ("  DIED" if outcome.died else ""),
            markup=False,
        )

    def _count(self) -> str:
        return f"{self.done}/{self.cells}"


def _train(cell: Cell) -> tuple[Cell, Outcome, Provenance]:
    return cell, train_cell(cell), provenance()
