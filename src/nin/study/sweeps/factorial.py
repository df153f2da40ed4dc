"""`sweep`: every combination of some factors, trained in the same way over several seeds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

import joblib

from nin.data import ImageData
from nin.errors import Advice, Argument, NinError
from nin.files import check_folder_writable, expand
from nin.networks.lookup import find_network
from nin.progress import stderr_console
from nin.study.contender_rows import contender_rows
from nin.study.plan import Conditions, ContenderPlan, make_plans, settings
from nin.study.preparation import (
    SEEDS,
    check_arguments,
    check_from_scratch,
    check_images_reachable,
    check_not_timed,
    check_reachable,
    described,
    make_folder,
    open_evaluated,
    prepare,
    seen_shape,
)
from nin.study.report.report_page import write_results
from nin.study.results.report_text import seconds as as_text
from nin.study.results.result import Comparison
from nin.study.statistics.difference import differences_between
from nin.study.statistics.effects import effects_of
from nin.study.sweeps.equal_cost import Equal, at_equal_cost
from nin.study.sweeps.factor_grid import Grid
from nin.study.sweeps.factors import as_factors
from nin.study.sweeps.time_estimate import estimate
from nin.study.trials.contender import Contender, EvaluationPart
from nin.study.trials.learning_rate_search import kept_rates
from nin.study.trials.results_cache import ResultsCache
from nin.study.trials.row import Row
from nin.training import Recipe
from nin.training.leak_warning import warn_of_duplicates
from nin.training.recipe_choice import What, chosen_fields, recipe_of, with_images
from nin.training.recipe_fields import RecipeFields
from nin.training.runs.data_notes import show_found
from nin.training.runs.provenance import command, device, versions
from nin.training.runs.run_folder import locked
from nin.training.schedule import adjust

#: A sweep of more seconds or more trainings is confirmed before it begins, if there is a terminal.
LONG, MANY = 3600.0, 1000
#: Number of networks from which the time is estimated.
_SAMPLE = 8

Vary = Mapping[str, Sequence[Any]]


def sweep(
    recipe: What,
    vary: Vary,
    *,
    out: str | Path,
    title: str | None = None,
    rates: Sequence[float] | None = None,
    seeds: int = SEEDS,
    seconds: float | None = None,
    equal: Equal | None = None,
    jobs: int | None = None,
    measured: bool = False,
    judged_on: EvaluationPart = "test",
    consent: Callable[[str, float | None, int], bool] | None = None,
    **options: Unpack[RecipeFields],
) -> Comparison:
    """Train every combination of some factors over several seeds: a full factorial.

    A factor is any field of a recipe (`learning_rate`, `batch_size`, `mixup`, …) or of its network:
    `width`, `depth`, `head`, a field of all its stages (`window`, `kernel_size`, `activation`, …),
    or an argument of a custom network. The result is the effect of each factor, averaged over the
    others, and whether the effect of one depends on another.

    Every finished training is kept in ``out/trainings``: the same call continues where it was
    stopped, and more values or seeds only add what is missing. In the end `out` holds
    ``compare.csv``, ``compare.json``, ``compare.md`` and ``report.html``.

    Args:
        recipe: what to vary: a recipe or its name, a data set's name, or a folder of images; see
            `nin.train`. For a folder it is training on a frozen trunk, or fine-tuning.
        vary: the values of each factor, by its name.
        out: folder for the results.
        title: heading of the report.
        rates: learning rates to search for each combination; by default all use the recipe's.
        seeds: number of seeds (0, 1, …).
        seconds: training time per combination in place of epochs, as measured on this machine.
        equal: ``"parameters"`` or ``"multiply-adds"``: give each network the width at which it
            costs as much as the recipe's own.
        jobs: number of trainings at the same time; None for one, or for as many as joblib's context
            (a Dask cluster) runs.
        measured: whether to measure images/s and peak memory of each network.
        judged_on: the part of the images that networks are evaluated on: ``"test"``; or, if
            something is to be chosen by the result, ``"validation"``, which are held-out training
            images, the same for all seeds.
        consent: called before the first training with a sentence on how long all will take, the
            same in seconds (None: not long), and the number of trainings; False stops the sweep.
        options: fields of `Recipe` in place of the recipe's own.

    Returns:
        A row per combination, with `factors`, `effects` and `interactions`.

    Raises:
        UnknownNameError: there is no such factor, recipe or folder.
        NinError: the network refuses a value, two factors contradict each other, or a result cannot
            be written; finished trainings are kept.
        KeyboardInterrupt: Ctrl-C; finished trainings are kept.

    Example:
        >>> vary = {"width": [0.1, 0.2], "batch_norm": [False, True]}
        >>> found = nin.sweep("digits", vary, out="widths", seeds=1, epochs=1, limit=64)
        >>> [row.net for row in found.rows][:2]
        ['width 0.1, batch norm off', 'width 0.1, batch norm on']
    """
    recipe, given = with_images(recipe, options)
    grid, recipe = plan_sweep(
        recipe,
        vary,
        out=out,
        rates=rates,
        seeds=seeds,
        seconds=seconds,
        judged_on=judged_on,
        options=given,
    )
    out = expand(out)
    make_folder(out / "trainings")
    data = open_evaluated(recipe, judged_on)
    if not find_network(recipe.preset).pretrained:  # Fine-tuning does this itself.
        recipe = adjust(recipe, len(data.train.labels))
    tried = sorted(rates or [recipe.learning_rate])
    console = stderr_console()
    conditions = Conditions(
        recipe, data, tried, range(seeds), seconds, jobs, out, judged_on, console=console
    )
    each = seeds + (len(tried) if len(tried) > 1 else 0)
    trainings = len(grid) * (recipe.folds or 1) * each
    # What is kept is known once all networks have been measured, if they are to be.
    is_measured = not (measured or seconds) or (out / "measured").is_dir()
    goes_on = is_measured and any((out / "trainings").iterdir())
    if not goes_on:
        _announce(conditions, grid.sample(_SAMPLE), trainings, consent)
    contenders = _contenders(conditions, grid, equal)
    check_reachable(contenders, joblib.effective_n_jobs(jobs))
    check_images_reachable(recipe, joblib.effective_n_jobs(jobs))
    recipe, data = prepare(contenders, recipe, judged_on)
    show_found(data)
    warn_of_duplicates(data)
    ResultsCache(out / "trainings").check_sources(contenders)
    conditions = conditions._replace(recipe=recipe, data=data)
    with locked(out):
        plans = make_plans(conditions, contenders, measured)
        if goes_on:
            trainings -= _kept(conditions, plans)
            _announce(conditions, grid.sample(_SAMPLE), trainings, consent)
        rows, images = contender_rows(conditions, plans)
        changed = {name for each in contenders for name in each.changes or {}}
        found = _comparison(conditions, grid, rows, images, title, equal, changed)
        write_results(found, out)
    return found


def plan_sweep(
    what: What,
    vary: Vary,
    *,
    out: str | Path,
    rates: Sequence[float] | None,
    seeds: int,
    seconds: float | None,
    judged_on: EvaluationPart,
    options: Mapping[str, Any],
) -> tuple[Grid, Recipe]:
    """The combinations, and the recipe that they vary; see `sweep`. Nothing heavy is imported.

    Raises:
        NinError: states in one line what is wrong.
    """
    recipe = recipe_of(what, options)
    check_from_scratch(recipe)
    factors = as_factors(recipe, vary)
    names = {factor.name for factor in factors}
    check_arguments(rates or [recipe.learning_rate], seeds, seconds)
    for name, given, other in (
        ("epochs", seconds, "seconds"),
        ("learning_rate", rates, "rates"),
    ):
        if name in names and given is not None:
            raise NinError(
                f"{name} cannot be varied where something else decides it",
                Advice("leave out {}", Argument(other)),
            )
    check_folder_writable(expand(out))
    check_not_timed(recipe, seconds)
    open_evaluated(recipe, judged_on)
    grid = Grid(recipe, factors, chosen_fields(what, options))
    grid.sample(_SAMPLE)
    return grid, recipe


def _contenders(conditions: Conditions, grid: Grid, equal: Equal | None) -> list[Contender]:
    contenders = grid.contenders()
    if equal is None:
        return contenders
    classes = len(conditions.data.classes)
    return at_equal_cost(
        contenders,
        conditions.recipe,
        equal,
        classes,
        lambda each: seen_shape(each, conditions.recipe, conditions.data),
    )


def _kept(conditions: Conditions, plans: Sequence[ContenderPlan]) -> int:
    """How many of the trainings have ended before, at whichever rate."""
    cache = ResultsCache(conditions.out / "trainings")
    folds = range(conditions.recipe.folds) if conditions.recipe.folds else [None]
    kept = 0
    for trial in (plan.trial.in_fold(fold) for plan in plans for fold in folds):
        searched = conditions.rates if len(conditions.rates) > 1 else ()
        tried = kept_rates(cache, trial, searched)
        kept += min(len(tried), len(searched))
        rates = {*tried, *searched} or {trial.recipe.learning_rate}
        for seed in conditions.seeds:
            kept += any(cache.get(trial.revised(rate, seed)) is not None for rate in rates)
    return kept


def _announce(
    conditions: Conditions,
    sample: Sequence[Contender],
    trainings: int,
    consent: Callable[[str, float | None, int], bool] | None,
) -> None:
    """Print how long so many trainings will take, and confirm it."""
    if trainings <= 0:
        return
    taken = estimate(conditions, sample, trainings)
    how_long = "not long" if taken is None else f"about {as_text(taken)} on this machine"
    message = f"{trainings:,} trainings take {how_long}"
    if taken is not None or trainings > MANY:
        conditions.console.print(f"{message}; Ctrl-C keeps what is finished")
    if consent is not None and not consent(message, taken, trainings):
        raise NinError(
            f"{message}: none of them was begun",
            Advice("to begin, add {}", Argument("yes", True)),
            "vary less",
        )


def _comparison(
    conditions: Conditions,
    grid: Grid,
    rows: list[Row],
    images: int,
    title: str | None,
    equal: Equal | None,
    changed: Collection[str],
) -> Comparison:
    data: ImageData = conditions.data
    folds = conditions.recipe.folds
    usual = next(row for row in rows if row.levels == grid.usual)
    factors = {factor.name: list(factor.values) for factor in grid.factors}
    effects, interactions = effects_of(rows, factors, grid.usual, images, folds)
    names = " and ".join(name.replace("_", " ") for name in factors)
    varied = {*factors, *changed, *(["learning_rates"] if "learning_rate" in factors else [])}
    shared = {key: value for key, value in settings(conditions).items() if key not in varied}
    network = {"preset": conditions.recipe.preset, "width": conditions.recipe.width}
    return Comparison(
        title=title or f"{conditions.recipe.name}: {names}",
        settings={
            **{key: value for key, value in network.items() if key not in factors},
            **({} if equal is None else {"equal": equal}),
            **shared,
        },
        data=described(data, conditions.recipe),
        judged_on=conditions.judged_on,
        images=images,
        rows=rows,
        differences=differences_between(
            [(usual, row) for row in rows if row is not usual], images, folds
        ),
        factors=factors,
        effects=effects,
        interactions=interactions,
        versions=versions(),
        device=device(),
        command=command(),
    )
