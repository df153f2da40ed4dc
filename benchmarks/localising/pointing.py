"""What is measured of a map: where its strongest cell points, and how much lies in a region."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Maps = NDArray[np.float32]


def scaled(middles: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Middles in pixels of the canvas; a pixel's own middle is a whole number."""
    return (middles + 0.5) * factor - 0.5


def stretched(cells: int, side: int) -> NDArray[np.float64]:
    """Middles where the cells divide the canvas evenly."""
    return scaled(np.arange(cells, dtype=np.float64), side / cells)


def points(maps: Maps, middles: NDArray[np.float64], within: NDArray[np.bool_]) -> Any:
    """(n,): whether the middle of each map's strongest cell lies in `within` (n, side, side)."""
    flat = maps.reshape(len(maps), -1)
    rows, columns = np.unravel_index(flat.argmax(axis=1), maps.shape[1:])
    where = np.clip(np.rint(middles), 0, within.shape[1] - 1).astype(int)
    return within[np.arange(len(maps)), where[rows], where[columns]] & (flat.max(axis=1) > 0)


def energy(maps: Maps, middles: NDArray[np.float64], within: NDArray[np.bool_]) -> Any:
    """(n,): the share of each map, enlarged bilinearly, that lies in `within`; 0 if it is empty."""
    weights = stretching(middles, within.shape[1])
    shares = np.einsum("nyx,yh,xw->nhw", within, weights, weights, optimize=True)
    total = np.einsum("nhw,h,w->n", maps, weights.sum(axis=0), weights.sum(axis=0))
    return np.einsum("nhw,nhw->n", maps, shares) / np.where(total > 0, total, 1)


def stretching(middles: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """The weights (side, cells) with which cells are interpolated to pixels, linearly."""
    cells = np.eye(len(middles))
    return np.stack([np.interp(np.arange(side), middles, cell) for cell in cells], axis=1)
