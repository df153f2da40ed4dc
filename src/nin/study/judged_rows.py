"""Every contender of a comparison, trained with every seed and judged: a row for each."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from nin.study.plan import Conditions, ContenderPlan, print_estimate, warn_of_short_budgets
from nin.study.preparation import judges_all_seeds_alike
from nin.study.statistics.pareto import mark_fronts
from nin.study.trials.learning_rate_search import best_learning_rate, search_learning_rates
from nin.study.trials.results_cache import ResultsCache
from nin.study.trials.row import Row
from nin.study.trials.trial import SEARCH_SEED, Outcome, Trial
from nin.study.trials.trial_runner import TrialRunner


def judged_rows(conditions: Conditions, plans: Sequence[ContenderPlan]) -> list[Row]:
    """Train every contender with every seed and judge it; a row for each, on its front or not."""
    searched = conditions.rates if len(conditions.rates) > 1 else ()
    per_network = len(searched) + len(conditions.seeds)
    # All exercises begin with the same network.
    distinct = list({plan.trial.key(): plan for plan in plans}.values())
    effort = per_network * sum(plan.trial.effort for plan in distinct)
    warn_of_short_budgets(conditions, distinct)
    print_estimate(conditions, distinct, per_network)
    cache = ResultsCache(conditions.out / "trainings")
    runner = TrialRunner(
        cache, conditions.jobs, per_network * len(distinct), effort, conditions.console
    )
    with runner:
        tried = search_learning_rates(runner, [plan.trial for plan in plans], searched)
        best = [
            best_learning_rate(rates) if rates else plan.trial.recipe.learning_rate
            for plan, rates in zip(plans, tried, strict=True)
        ]
        outcomes = _outcomes_by_seed(runner, plans, best, conditions.seeds)
    results = zip(plans, tried, best, outcomes, strict=True)
    alike = judges_all_seeds_alike(conditions.data)
    return mark_fronts([_row(*each, alike=alike) for each in results])


def _outcomes_by_seed(
    runner: TrialRunner, plans: Sequence[ContenderPlan], best: Sequence[float], seeds: Sequence[int]
) -> list[list[Outcome]]:
    """The outcomes of each network with its best learning rate, one per seed."""
    pairs = zip(plans, best, strict=True)
    trials = [[plan.trial.revised(rate, seed) for seed in seeds] for plan, rate in pairs]
    outcomes = runner.outcomes([trial for row in trials for trial in row])
    return [[outcomes[trial.key()] for trial in row] for row in trials]


def _row(
    plan: ContenderPlan,
    tried: dict[float, float],
    best: float,
    outcomes: Sequence[Outcome],
    *,
    alike: bool,
) -> Row:
    # By image, only those are compared who were judged by the same images.
    correct = [outcome.correct for outcome in outcomes if outcome.correct is not None and alike]
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
