"""The search of learning rates: the same for every network, by held-out images alone."""

from __future__ import annotations

from collections.abc import Sequence

from nin.study.cell import SEARCH_SEED, Cell
from nin.study.grid import Grid

#: While the best rate is the lowest or the highest, so many times a further one is tried.
BEYOND = 2


def search(grid: Grid, cells: Sequence[Cell], rates: Sequence[float]) -> list[dict[float, float]]:
    """Held-out accuracy by learning rate, for each of `cells`.

    Args:
        grid: trains them.
        cells: networks to be trained, with any learning rate and seed.
        rates: to begin with, two or more in increasing order; none for no search.
    """
    tried: list[dict[float, float]] = [{} for _ in cells]
    wanted = [list(rates) for _ in cells]
    for further in range(1 + BEYOND):
        rows = [
            [cell.revised(rate, SEARCH_SEED) for rate in more]
            for cell, more in zip(cells, wanted, strict=True)
        ]
        if further:
            grid.expect([cell for row in rows for cell in row])
        outcomes = grid.outcomes([cell for row in rows for cell in row])
        for found, row in zip(tried, rows, strict=True):
            found |= {c.recipe.learning_rate: round(outcomes[c.key()].validation, 6) for c in row}
        wanted = [further_rates(found) for found in tried]
    return [dict(sorted(found.items())) for found in tried]


def best_rate(tried: dict[float, float]) -> float:
    """The rate with the highest accuracy; of several, the lowest."""
    return max(sorted(tried), key=tried.__getitem__)


def further_rates(tried: dict[float, float]) -> list[float]:
    """One rate beyond the best, at the same ratio, if the best is the lowest or the highest."""
    if not tried:
        return []
    rates = sorted(tried)
    best = best_rate(tried)
    if best not in (rates[0], rates[-1]):
        return []
    neighbour = rates[1] if best == rates[0] else rates[-2]
    beyond = float(f"{best * best / neighbour:.2g}")
    return [] if beyond in tried else [beyond]
