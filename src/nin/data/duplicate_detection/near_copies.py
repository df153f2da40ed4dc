"""Pictures that look the same but differ in bytes: resized, recompressed, cropped, brightened.

Each picture, and each of a few crops of it, gets a perceptual hash (pHash: whether each of 256 low
frequencies of its grey values is above their median). Two pictures are near copies if the hash of
one differs in few bits from that of the other, or of a crop of the other, and their colours agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.decode import decode
from nin.data.decoding.header import read_header
from nin.data.pictures import WORKERS
from nin.errors import DataError
from nin.progress import progress

if TYPE_CHECKING:
    from PIL.Image import Image

#: The most bits of 256 in which near copies differ. Of 7.1 million pairs of photographs of clothes
#: (clothing-small), one pair is below, a copy at 2, and the next are at 38: garments laid out
#: alike. Of 1.8 billion pairs of CIFAR-10, 608 are below; of 36 that were looked at, just below and
#: at 38 to 42, nearly all are copies, and a few may be two shots of one thing.
MOST = 28
#: The most bits of the 64 most significant, by which all pairs are compared first.
_MOST_COARSE = 16
#: The side at which pictures are read, and that at which their crops are hashed. A picture with a
#: side below the latter is not hashed: with so few pixels, as in handwritten digits, different
#: pictures have the same hash.
_SIDE, _HASHED = 64, 32
#: About half the bits of a hash are usually set. Pictures of one colour, or of a few shapes, have
#: fewer, and would all be alike; where grey values hardly differ, the bits are noise.
_FEWEST_SET, _LEAST_CONTRAST = 96, 4.0
#: How colours are compared: as means over cells, this many per side; only above this strength, a
#: root mean square of grey values; and they agree above this cosine.
_CELLS, _COLOURED, _LEAST_AGREEMENT = 4, 10.0, 0.4
#: The shares cut off on the left, top, right and bottom; the first crop is the whole picture.
_CROPS = (
    (0, 0, 0, 0),
    *((z, z, z, z) for z in (0.025, 0.05)),
    *((0.04 * a, 0.04 * b, 0.04 * (1 - a), 0.04 * (1 - b)) for a in (0, 1) for b in (0, 1)),
    *((0.04, 0, 0, 0), (0, 0.04, 0, 0), (0, 0, 0.04, 0), (0, 0, 0, 0.04)),
    *((0.04, 0, 0.04, 0), (0, 0.04, 0, 0.04)),
)
_BOXES = [
    (_SIDE * left, _SIDE * above, _SIDE * (1 - right), _SIDE * (1 - below))
    for left, above, right, below in _CROPS
]
#: Pairs that are compared at a time.
_PAIRS = 4_000_000


class NearCopies(NamedTuple):
    """Links between pictures; a group of n pictures has n - 1 links.

    Attributes:
        links: (m, 2), positions of two pictures.
        distances: (m,), in how many of 256 bits their hashes differ, or that of a crop if nearer.
        thumbnails: position → a hash of the picture at 64 × 64, for pictures in `links` and for
            those with too little in them to be linked.
        faults: position → why the picture cannot be read.
    """

    links: NDArray[np.intp]
    distances: NDArray[np.intp]
    thumbnails: dict[int, bytes]
    faults: dict[int, str]


def near_copies(paths: Sequence[str]) -> NearCopies:
    """Find the pictures that are near copies of others.

    All pairs are compared by 64 bits, which takes seconds for 100,000 pictures, and the few that
    are close by all bits.

    Args:
        paths: the files; of files with the same bytes, one is enough.
    """
    faults: dict[int, str] = {}
    looks: list[_Look] = []
    where: list[int] = []
    plain: dict[int, bytes] = {}
    with (
        ThreadPoolExecutor(WORKERS) as pool,
        progress("looking for copies", len(paths)) as advance,
    ):
        for position, look in enumerate(pool.map(_look_at, paths)):
            advance(1)
            if isinstance(look, str):
                faults[position] = look
            elif isinstance(look, bytes):
                plain[position] = look
            else:
                looks.append(look)
                where.append(position)
    rows, distances = _linked(
        np.array([look.hashes for look in looks]).reshape(-1, len(_BOXES), 4),
        np.array([look.colours for look in looks]).reshape(-1, 3 * _CELLS**2),
    )
    linked = {where[row]: looks[row].thumbnail for row in np.unique(rows).tolist()}
    thumbnails = {**plain, **linked}
    return NearCopies(np.array(where, np.intp)[rows], distances, thumbnails, faults)


class _Look(NamedTuple):
    """What is kept of a picture: hashes (crops, 4), uint64; colours (48,), float32."""

    hashes: NDArray[np.uint64]
    colours: NDArray[np.float32]
    thumbnail: bytes


def _look_at(path: str) -> _Look | bytes | str:
    """Hash a picture; only its thumbnail if there is too little in it, a reason if unreadable."""
    from PIL import Image

    try:
        small = decode(path, _SIDE)
        header = read_header(path)
    except DataError as error:
        return str(error)
    thumbnail = blake2b(small.tobytes(), digest_size=16).digest()
    if min(header.width, header.height) < _HASHED:
        return thumbnail
    picture = Image.fromarray(small)
    grey = picture.convert("L")
    if np.std(np.asarray(grey)) < _LEAST_CONTRAST:
        return thumbnail
    hashes = _hashes(grey)
    if np.bitwise_count(hashes[0]).sum() < _FEWEST_SET:
        return thumbnail
    return _Look(hashes, _colours(small), thumbnail)


def _hashes(grey: Image) -> NDArray[np.uint64]:
    """256 bits of each crop (crops, 4), the 64 of the lowest frequencies first.

    The same bits as ImageHash's `phash` (``hash_size=16, highfreq_factor=2``), for all crops at
    once and in a quarter of the time.
    """
    from PIL import Image
    from scipy.fft import dctn

    crops = [grey.resize((_HASHED, _HASHED), Image.Resampling.BICUBIC, box) for box in _BOXES]
    pixels = np.stack([np.asarray(crop, np.float32) for crop in crops])
    lowest = dctn(pixels, axes=(1, 2))[:, :16, :16]
    bits = lowest > np.median(lowest, axis=(1, 2), keepdims=True)
    quarters = bits.reshape(-1, 2, 8, 2, 8).transpose(0, 1, 3, 2, 4).reshape(-1, 4, 64)
    hashes: NDArray[np.uint64] = np.packbits(quarters, axis=2).view(np.uint64)[..., 0]
    return hashes


def _colours(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """How the means of a picture's cells differ from grey."""
    cell = _SIDE // _CELLS
    means = picture.reshape(_CELLS, cell, _CELLS, cell, 3).mean(axis=(1, 3), dtype=np.float32)
    colours: NDArray[np.float32] = means - means.mean(axis=2, keepdims=True)
    return colours.ravel()


def _linked(
    hashes: NDArray[np.uint64], colours: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Links (m, 2) and their distances, found block by block; none within groups already linked.

    A thousand pictures from a fixed camera are half a million pairs, but only 999 links.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

    count = len(hashes)
    groups = np.arange(count)
    links, distances = [np.empty((0, 2), np.intp)], [np.empty(0, np.intp)]
    start = 0
    while start < count:
        stop = start + max(1, _PAIRS // (count - start))
        one, other = _coarsely_alike(hashes[:, 0, 0], start, stop)
        apart = groups[one] != groups[other]
        one, other, distance = _alike(hashes, colours, one[apart], other[apart])
        start = stop
        if len(one):
            # A sparse graph has no edge of weight 0.
            graph = coo_array((distance + 1.0, (one, other)), shape=(count, count))
            tree = minimum_spanning_tree(graph.tocsr()).tocoo()
            links.append(np.stack([tree.row, tree.col], axis=1).astype(np.intp))
            distances.append(np.rint(tree.data - 1).astype(np.intp))
            joined = coo_array((tree.data, groups[links[-1].T]), shape=(count, count))
            groups = connected_components(joined.tocsr(), directed=False)[1][groups]
    return np.concatenate(links), np.concatenate(distances)


def _coarsely_alike(
    coarse: NDArray[np.uint64], start: int, stop: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs of pictures that are close by 64 bits, the first of each from `start` to `stop`."""
    differing = np.bitwise_count(coarse[start:stop, None] ^ coarse[None, start:])
    one, other = np.nonzero(differing <= _MOST_COARSE)
    later = one < other
    return one[later] + start, other[later] + start


def _alike(
    hashes: NDArray[np.uint64],
    colours: NDArray[np.float32],
    one: NDArray[np.intp],
    other: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Those of some pairs that are near copies, and their distances."""
    found: list[NDArray[np.bool_]] = [np.zeros(0, np.bool_)]
    distances: list[NDArray[np.intp]] = [np.zeros(0, np.intp)]
    step = _PAIRS // 64
    for first in range(0, len(one), step):
        a, b = one[first : first + step], other[first : first + step]
        distance = np.minimum(_distance(hashes, a, b), _distance(hashes, b, a))
        found.append((distance <= MOST) & _same_colours(colours[a], colours[b]))
        distances.append(distance)
    kept = np.concatenate(found)
    return one[kept], other[kept], np.concatenate(distances)[kept]


def _distance(
    hashes: NDArray[np.uint64], whole: NDArray[np.intp], cropped: NDArray[np.intp]
) -> NDArray[np.intp]:
    """In how many bits each picture's hash differs from the nearest crop of its counterpart."""
    differing = np.bitwise_count(hashes[whole, :1] ^ hashes[cropped])
    nearest: NDArray[np.intp] = differing.sum(axis=2, dtype=np.intp).min(axis=1)
    return nearest


def _same_colours(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether colours agree; a grey picture agrees with any."""
    strength = np.sqrt(np.minimum((one**2).mean(axis=1), (other**2).mean(axis=1)))
    product = (one * other).sum(axis=1)
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    agree: NDArray[np.bool_] = (strength < _COLOURED) | (product > _LEAST_AGREEMENT * norms)
    return agree
