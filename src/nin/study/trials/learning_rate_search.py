"""The learning rate that is best on validation images, for each network of a comparison."""

from __future__ import annotations

from collections.abc import Sequence

from nin.study.trials.results_cache import ResultsCache
from nin.study.trials.trial import SEARCH_SEED, Trial
from nin.study.trials.trial_runner import TrialRunner

#: How many further rates to try while the best one is the lowest or the highest.
BEYOND = 2


def search_learning_rates(
    runner: TrialRunner, trials: Sequence[Trial], rates: Sequence[float]
) -> list[dict[float, float]]:
    """Validation accuracy by learning rate, for each of `trials`.

    Args:
        runner: runs the trials.
        trials: one per network, with any learning rate and seed.
        rates: learning rates to begin with: two or more in increasing order, or none for no search.
            Those whose weights are frozen have no rate to search.
    """
    tried: list[dict[float, float]] = [{} for _ in trials]
    wanted = [[] if trial.is_frozen else list(rates) for trial in trials]
    for further in range(1 + BEYOND):
        rows = [
            [trial.revised(rate, SEARCH_SEED) for rate in more]
            for trial, more in zip(trials, wanted, strict=True)
        ]
        if further:
            runner.expect([trial for row in rows for trial in row])
        outcomes = runner.outcomes([trial for row in rows for trial in row])
        for found, row in zip(tried, rows, strict=True):
            found |= {c.recipe.learning_rate: round(outcomes[c.key()].validation, 6) for c in row}
        wanted = [rates_beyond(found) for found in tried]
    return [dict(sorted(found.items())) for found in tried]


def kept_rates(cache: ResultsCache, trial: Trial, rates: Sequence[float]) -> dict[float, float]:
    """Validation accuracy by learning rate, of those of the search that are in `cache`."""
    tried: dict[float, float] = {}
    wanted = list(rates)
    for _ in range(1 + BEYOND):
        outcomes = {rate: cache.get(trial.revised(rate, SEARCH_SEED)) for rate in wanted}
        tried |= {rate: each.validation for rate, each in outcomes.items() if each is not None}
        wanted = rates_beyond(tried) if len(tried) > 1 else []
    return tried


def best_learning_rate(tried: dict[float, float]) -> float:
    """The rate with the highest accuracy; the lowest if there are several."""
    return max(sorted(tried), key=tried.__getitem__)


def rates_beyond(tried: dict[float, float]) -> list[float]:
    """One rate beyond the best, in the same ratio, if the best is the lowest or the highest."""
    if not tried:
        return []
    rates = sorted(tried)
    best = best_learning_rate(tried)
    if best not in (rates[0], rates[-1]):
        return []
    neighbour = rates[1] if best == rates[0] else rates[-2]
    beyond = float(f"{best * best / neighbour:.2g}")
    return [] if beyond in tried else [beyond]
