"""`Experiment`: what is the same for all contenders; each of them planned, trained and judged."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import joblib
from rich.console import Console

from nin.accounting.cost import Cost, count_cost
from nin.data import ImageData
from nin.errors import NinError
from nin.network_source import is_in_file
from nin.study.contender import Contender, JudgedOn
from nin.study.measurement import Workload, measure_once
from nin.study.pareto import mark_fronts
from nin.study.preparation import fingerprint, seen_size
from nin.study.report_text import foresight
from nin.study.report_text import seconds as as_text
from nin.study.results_cache import ResultsCache
from nin.study.row import Measured, Row
from nin.study.sweep import Sweep, best_learning_rate, search
from nin.study.trial import SEARCH_SEED, Outcome, Trial, training_length
from nin.training import Recipe
from nin.training.precision import resolve_precision
from nin.training.runs.dataset import open_images

#: A forward and a backward pass take about three times what the forward pass takes.
TRAINING_EFFORT = 3


class Experiment(NamedTuple):
    """What is the same for all contenders.

    Attributes:
        recipe: how all are trained.
        data: its images.
        rates: learning rates to start the search with; a single one is used without a search.
        seeds: those of the trainings that are judged.
        seconds: training time per network in place of epochs, if any.
        jobs: trials at the same time; None for joblib's own choice.
        out: folder for the results.
        judged_on: the images that decide.
        console: for progress.
    """

    recipe: Recipe
    data: ImageData
    rates: Sequence[float]
    seeds: Sequence[int]
    seconds: float | None
    jobs: int | None
    out: Path
    judged_on: JudgedOn = "test"
    console: Console = Console(stderr=True, soft_wrap=True, highlight=False)


class _Plan(NamedTuple):
    """What is known of a contender before it is trained."""

    cost: Cost
    measured: Measured | None
    trial: Trial  # with any learning rate and seed


def run_experiment(
    study: Experiment, contenders: Sequence[Contender], measured: bool
) -> list[Row]:
    """Train and judge every contender with every seed; a row for each.

    Args:
        study: the rest.
        contenders: what differs.
        measured: whether to measure images/s and peak memory.
    """
    return _rows(study, _plans(study, contenders, measured))


def _plans(study: Experiment, contenders: Sequence[Contender], measured: bool) -> list[_Plan]:
    digest = fingerprint(study.recipe, study.data)
    return [
        _plan(study, contender, digest, _is_measured(study, contender, measured))
        for contender in contenders
    ]


def _is_measured(study: Experiment, contender: Contender, wanted: bool) -> bool:
    if not contender.is_own or is_in_file(contender.net):
        return wanted or study.seconds is not None
    if study.seconds is not None:
        raise NinError(
            f"{contender.name} is known to this process alone, and time is measured in"
            " another: define it in a file, or give epochs"
        )
    return False


def _plan(study: Experiment, contender: Contender, digest: str, measured: bool) -> _Plan:
    changes = contender.changes or {}
    recipe = resolve_precision(study.recipe.revised(**changes))
    if "learning_rate" not in changes:
        recipe = recipe.revised(learning_rate=study.rates[0])
    # How many images there are to train on may be what differs.
    data = open_images(recipe) if "limit" in changes else study.data
    height, width, channels = data.image_shape
    classes = len(data.classes)
    shape = (*seen_size(recipe, data), channels)
    cost = count_cost(contender.make(classes, shape).net, shape, recipe.batch_size)
    speed, budget_images = None, None
    if measured:
        workload = Workload(contender, recipe, (height, width, channels), classes)
        speed = measure_once(study.out / "measured", workload, study.console)
        budget_images = study.seconds and study.seconds * speed.training.images_per_second
    recipe, steps = training_length(recipe, len(data.train.labels), budget_images)
    judged = len(data.split(study.judged_on).labels)
    effort = float(cost.multiply_adds * (TRAINING_EFFORT * steps * recipe.part_size + judged))
    trial = Trial(contender, recipe, steps, digest, effort, study.judged_on)
    return _Plan(cost, speed, trial)


def _rows(study: Experiment, plans: Sequence[_Plan]) -> list[Row]:
    searched = study.rates if len(study.rates) > 1 else ()
    per_network = len(searched) + len(study.seeds)
    # All exercises begin with the same network.
    distinct = list({plan.trial.key(): plan for plan in plans}.values())
    effort = per_network * sum(plan.trial.effort for plan in distinct)
    _warn_of_short_budgets(study, distinct)
    _print_estimate(study, distinct, per_network)
    cache = ResultsCache(study.out / "trainings")
    with Sweep(cache, study.jobs, per_network * len(distinct), effort, study.console) as sweep:
        tried = search(sweep, [plan.trial for plan in plans], searched)
        best = [
            best_learning_rate(rates) if rates else plan.trial.recipe.learning_rate
            for plan, rates in zip(plans, tried, strict=True)
        ]
        outcomes = _outcomes_by_seed(sweep, plans, best, study.seeds)
    results = zip(plans, tried, best, outcomes, strict=True)
    return mark_fronts([_row(*each) for each in results])


def _outcomes_by_seed(
    sweep: Sweep, plans: Sequence[_Plan], best: Sequence[float], seeds: Sequence[int]
) -> list[list[Outcome]]:
    """The outcomes of each network with its best learning rate, one per seed."""
    pairs = zip(plans, best, strict=True)
    trials = [[plan.trial.revised(rate, seed) for seed in seeds] for plan, rate in pairs]
    outcomes = sweep.outcomes([trial for row in trials for trial in row])
    return [[outcomes[trial.key()] for trial in row] for row in trials]


def _print_estimate(study: Experiment, plans: Sequence[_Plan], per_network: int) -> None:
    """Print before the first trial what it can show, and the total time if speeds were measured."""
    if any((study.out / "trainings").iterdir()):
        return
    judging = len(study.data.split(study.judged_on).labels)
    study.console.print(foresight(len(study.seeds), judging, study.judged_on))
    judged, total = len(study.seeds) * judging, 0.0
    for plan in plans:
        if plan.measured is None:
            return
        images = per_network * plan.trial.steps * plan.trial.recipe.part_size
        total += images / plan.measured.training.images_per_second
        total += judged / plan.measured.prediction.images_per_second
    study.console.print(
        f"{per_network * len(plans)} trainings take about {as_text(total)} on this machine;"
        f" {'a smaller budget' if study.seconds else 'fewer epochs or images'} or fewer seeds take"
        " less. Ctrl-C keeps what is finished"
    )


def _warn_of_short_budgets(study: Experiment, plans: Sequence[_Plan]) -> None:
    """Say which networks have not the time to see every training image once."""
    images = len(study.data.train.labels)
    trials = [plan.trial for plan in plans]
    seen = {trial.contender.name: trial.steps * trial.recipe.part_size for trial in trials}
    if short := {name: count for name, count in seen.items() if count < images}:
        shares = ", ".join(f"{name} ({count / images:.0%})" for name, count in short.items())
        study.console.print(
            f"{study.seconds:g} s are too short for an epoch of {images:,} images: {shares};"
            " a larger budget or fewer images are fairer",
            markup=False,
        )


def _row(plan: _Plan, tried: dict[float, float], best: float, outcomes: Sequence[Outcome]) -> Row:
    correct = [outcome.correct for outcome in outcomes if outcome.correct is not None]
    return Row(
        net=plan.trial.contender.name,
        group=plan.trial.contender.group,
        cost=plan.cost,
        rates={repr(rate): accuracy for rate, accuracy in tried.items()},
        learning_rate=best,
        accuracies=[_judged(plan.trial, outcome) for outcome in outcomes],
        correct=correct if len(correct) == len(outcomes) else [],
        curves=[outcome.curve for outcome in outcomes],
        seconds=statistics.fmean(outcome.seconds for outcome in outcomes),
        died=sum(outcome.died for outcome in outcomes),
        measured=plan.measured,
        levels=plan.trial.contender.levels or {},
        training=plan.trial.revised(best, SEARCH_SEED).training(),
    )


def _judged(trial: Trial, outcome: Outcome) -> float:
    """The accuracy on the images that decide; a trial's are checked when it is read."""
    accuracy = outcome.accuracy if trial.judged_on == "test" else outcome.validation
    assert accuracy is not None
    return accuracy


def settings_of(study: Experiment) -> dict[str, Any]:
    """What was the same for all contenders, as JSON values."""
    recipe = study.recipe.model_dump(
        mode="json", exclude={"name", "preset", "width", "dropout", "learning_rate", "seed"}
    )
    if study.seconds is not None:
        recipe["epochs"] = None
    height, width = seen_size(study.recipe, study.data)
    return {
        **recipe,
        "image_size": [height, width],
        "seconds": study.seconds,
        "learning_rates": list(study.rates),
        "seeds": list(study.seeds),
        "jobs": joblib.effective_n_jobs(study.jobs),
    }
