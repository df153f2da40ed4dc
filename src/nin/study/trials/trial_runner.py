"""`TrialRunner`: trials run in parallel, finished ones skipped."""

from __future__ import annotations

import contextlib
import os
import time
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import joblib
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from nin import backends
from nin.errors import Advice, Argument, NinError
from nin.orphans import exit_with_parent
from nin.progress import time_left
from nin.study.trials.pretrained_trial import train_pretrained
from nin.study.trials.results_cache import Provenance, ResultsCache, provenance
from nin.study.trials.trial import Outcome, Trial, train_trial


class TrialRunner:
    """Runs trials, keeps each outcome as soon as it is known, and shows the progress.

    The workers are joblib's; under ``joblib.parallel_config("dask")`` they are those of a cluster.
    Only this process writes outcomes.

    Args:
        cache: where outcomes are kept.
        jobs: number of trials at the same time; None for joblib's own choice.
        trials: number of trials in total.
        effort: of all trials together.
        console: for progress.
    """

    def __init__(
        self,
        cache: ResultsCache,
        jobs: int | None,
        trials: int,
        effort: float,
        console: Console,
    ) -> None:
        self.cache, self.jobs, self.trials = cache, jobs, trials
        self.console = console
        self.done = 0
        self._began = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=console,
            transient=True,
            disable=not console.is_interactive,
        )
        self._task = self._bar.add_task(f"0/{trials}", total=effort)

    def __enter__(self) -> Self:
        self._bar.start()
        self._began = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def outcomes(self, trials: Iterable[Trial]) -> dict[str, Outcome]:
        """The outcome of each of `trials`, by its key; only those not in the cache are run.

        Raises:
            RunError: a cached outcome is damaged.
            KeyboardInterrupt: Ctrl-C; finished trials are kept, as the message states.
        """
        wanted = {trial.key(): trial for trial in trials}
        done: dict[str, Outcome] = {}
        for key, trial in wanted.items():
            kept = self.cache.get(trial)
            if kept is not None:
                done[key] = kept
                self._skip(trial)
        self._run([trial for key, trial in wanted.items() if key not in done], done)
        return done

    def expect(self, trials: Iterable[Trial]) -> None:
        """Add these trials to the total that progress is measured by."""
        more = {trial.key(): trial for trial in trials}.values()
        self.trials += len(more)
        total = self._bar.tasks[0].total or 0.0
        self._bar.update(self._task, total=total + sum(trial.effort for trial in more))

    def _run(self, trials: list[Trial], done: dict[str, Outcome]) -> None:
        try:
            for trial, outcome, made in self._finished(trials):
                self.cache.put(trial, outcome, made)
                done[trial.key()] = outcome
                self._report(trial, outcome)
        except KeyboardInterrupt as stop:
            raise KeyboardInterrupt(
                f"stopped: {self._kept()}; run the same command again to continue"
            ) from stop
        except BrokenExecutor as error:
            fewer = Advice("fewer at a time: {}", Argument("jobs", 1))
            raise NinError(
                f"a worker was killed, probably for lack of memory; {self._kept()}",
                *([fewer] if self.jobs not in (None, 1) else []),
                Advice("give a smaller {}", Argument("batch_size")),
            ) from error

    def _finished(self, trials: list[Trial]) -> Iterator[tuple[Trial, Outcome, Provenance]]:
        """Outcomes as they arrive, each with the versions and the machine that produced it."""
        parallel = joblib.Parallel(
            n_jobs=self.jobs,
            return_as="generator_unordered",
            batch_size=1,
            # For workers on this machine; those of a cluster look after themselves.
            initializer=exit_with_parent,
            initargs=(os.getpid(),),
        )
        workers = max(1, joblib.effective_n_jobs(self.jobs))
        with backends.cores_shared(workers), warnings.catch_warnings():
            # loky replaces a worker whose memory has grown, between two trials.
            warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
            here = Path.cwd()
            yield from parallel(joblib.delayed(_outcome)(trial, here) for trial in trials)

    def _kept(self) -> str:
        return f"{self.done} of {self.trials} trainings are kept"

    def _skip(self, trial: Trial) -> None:
        self.done += 1
        total = self._bar.tasks[0].total or 0.0
        self._bar.update(self._task, total=total - trial.effort, description=self._count())

    def _report(self, trial: Trial, outcome: Outcome) -> None:
        self.done += 1
        self._bar.update(self._task, advance=trial.effort, description=self._count())
        accuracy = "" if outcome.accuracy is None else f", test {outcome.accuracy:.4f}"
        self.console.print(
            f"{self._count()}  {trial.label}: validation {outcome.validation:.4f}{accuracy}"
            f"  {outcome.seconds:.0f} s{'  DIED' if outcome.died else ''}{self._left()}",
            markup=False,
        )

    def _left(self) -> str:
        """The time left, if no bar shows it."""
        task = self._bar.tasks[0]
        left = (task.total or 0.0) - task.completed
        if self.console.is_interactive or left <= 0 or not task.completed:
            return ""
        return f"  {time_left((time.monotonic() - self._began) * left / task.completed)}"

    def _count(self) -> str:
        return f"{self.done}/{self.trials}"


def _outcome(trial: Trial, folder: Path) -> tuple[Trial, Outcome, Provenance]:
    """Train in the folder that relative paths start from; a remote worker started in another."""
    if not folder.is_dir():
        raise NinError(
            f"a worker cannot find {folder}: start the comparison in a folder that all machines"
            " have under the same name"
        )
    with backends.global_state_restored(), contextlib.chdir(folder):
        train = train_pretrained if trial.is_pretrained else train_trial
        return trial, train(trial), provenance()
