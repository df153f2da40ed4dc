"""The rows of a comparison: each contender, trained with every seed and evaluated."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

import numpy as np

from nin.study.plan import Conditions, ContenderPlan, print_estimate, warn_of_short_budgets
from nin.study.statistics.pareto import mark_fronts
from nin.study.trials.learning_rate_search import best_learning_rate, search_learning_rates
from nin.study.trials.results_cache import ResultsCache
from nin.study.trials.row import Row, pack, unpack
from nin.study.trials.trial import SEARCH_SEED, Outcome, Trial
from nin.study.trials.trial_images import shares_test_images
from nin.study.trials.trial_runner import TrialRunner


def contender_rows(conditions: Conditions, plans: Sequence[ContenderPlan]) -> tuple[list[Row], int]:
    """A row per network, and how many images each was evaluated on, all folds together."""
    searched = conditions.rates if len(conditions.rates) > 1 else ()
    folds = [None] if conditions.recipe.folds is None else [*range(conditions.recipe.folds)]
    share, searches = conditions.search_share, len(folds) * len(searched)
    evaluated = len(folds) * len(conditions.seeds)
    # All exercises begin with the same network.
    distinct = list({plan.trial.key(): plan for plan in plans}.values())
    with_rates = [plan.trial for plan in distinct if not plan.trial.is_frozen]
    effort = evaluated * sum(plan.trial.effort for plan in distinct)
    effort += share * searches * sum(trial.effort for trial in with_rates)
    warn_of_short_budgets(conditions, distinct)
    print_estimate(conditions, distinct, searches if with_rates else 0, evaluated)
    cache = ResultsCache(conditions.out / "trainings")
    trainings = searches * len(with_rates) + evaluated * len(distinct)
    runner = TrialRunner(cache, conditions.jobs, trainings, effort, conditions.console)
    with runner:
        trials = [plan.trial.in_fold(fold) for plan in plans for fold in folds]
        tried = search_learning_rates(
            runner, [trial.shortened(share) for trial in trials], searched
        )
        best = [
            best_learning_rate(rates) if rates else trial.recipe.learning_rate
            for trial, rates in zip(trials, tried, strict=True)
        ]
        outcomes = _outcomes_by_seed(runner, trials, best, conditions.seeds)
    rows = []
    count = len(conditions.data.split(conditions.judged_on).labels)
    is_shared = shares_test_images(conditions.data) or all(
        plan.trial.divided_by is not None for plan in plans
    )
    # If a class has few images, another seed's split may need some of the test part for training.
    is_whole = all(outcome.n == count for each in outcomes for outcome in each)
    alike = conditions.recipe.folds is not None or (is_shared and is_whole)
    for number, plan in enumerate(plans):
        own = slice(number * len(folds), (number + 1) * len(folds))
        by_seed = [*zip(*outcomes[own], strict=True)]
        rows.append(_row(plan, tried[own], best[own], by_seed, alike=alike))
    if conditions.recipe.folds is None:
        return mark_fronts(rows), count
    return mark_fronts(rows), sum(fold[0].n for fold in outcomes[: len(folds)])


def _outcomes_by_seed(
    runner: TrialRunner, trials: Sequence[Trial], best: Sequence[float], seeds: Sequence[int]
) -> list[list[Outcome]]:
    """The outcomes of each trial with its best learning rate, one per seed."""
    pairs = zip(trials, best, strict=True)
    wanted = [[trial.revised(rate, seed) for seed in seeds] for trial, rate in pairs]
    outcomes = runner.outcomes([trial for row in wanted for trial in row])
    return [[outcomes[trial.key()] for trial in row] for row in wanted]


def _row(
    plan: ContenderPlan,
    tried: Sequence[dict[float, float]],
    best: Sequence[float],
    by_seed: Sequence[Sequence[Outcome]],
    *,
    alike: bool,
) -> Row:
    """The row of a network: `tried` and `best` have a value per fold, `by_seed` a row per seed."""
    outcomes = [outcome for folds in by_seed for outcome in folds]
    correct = [packed for folds in by_seed if (packed := _joined(folds)) is not None]
    # Networks are compared image by image only if all were evaluated on the same images.
    correct = correct if alike and len(correct) == len(by_seed) else []
    rates = sorted({rate for each in tried for rate in each})
    return Row(
        net=plan.trial.contender.name,
        group=plan.trial.contender.group,
        cost=plan.cost,
        rates={
            repr(rate): round(statistics.fmean(each[rate] for each in tried if rate in each), 6)
            for rate in rates
        },
        learning_rate=statistics.median_low(best),
        accuracies=[plan.trial.accuracy_of(outcome) for outcome in outcomes],
        correct=correct,
        curves=[outcome.curve for outcome in outcomes],
        seconds=statistics.fmean(outcome.seconds for outcome in outcomes),
        died=sum(outcome.died for outcome in outcomes),
        measured=plan.measured,
        levels=plan.trial.contender.levels or {},
        training=plan.trial.revised(statistics.median_low(best), SEARCH_SEED).training(),
    )


def _joined(folds: Sequence[Outcome]) -> str | None:
    """Which images of all folds were classified correctly; None if any fold does not say."""
    if len(folds) == 1:
        return folds[0].correct
    known = [unpack(each.correct, each.n) for each in folds if each.correct is not None]
    return pack(np.concatenate(known)) if len(known) == len(folds) else None
