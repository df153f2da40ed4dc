"""`compare`: networks under the same Trainer, images, budget and search of learning rates."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import joblib
from rich.console import Console

from nin.accounting.cost import Cost, count_cost
from nin.data import ImageData
from nin.errors import NinError
from nin.models.network_source import is_in_file
from nin.study.contender import Contender, JudgedOn, Net, as_contenders
from nin.study.difference import differences_between
from nin.study.measurement import Workload, measure_once
from nin.study.pareto import mark_fronts
from nin.study.preparation import (
    RATES,
    RECIPE,
    SEEDS,
    check_arguments,
    check_reachable,
    check_writable,
    fingerprint,
    prepare,
    seen_size,
)
from nin.study.report import write_results
from nin.study.report_text import foresight
from nin.study.report_text import seconds as as_text
from nin.study.result import Comparison
from nin.study.results_cache import ResultsCache
from nin.study.row import Measured, Row
from nin.study.sweep import Sweep, best_learning_rate, search
from nin.study.trial import Outcome, Trial, training_length
from nin.training import Recipe
from nin.training.leak_warning import warn_of_duplicates
from nin.training.runs.dataset import show_found
from nin.training.runs.provenance import command, device, versions

#: A forward and a backward pass take about three times what the forward pass takes.
_TRAINING_EFFORT = 3


def compare(
    nets: Sequence[Net] | Mapping[str, Net],
    recipe: Recipe = RECIPE,
    *,
    out: str | Path,
    title: str = "Networks compared",
    rates: Sequence[float] = RATES,
    seeds: int = SEEDS,
    seconds: float | None = None,
    jobs: int | None = None,
    measured: bool = True,
    judged_on: JudgedOn = "test",
) -> Comparison:
    """Train every network in the same way, and compare accuracy with cost.

    Each network is trained once with every learning rate, with a seed reserved for that, and with
    further rates while the best is the lowest or the highest. With the rate that is best on
    validation images it is trained once per seed and judged on the test images, which played no
    part in any choice.

    Every finished trial is kept in ``out/trainings``: the same call continues where it was stopped,
    and more seeds, rates or networks only add what is missing. In the end `out` holds
    ``compare.csv``, ``compare.json``, ``compare.md`` and ``report.html``.

    Args:
        nets: networks, or networks by the names they are to have. Each is a name (see
            `nin.models.find_net`), stages, or a network of your own: a `Classifier` class, a
            function of ``num_classes`` and ``input_shape`` that returns a Keras model, a Keras
            model, which is cloned for each training, or ``"nets.py:name"``; or a `Contender`.
            Within a group, the first NiN is compared with each other network, or the first network
            if there is no NiN.
        recipe: how all are trained. An `image_size` of None becomes the stored size if all
            networks can take it, otherwise the smallest that all can take.
        out: folder for the results.
        title: heading of the report.
        rates: learning rates to start the search with; a single one is used without a search.
        seeds: number of seeds; they are 0, 1, ….
        seconds: training time per network in place of epochs, as measured on this machine.
        jobs: trials at the same time; None for one, or for those of joblib's context (a Dask
            cluster).
        measured: whether to measure images/s and peak memory.
        judged_on: ``"validation"`` compares by held-out training images, and looks at no test
            image: for whatever is to be chosen by the result.

    Raises:
        NinError: an argument makes no sense, or a result cannot be written; finished trials are
            kept.
        KeyboardInterrupt: Ctrl-C; finished trials are kept.

    Example:
        >>> recipe = nin.RECIPES["digits"].revised(epochs=1, limit=64)
        >>> quick = {"rates": [0.001], "seeds": 1, "measured": False}
        >>> found = nin.compare(["mnist", "lenet"], recipe, out="digits", **quick)
        >>> [row.net for row in found.rows]
        ['mnist', 'lenet']
    """
    contenders = as_contenders(nets)
    check_arguments(rates, seeds, seconds)
    check_reachable(contenders, joblib.effective_n_jobs(jobs))
    recipe, data = prepare(contenders, recipe, judged_on)
    show_found(data)
    warn_of_duplicates(data)
    out = Path(out)
    check_writable(out / "trainings")
    ResultsCache(out / "trainings").check_sources(contenders)
    study = _Study(recipe, data, sorted(rates), range(seeds), seconds, jobs, out, judged_on)
    plans = _plans(study, contenders, measured)
    rows, images = _rows(study, plans), len(data.split(judged_on).labels)
    comparison = Comparison(
        title=title,
        settings=_settings(study),
        data=data.describe(),
        judged_on=judged_on,
        images=images,
        rows=rows,
        differences=differences_between(_pairs(rows, contenders), images),
        versions=versions(),
        device=device(),
        command=command(),
    )
    write_results(comparison, out)
    return comparison


class _Study(NamedTuple):
    """What is the same for all contenders."""

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


def _plans(study: _Study, contenders: Sequence[Contender], measured: bool) -> list[_Plan]:
    digest = fingerprint(study.recipe, study.data)
    return [
        _plan(study, contender, digest, _is_measured(study, contender, measured))
        for contender in contenders
    ]


def _is_measured(study: _Study, contender: Contender, wanted: bool) -> bool:
    if not contender.is_own or is_in_file(contender.net):
        return wanted or study.seconds is not None
    if study.seconds is not None:
        raise NinError(
            f"{contender.name} is known to this process alone, and time is measured in"
            " another: define it in a file, or give epochs"
        )
    return False


def _plan(study: _Study, contender: Contender, digest: str, measured: bool) -> _Plan:
    data, recipe = study.data, study.recipe.revised(**contender.changes or {})
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
    effort = float(cost.multiply_adds * (_TRAINING_EFFORT * steps * recipe.part_size + judged))
    trial = Trial(contender, recipe, steps, digest, effort, study.judged_on)
    return _Plan(cost, speed, trial)


def _rows(study: _Study, plans: Sequence[_Plan]) -> list[Row]:
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
        best = [best_learning_rate(rates) if rates else study.rates[0] for rates in tried]
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


def _print_estimate(study: _Study, plans: Sequence[_Plan], per_network: int) -> None:
    """Print before the first trial what it can show, and the total time if speeds were measured."""
    if any((study.out / "trainings").iterdir()):
        return
    judging = len(study.data.split(study.judged_on).labels)
    study.console.print(foresight(len(study.seeds), judging, study.judged_on))
    judged, total = len(study.seeds) * judging, 0.0
    for plan in plans:
        if plan.measured is None:
            return
        images = per_network * plan.trial.steps * study.recipe.part_size
        total += images / plan.measured.training.images_per_second
        total += judged / plan.measured.prediction.images_per_second
    study.console.print(
        f"{per_network * len(plans)} trainings take about {as_text(total)} on this machine;"
        f" {'a smaller budget' if study.seconds else 'fewer epochs or images'} or fewer seeds take"
        " less. Ctrl-C keeps what is finished"
    )


def _warn_of_short_budgets(study: _Study, plans: Sequence[_Plan]) -> None:
    """Say which networks have not the time to see every training image once."""
    images = len(study.data.train.labels)
    seen = {plan.trial.contender.name: plan.trial.steps * study.recipe.part_size for plan in plans}
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
    )


def _judged(trial: Trial, outcome: Outcome) -> float:
    """The accuracy on the images that decide; a trial's are checked when it is read."""
    accuracy = outcome.accuracy if trial.judged_on == "test" else outcome.validation
    assert accuracy is not None
    return accuracy


def _pairs(rows: Sequence[Row], contenders: Sequence[Contender]) -> list[tuple[Row, Row]]:
    """The rows to compare: in each group, the first NiN (or the first network) and each other."""
    found = []
    for group in dict.fromkeys(row.group for row in rows):
        nets = {
            row.net: (row, contender.net)
            for row, contender in zip(rows, contenders, strict=True)
            if row.group == group
        }
        members = [row for row, _ in nets.values()]
        one = next((row for row, net in nets.values() if net == "NiN"), members[0])
        found += [(one, row) for row in members if row is not one]
    return found


def _settings(study: _Study) -> dict[str, Any]:
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
