"""The receptive field of a cell of the last map, in pixels, from the trace of a network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from nin.accounting.trace import IMAGE, Step

#: Stages: positions are separate, averaged, or averaged and weighted by one linear layer.
_MAP, _AVERAGE, _LOGITS = range(3)


class _Field(NamedTuple):
    """Sides of what a cell sees (None: the whole image) and the step between cells, in pixels."""

    sides: tuple[Fraction, Fraction] | None
    apart: tuple[Fraction, Fraction]
    stage: int


def receptive_field(trace: Sequence[Step]) -> tuple[int, int] | None:
    """(height, width) in pixels of what a cell of the last map sees, along the widest path.

    The last map is the one averaged over positions, or the output of a network without an average.
    Windows may extend beyond the image. Normalisation counts as pointwise.

    Args:
        trace: from `nin.accounting.walk`.

    Returns:
        None if a cell sees the whole image: a dense layer takes the flattened map, more than one
        layer follows the average, or the average is fed back into the maps (gates).
    """
    one = (Fraction(1), Fraction(1))
    seen, shapes = {IMAGE: _Field(one, one, _MAP)}, {IMAGE: trace[0].output_shape if trace else ()}
    for place, step in enumerate(trace):
        before = _union([seen[origin] for origin in step.inputs])
        keeps = step.output_shape[:2] == shapes[step.inputs[0]][:2] and len(step.output_shape) > 2
        seen[place], shapes[place] = _after(step, before, keeps), step.output_shape
    sides = seen[len(trace) - 1].sides
    return None if sides is None else (math.ceil(sides[0]), math.ceil(sides[1]))


def _union(fields: Sequence[_Field]) -> _Field:
    first = fields[0]
    known = [field.sides for field in fields if field.sides is not None]
    if len(known) < len(fields) or any(field.stage != first.stage for field in fields):
        return first._replace(sides=None)
    height, width = (max(sides) for sides in zip(*known, strict=True))
    return first._replace(sides=(height, width))


def _after(step: Step, before: _Field, keeps: bool) -> _Field:
    if before.sides is None:
        return before
    if step.kind == "global":
        return before._replace(stage=max(before.stage, _AVERAGE))
    if before.stage == _MAP:
        return (
            before._replace(sides=None)
            if step.kind == "view" and not keeps
            else _after_window(step, before)
        )
    if step.kind in ("dense", "pointwise", "spatial"):
        sides = None if before.stage == _LOGITS else before.sides
        return before._replace(sides=sides, stage=_LOGITS)
    return before


def _after_window(step: Step, before: _Field) -> _Field:
    assert before.sides is not None
    (height, width), (down, right) = before.sides, before.apart
    grown = (height + (step.window[0] - 1) * down, width + (step.window[1] - 1) * right)
    down *= Fraction(step.strides[0], step.enlarges[0])
    right *= Fraction(step.strides[1], step.enlarges[1])
    return before._replace(sides=grown, apart=(down, right))
