"""How many pixels a cell of the last map sees, from the tape of a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from nin.accounting.trace import IMAGE, Step

#: Whether positions are still told apart, averaged, or averaged and weighed by one linear layer.
_MAP, _AVERAGE, _LOGITS = range(3)


class _Sight(NamedTuple):
    """What a cell sees, and the distance to the next cell, in pixels; None for all of the image."""

    sides: tuple[Fraction, Fraction] | None
    apart: tuple[Fraction, Fraction]
    stage: int


def receptive_field(tape: Sequence[Step]) -> tuple[int, int] | None:
    """(height, width) in pixels of what a cell of the last map sees, along the widest way.

    The last map is what is averaged over positions, or what leaves a network without an average.
    Windows may reach beyond the image's edge. Normalisation is taken to look at its cell only.

    Args:
        tape: what `nin.accounting.walk` gave.

    Returns:
        None where the whole image is seen: dense layers take the map as it is, more than one
        layer follows the average, or the average goes back into the maps.
    """
    one = (Fraction(1), Fraction(1))
    seen, shapes = {IMAGE: _Sight(one, one, _MAP)}, {IMAGE: tape[0].output_shape if tape else ()}
    for place, step in enumerate(tape):
        before = _together([seen[origin] for origin in step.inputs])
        keeps = step.output_shape[:2] == shapes[step.inputs[0]][:2] and len(step.output_shape) > 2
        seen[place], shapes[place] = _onward(step, before, keeps), step.output_shape
    sides = seen[len(tape) - 1].sides
    return None if sides is None else (math.ceil(sides[0]), math.ceil(sides[1]))


def _together(sights: Sequence[_Sight]) -> _Sight:
    first = sights[0]
    known = [sight.sides for sight in sights if sight.sides is not None]
    if len(known) < len(sights) or any(sight.stage != first.stage for sight in sights):
        return first._replace(sides=None)
    height, width = (max(sides) for sides in zip(*known, strict=True))
    return first._replace(sides=(height, width))


def _onward(step: Step, before: _Sight, keeps: bool) -> _Sight:
    if before.sides is None:
        return before
    if step.kind == "global":
        return before._replace(stage=max(before.stage, _AVERAGE))
    if before.stage == _MAP:
        return (
            before._replace(sides=None)
            if step.kind == "view" and not keeps
            else _slid(step, before)
        )
    if step.kind in ("dense", "pointwise", "spatial"):
        sides = None if before.stage == _LOGITS else before.sides
        return before._replace(sides=sides, stage=_LOGITS)
    return before


def _slid(step: Step, before: _Sight) -> _Sight:
    assert before.sides is not None
    (height, width), (down, right) = before.sides, before.apart
    grown = (height + (step.window[0] - 1) * down, width + (step.window[1] - 1) * right)
    down *= Fraction(step.strides[0], step.enlarges[0])
    right *= Fraction(step.strides[1], step.enlarges[1])
    return before._replace(sides=grown, apart=(down, right))
