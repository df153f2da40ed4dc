"""What each factor of a sweep is worth on average, and whether factors depend on each other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from nin.study.statistics.difference import Difference, pooled_difference
from nin.study.statistics.intervals import holm
from nin.study.trials.row import Row

Factors = Mapping[str, Sequence[Any]]


def level_name(factor: str, value: Any) -> str:
    """A factor with its value in words: ``width 0.5``."""
    return f"{factor.replace('_', ' ')} {level_text(value)}"


def level_text(value: Any) -> str:
    """A value of a factor in words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return "-".join(map(str, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def effects_of(
    rows: Sequence[Row],
    factors: Factors,
    usual: Mapping[str, Any],
    images: int,
    folds: int | None = None,
) -> tuple[list[Difference], list[Difference]]:
    """The effect of each factor, and the interaction of each pair of factors.

    All p-values are corrected together.

    Args:
        rows: of a full factorial, with `levels`.
        factors: the values of each factor.
        usual: for each factor, the value that its other values are compared with.
        images: how many images the rows were evaluated on.
        folds: number of folds; None if the images were not divided.

    Returns:
        For each factor, its usual value against each of its other values, averaged over the other
        factors; and for each pair of factors, how much the step from the first to the last value of
        the one depends on the other. Both are empty for a single factor, whose effect is in the
        rows' differences.
    """
    if len(factors) < 2:
        return [], []
    mains = [
        each for name in factors for each in _mains(rows, factors, name, usual[name], images, folds)
    ]
    pairs = itertools.combinations(factors, 2)
    interactions = [_interaction(rows, factors, pair, images, folds) for pair in pairs]
    corrected = holm([each.p for each in (*mains, *interactions)])
    both = [
        each.model_copy(update={"p": p})
        for each, p in zip((*mains, *interactions), corrected, strict=True)
    ]
    return both[: len(mains)], both[len(mains) :]


def rows_at(rows: Sequence[Row], **levels: Any) -> list[Row]:
    """The rows in which these factors have these values."""
    return [row for row in rows if all(row.levels[name] == levels[name] for name in levels)]


def _mains(
    rows: Sequence[Row], factors: Factors, name: str, usual: Any, images: int, folds: int | None
) -> list[Difference]:
    return [
        pooled_difference(
            rows_at(rows, **{name: usual}),
            rows_at(rows, **{name: value}),
            images,
            (level_name(name, usual), level_name(name, value)),
            name,
            folds,
        )
        for value in factors[name]
        if value != usual
    ]


def _interaction(
    rows: Sequence[Row], factors: Factors, pair: tuple[str, str], images: int, folds: int | None
) -> Difference:
    """The step of one factor at one end of the other, minus the same step at the other end."""
    one, other = pair
    (first, last), (low, high) = ((factors[name][0], factors[name][-1]) for name in pair)
    corners = {
        (a, b): rows_at(rows, **{one: factors[one][a], other: factors[other][b]})
        for a in (0, -1)
        for b in (0, -1)
    }
    step = f"the step from {level_name(one, first)} to {level_text(last)}"
    half = pooled_difference(
        [*corners[-1, -1], *corners[0, 0]],
        [*corners[0, -1], *corners[-1, 0]],
        images,
        (f"{step} at {level_name(other, high)}", f"at {level_name(other, low)}"),
        f"{one} × {other}",
        folds,
    )
    doubled = {
        name: None if value is None else 2 * value
        for name in ("mean", "low", "high", "images_low", "images_high", "sd")
        for value in (getattr(half, name),)
    }
    return half.model_copy(update={**doubled, "parameter_ratio": None})
