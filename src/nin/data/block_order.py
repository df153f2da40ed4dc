"""The random order of pictures in shards, in which pictures that lie together are read together.

Pictures that lie together form a block. In each epoch the blocks are put in random order and
divided into windows, and the pictures are shuffled within each window. A set that fits into one
window is shuffled as a whole, exactly as files are. The order depends only on the seed, the epoch
and the layout of the shards: not on where they are, nor on how many processes read them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.data.storage.parquet_shards import ENDING as PARQUET
from nin.data.storage.parquet_shards import WINDOW_BYTES, row_of
from nin.data.storage.picture_store import PARQUETS, file_of

#: Pictures in a full window, and in a block of a tar file.
WINDOW, BLOCK = 16_384, 32


class Blocks(NamedTuple):
    """Which pictures lie together.

    Attributes:
        of: (n,), int32, the block of each picture, from 0.
        shares: (blocks,), the share of a window that each block takes.
    """

    of: NDArray[np.int32]
    shares: NDArray[np.float64]

    @property
    def exceed_a_window(self) -> bool:
        """Whether the blocks fill more than one window; otherwise blocks do not matter."""
        return bool(self.shares.sum() > 1 + 1e-6)

    def order(
        self, chosen: NDArray[np.intp], batch_size: int, rng: np.random.Generator
    ) -> NDArray[np.intp]:
        """Shuffle pictures, window by window.

        Within a batch, pictures of a block are neighbours, so that a process that takes a part of
        each batch reads about that part of the blocks.

        Args:
            chosen: (m,), positions of the pictures, which may repeat.
            batch_size: pictures per batch.
            rng: random number generator.
        """
        ranks = rng.permutation(len(self.shares))
        rank = ranks[self.of[chosen]]
        window = _windows(self.shares[np.argsort(ranks)])[rank]
        order = np.lexsort((rng.random(len(chosen)), window))
        batch = np.arange(len(chosen)) // batch_size
        order = order[np.lexsort((rank[order], batch))]
        return chosen[order]


def find_blocks(names: Sequence[str]) -> Blocks | None:
    """The blocks of pictures, by their names; None if they are separate files.

    Args:
        names: names of the pictures, with those of a shard together and in its order.
    """
    of = np.empty(len(names), np.int32)
    shares: list[float] = []
    start = 0
    while start < len(names):
        shard = file_of(names[start])
        if shard == names[start]:
            return None
        end = start
        while end < len(names) and names[end].startswith(f"{shard}/"):
            end += 1
        found = _of_shard(shard, names[start:end])
        of[start:end] = found.of + len(shares)
        shares += found.shares.tolist()
        start = end
    return Blocks(of, np.array(shares)) if names else None


def _of_shard(shard: str, names: Sequence[str]) -> Blocks:
    """The blocks of the pictures of one shard: runs in a tar file, row groups in Parquet."""
    if not shard.endswith(PARQUET):
        runs = (np.arange(len(names)) // BLOCK).astype(np.int32)
        return Blocks(runs, np.bincount(runs) / WINDOW)
    table = PARQUETS.table(shard)
    rows = [row_of(name[len(shard) + 1 :]) for name in names]
    groups, of = np.unique(table.groups(rows), return_inverse=True)
    # Row groups are held in memory whole, so a window is limited in bytes as well.
    shares = np.maximum(np.bincount(of) / WINDOW, table.sizes[groups] / WINDOW_BYTES)
    return Blocks(of.astype(np.int32), shares)


def _windows(shares: NDArray[np.float64]) -> NDArray[np.intp]:
    """The window of each block, in the blocks' order: as few windows as possible, of equal size.

    A smaller last window might hold pictures of a single class.
    """
    total = shares.sum()
    before = np.cumsum(shares) - shares
    # The tolerance is for rounding errors in sums of many shares.
    count = np.ceil(total - 1e-6)
    windows: NDArray[np.intp] = np.floor(before / total * count + 1e-6).astype(np.intp)
    return windows
