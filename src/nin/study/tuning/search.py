"""The search: Optuna suggests values; each training reports its accuracy on held-out images."""

from __future__ import annotations

import itertools
import math
import random
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from rich.console import Console

from nin.errors import Advice, Argument, NinError
from nin.study.results.tuning_record import TriedValues
from nin.study.tuning.journal import open_journal, optuna
from nin.study.tuning.spaces import Choice, Range, Space

#: How many first trainings, and which first share of every later one, are never stopped early.
STARTUP, WARM_UP = 4, 1 / 3
#: Samplers by name.
SAMPLERS = ("tpe", "random", "grid")
#: Up to this many combinations of values are always tried as a grid, each of them once.
FEW = 100

#: Called with the epoch (from 1 on) and the accuracy after it; True to stop the training.
Report = Callable[[int, float], bool]


class Trained(NamedTuple):
    """The result of one training of a search.

    Attributes:
        accuracy: final accuracy on held-out training images.
        curve: the same after each epoch.
        done: the share of its steps that were done: below 1 if the time ran out.
    """

    accuracy: float
    curve: list[float]
    done: float


#: Trains with given values; called with these, with the function to report to after each epoch, and
#: with the seconds after which to stop.
Train = Callable[[dict[str, Any], Report, float], Trained]


class Search:
    """A search that continues where an earlier one in the same folder ended.

    Args:
        folder: holds ``optuna.journal``; locked by this process.
        name: name of the search, which is different for other data or another recipe.
        space: what to search.
        defaults: the recipe's own values, which are tried first.
        sampler: one of `SAMPLERS`; a few combinations are always tried as a grid, because the other
            samplers would try some of them twice.
        epochs: about how many a training has.
        console: for progress.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        space: Space,
        defaults: dict[str, Any],
        sampler: str,
        epochs: int,
        console: Console,
    ) -> None:
        self.space, self.defaults = space, defaults
        self.sampler = "grid" if _combinations(space) <= FEW else sampler
        self._grid = _grid(space) if self.sampler == "grid" else []
        self.console = console
        made = optuna()
        self._optuna = made
        self._distributions = {key: _distribution(made, each) for key, each in space.items()}
        pruners: Any = made.pruners
        self._study: Any = made.create_study(
            study_name=name,
            storage=open_journal(folder / "optuna.journal"),
            direction="maximize",
            load_if_exists=True,
            pruner=pruners.MedianPruner(STARTUP, max(1, round(epochs * WARM_UP))),
            sampler=made.samplers.RandomSampler(0),
        )
        self._end_interrupted()

    def run(self, minutes: float, train: Train) -> None:
        """Try values until the time is used up; the time of earlier calls counts.

        Args:
            minutes: time for all trainings together.
            train: see `Train`.

        Raises:
            NinError: the time is too short for one training with values other than the recipe's.
            KeyboardInterrupt: Ctrl-C; what is finished is kept.
        """
        while not self._is_exhausted():
            left = 60 * minutes - sum(each.seconds for each in self.tried())
            lengths = [each.seconds for each in self.tried() if each.state == "complete"]
            if left <= 0 or (lengths and median(lengths) > left):
                break
            # Only the first training has a time limit: it shows how long one takes.
            self._try(math.inf if lengths else left, train)
        self._check(minutes)

    def tried(self) -> list[TriedValues]:
        """Every training so far."""
        return [
            TriedValues(
                number=trial.number,
                values=trial.params,
                state=trial.state.name.lower(),
                accuracy=trial.value if trial.state.name == "COMPLETE" else None,
                curve=[accuracy for _, accuracy in sorted(trial.intermediate_values.items())],
                seconds=trial.user_attrs.get("seconds", 0.0),
            )
            for trial in self._study.get_trials(deepcopy=False)
            if trial.state.is_finished()
        ]

    def best(self) -> dict[str, Any]:
        """The values of the best training; the earliest if several are equally good."""
        complete = [each for each in self.tried() if each.accuracy is not None]
        return max(complete, key=lambda each: (each.accuracy or 0.0, -each.number)).values

    def importances(self) -> dict[str, float]:
        """The share of the variation that each field explains; empty if there are too few data."""
        complete = [each for each in self.tried() if each.accuracy is not None]
        if len(complete) < 2 * STARTUP or len({each.accuracy for each in complete}) < 2:
            return {}
        evaluator = self._optuna.importance.FanovaImportanceEvaluator(seed=0)
        try:
            found = self._optuna.importance.get_param_importances(self._study, evaluator=evaluator)
        except (RuntimeError, ValueError):  # All have the same values.
            return {}
        return {name: round(float(share), 4) for name, share in found.items()}

    def _try(self, left: float, train: Train) -> None:
        trial, states = self._ask(), self._optuna.trial.TrialState
        began, stopped = time.monotonic(), False

        def report(epoch: int, accuracy: float) -> bool:
            nonlocal stopped
            spent()
            trial.report(accuracy, epoch)
            stopped = bool(trial.should_prune())
            return stopped

        def spent() -> None:
            trial.set_user_attr("seconds", round(time.monotonic() - began, 3))

        def tell(state: Any, accuracy: float | None = None) -> None:
            spent()
            self._study.tell(trial, accuracy, state=state)

        try:
            trained = train(trial.params, report, left)
        except KeyboardInterrupt as stop:
            tell(states.FAIL)
            raise KeyboardInterrupt(
                f"stopped: {self._kept()}; run the same command again to continue"
            ) from stop
        except NinError as error:
            tell(states.FAIL)
            message = f"{error.args[0]}; {self._kept()}"
            raise NinError(message, *error.advice, about=error.about) from error
        if stopped:
            tell(states.PRUNED)
        elif trained.done < 1:
            tell(states.FAIL)
            self._refuse_short(left, trained.done)
        else:
            tell(states.COMPLETE, trained.accuracy)
        self._say(trial, trained, stopped)

    def _ask(self) -> Any:
        """The next values, the recipe's own first; interruptions do not change their order."""
        trials, samplers = self._study.get_trials(deepcopy=False), self._optuna.samplers
        if not any(self._is_own(trial) for trial in trials):
            self._study.enqueue_trial(self.defaults)
        elif self.sampler == "grid" and not any(t.state.name == "WAITING" for t in trials):
            # Optuna's own grid sampler would try the recipe's values again, and ends with an error
            # outside Optuna's own loop.
            self._study.enqueue_trial(self._untried()[0])
        if self.sampler == "random":
            self._study.sampler = samplers.RandomSampler(seed=len(trials))
        elif self.sampler == "tpe":
            self._study.sampler = samplers.TPESampler(n_startup_trials=STARTUP, seed=len(trials))
        return self._study.ask(fixed_distributions=self._distributions)

    def _is_own(self, trial: Any) -> bool:
        """Whether a trial has the recipe's own values, and is complete or waiting."""
        values = trial.system_attrs.get("fixed_params", trial.params)
        return trial.state.name in ("COMPLETE", "WAITING") and values == self.defaults

    def _is_exhausted(self) -> bool:
        """Whether all of a grid has been tried."""
        return self.sampler == "grid" and not self._untried()

    def _untried(self) -> list[dict[str, Any]]:
        """The combinations of a grid that have not been tried; a failed training does not count."""
        done = [each.values for each in self.tried() if each.state != "fail"]
        return [values for values in self._grid if values not in done]

    def _end_interrupted(self) -> None:
        """Mark trainings whose process was killed as failed; their values are tried again."""
        running = self._optuna.trial.TrialState.RUNNING
        for trial in self._study.get_trials(deepcopy=False, states=(running,)):
            self._study.tell(trial.number, state=self._optuna.trial.TrialState.FAIL)
            if trial.params.keys() == self._distributions.keys():
                self._study.enqueue_trial(trial.params)

    def _refuse_short(self, left: float, done: float) -> None:
        raise NinError(
            f"{left / 60:.2g} minutes are too short for one training: only {done:.0%} of it was"
            " done",
            Advice("give more {}", Argument("minutes", math.ceil(2 * left / 60 / max(done, 0.01)))),
        )

    def _check(self, minutes: float) -> None:
        tried = self.tried()
        complete = [each for each in tried if each.state == "complete"]
        if complete and any(each.values != self.defaults for each in complete):
            return
        took = max((each.seconds for each in tried), default=60 * minutes)
        raise NinError(
            f"{minutes:g} minutes are too short for more than the recipe's own values",
            Advice("give more {}", Argument("minutes", math.ceil(4 * took / 60) or 1)),
        )

    def _kept(self) -> str:
        finished = sum(each.state != "fail" for each in self.tried())
        return f"{finished} trainings are kept"

    def _say(self, trial: Any, trained: Trained, stopped: bool) -> None:
        values = ", ".join(f"{key} {_short(value)}" for key, value in trial.params.items())
        end = f"stopped after {len(trained.curve)} epochs at" if stopped else "validation"
        line = f"{trial.number + 1}  {values}: {end} {trained.accuracy:.4f}"
        self.console.print(line, markup=False)


def _distribution(made: Any, given: Range | Choice) -> Any:
    kinds = made.distributions
    if isinstance(given, Choice):
        return kinds.CategoricalDistribution(given.values)
    whole = isinstance(given.low, int) and isinstance(given.high, int)
    kind = kinds.IntDistribution if whole else kinds.FloatDistribution
    return kind(given.low, given.high, log=given.log)


def _combinations(space: Space) -> float:
    """The number of combinations of values; infinite if there is a range."""
    sizes = (len(each.values) if isinstance(each, Choice) else math.inf for each in space.values())
    return math.prod(sizes)


def _grid(space: Space) -> list[dict[str, Any]]:
    """All combinations of values, in a shuffled order that is always the same."""
    choices = [each.values for each in space.values() if isinstance(each, Choice)]
    found = [dict(zip(space, values, strict=True)) for values in itertools.product(*choices)]
    random.Random(0).shuffle(found)
    return found


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
