"""Names written beside points, where they cover neither each other nor anything drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

Floats = NDArray[np.float64]

#: Between the places that are tried, and between the boxes that stand for a line, in points.
_STEP = 2.5
#: Air around a name, in points.
_AIR = 1.5
#: A name farther than this from its point, in points, is tied to it by a line.
_FAR = 9.0
#: So many of the nearest places are kept for a name, and so many of these weighed by their line.
_KEPT, _WEIGHED = 1500, 40
#: What it costs, in points of distance, to cover a name, and to cross one thing with a line.
_COVERING, _CROSSING = 1000.0, 3.0
#: What it costs to be as near to another point.
_DOUBT = 6.0


class _Name(NamedTuple):
    """A point, the free places of its name as (left, bottom, right, top), and what each costs."""

    at: Floats
    places: Floats
    costs: Floats


def write(axes: Axes, points: Sequence[tuple[float, float]], names: Sequence[str]) -> list[Text]:
    """Write each name near its point, and tie those that had to go far to it by a line.

    Names are placed one after the other, each at its cheapest place, in a few orders; the cheapest
    order wins. Lines that are in the axes, and their markers, stay free.

    Args:
        axes: with everything drawn but the names; its limits are final after this.
        points: in data coordinates.
        names: one a point.

    Returns:
        The names as written.
    """
    axes.figure.draw_without_rendering()  # type: ignore[union-attr]
    axes.figure.set_layout_engine("none")  # type: ignore[union-attr]
    axes.autoscale(False)
    drawn = _drawn(axes)
    texts = [_text(axes, point, name) for point, name in zip(points, names, strict=True)]
    places = axes.transData.transform(np.reshape(points, (-1, 2)))
    found = [_name(axes, text, at, places, drawn) for text, at in zip(texts, places, strict=True)]
    arrangements = [_arranged(found, order, drawn) for order in _orders(found)]
    _, best = min(arrangements, key=lambda each: each[0])
    for index, place in best.items():
        _move(axes, texts[index], found[index].at, place)
    return texts


def _text(axes: Axes, point: tuple[float, float], name: str) -> Text:
    return axes.text(*point, name, ha="center", va="center", fontsize=9, parse_math=False)


def _name(axes: Axes, text: Text, at: Floats, points: Floats, drawn: Floats) -> _Name:
    """Where the text may go, cheapest first; if nowhere, then right onto its point."""
    extent = text.get_window_extent()
    half = np.array([extent.width, extent.height]) / 2 + _AIR
    places = _inside(np.array(axes.bbox.extents), half)
    places = places[~_overlap(places, drawn)]
    if not len(places):
        places = np.concatenate([at - half, at + half])[None]
    costs = _costs(at, places, points)
    nearest = np.argsort(costs, kind="stable")[:_KEPT]
    return _Name(at, places[nearest], costs[nearest])


def _costs(at: Floats, places: Floats, points: Floats) -> Floats:
    """The distance of each place from its point, and more where others are as near."""
    gap = _distance(at, places)
    shift = np.linalg.norm(at - (places[:, :2] + places[:, 2:]) / 2, axis=1)
    others = [point for point in points if not np.array_equal(point, at)]
    nearest = np.min([_distance(point, places) for point in others] or [gap + _DOUBT], axis=0)
    costs: Floats = gap + 0.05 * shift + np.clip(gap + _DOUBT - nearest, 0, _DOUBT)
    return costs


def _distance(point: Floats, places: Floats) -> Floats:
    ends = np.clip(point, places[:, :2], places[:, 2:])
    distance: Floats = np.linalg.norm(point - ends, axis=1)
    return distance


def _inside(frame: Floats, half: Floats) -> Floats:
    """All places on a grid in which a box of such half sides is within the frame."""
    low, high = frame[:2] + half, frame[2:] - half
    sides = [np.arange(start, end, _STEP) for start, end in zip(low, high, strict=True)]
    middles = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
    return np.concatenate([middles - half, middles + half], axis=1)


def _orders(names: Sequence[_Name]) -> Iterable[list[int]]:
    """From each side, and those with the most neighbours first."""
    at = np.array([name.at for name in names]).reshape(-1, 2)
    apart = np.linalg.norm(at[:, None] - at[None], axis=2)
    crowd = np.sort(apart, axis=1)[:, :4].sum(axis=1)
    for key in (at[:, 0], -at[:, 0], at[:, 1], -at[:, 1], crowd, -crowd):
        yield [int(index) for index in np.argsort(key, kind="stable")]


def _arranged(
    names: Sequence[_Name], order: Sequence[int], drawn: Floats
) -> tuple[float, dict[int, Floats]]:
    """Place the names in this order; return the cost of it all and each one's place."""
    taken, total, places = np.zeros((0, 4)), 0.0, {}
    for index in order:
        at, candidates, costs = names[index]
        costs = costs + _COVERING * _overlap(candidates, taken)
        nearest = np.argsort(costs, kind="stable")[:_WEIGHED]
        blocked = np.concatenate([drawn, taken])
        crossed = [_overlap(_tie(at, place), blocked).sum() for place in candidates[nearest]]
        weights = costs[nearest] + _CROSSING * np.array(crossed)
        best = int(np.argmin(weights))
        total += float(weights[best])
        places[index] = candidates[nearest[best]]
        taken = np.concatenate([taken, places[index][None], _tie(at, places[index])])
    return total, places


def _move(axes: Axes, text: Text, at: Floats, place: Floats) -> None:
    inverse = axes.transData.inverted()
    x, y = inverse.transform((place[:2] + place[2:]) / 2)
    text.set_position((float(x), float(y)))
    if len(_tie(at, place)):
        ends = inverse.transform([at, np.clip(at, place[:2], place[2:])])
        axes.plot(*ends.T, color="#888888", linewidth=0.6, zorder=1)


def _tie(at: Floats, place: Floats) -> Floats:
    """The boxes along the line from a point to its name; none where the name is near."""
    end = np.clip(at, place[:2], place[2:])
    length = float(np.linalg.norm(end - at))
    if length <= _FAR:
        return np.zeros((0, 4))
    return _along(at + (end - at) * 5 / length, end)


def _drawn(axes: Axes) -> Floats:
    """Small boxes along all lines of the axes, and one around each marker."""
    found = [np.zeros((0, 4))]
    for line in axes.lines:
        corners = axes.transData.transform(line.get_xydata())
        marked = line.get_marker() not in ("None", None, "")
        found.append(_around(corners, line.get_markersize() / 2 + 1 if marked else 1))
        if line.get_linestyle() != "None":
            found += [_along(*ends) for ends in pairwise(corners)]
    return np.concatenate(found)


def _along(start: Floats, end: Floats) -> Floats:
    steps = int(np.linalg.norm(end - start) // _STEP) + 2
    return _around(np.linspace(start, end, steps), 1)


def _around(points: Floats, by: float) -> Floats:
    return np.concatenate([points - by, points + by], axis=1)


def _overlap(boxes: Floats, taken: Floats) -> NDArray[np.bool_]:
    """Whether each box shares a point with any that is taken."""
    left, bottom, right, top = taken.T
    beside = (boxes[:, 0, None] >= right) | (boxes[:, 2, None] <= left)
    above = (boxes[:, 1, None] >= top) | (boxes[:, 3, None] <= bottom)
    shared: NDArray[np.bool_] = np.any(~(beside | above), axis=1)
    return shared
