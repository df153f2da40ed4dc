"""Pictures that occur more than once in a set: in two parts, in two classes, or in one class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.data.decoding.decode import decode
from nin.data.duplicate_detection.identical import identical_files
from nin.data.duplicate_detection.near_copies import near_copies
from nin.data.folders.content import Digests
from nin.data.folders.listing import Files
from nin.data.split import PARTS, Part
from nin.errors import DataError


class DuplicatePicture(NamedTuple):
    """A picture that occurs more than once.

    Attributes:
        path: its file.
        part: the part that it is in.
        label: its class, by number.
        content: a number that is equal for equal pictures: by bytes, or by all pixels.
    """

    path: str
    part: Part
    label: int
    content: int


class DuplicateGroup(NamedTuple):
    """Pictures that are the same, or near copies of each other.

    Attributes:
        pictures: two or more.
        distance: 0 if all are the same. Otherwise the largest difference, in bits of 256, between
            the perceptual hashes of pictures that link the group together.
    """

    pictures: tuple[DuplicatePicture, ...]
    distance: int

    @property
    def is_same(self) -> bool:
        """Whether all are the same picture, by bytes or by all pixels."""
        return len({each.content for each in self.pictures}) == 1

    @property
    def parts(self) -> set[Part]:
        """The parts that its pictures are in."""
        return {each.part for each in self.pictures}

    @property
    def labels(self) -> set[int]:
        """The classes that its pictures are in, by number."""
        return {each.label for each in self.pictures}


class Twins(NamedTuple):
    """A picture and another that is the same, or a near copy.

    Attributes:
        picture: the first picture.
        other: the second picture.
    """

    picture: DuplicatePicture
    other: DuplicatePicture

    @property
    def is_same(self) -> bool:
        """Whether they are the same picture, by bytes or by all pixels."""
        return self.picture.content == self.other.content


@dataclass(frozen=True)
class Duplicates:
    """The pictures that occur more than once.

    Attributes:
        groups: groups in two parts first, then those in two classes, then the others.
        near: whether near copies were looked for.
        faults: path → why the picture cannot be read. Covers all pictures if near copies were
            looked for, and otherwise only copies.
    """

    groups: tuple[DuplicateGroup, ...]
    near: bool
    faults: Mapping[str, str]

    @cached_property
    def leaks(self) -> list[Twins]:
        """Each picture of the test or validation part, with one like it in an earlier part.

        The order of parts is training, validation, test. The other picture is the same one, if
        there is one, else a near copy. Pictures of the test part come first.
        """
        found = [twins for group in self.groups for twins in _leaks(group)]
        return sorted(found, key=lambda each: (each.picture.part, not each.is_same))

    @cached_property
    def conflicts(self) -> list[Twins]:
        """For each group in two or more classes, two pictures of different classes."""
        found = [_conflict(group) for group in self.groups if len(group.labels) > 1]
        return sorted(found, key=lambda each: not each.is_same)

    def leak_counts(self) -> dict[tuple[Part, Part], int]:
        """(part, other part) → how many pictures of the first are also in the other."""
        counts: defaultdict[tuple[Part, Part], int] = defaultdict(int)
        for twins in self.leaks:
            counts[twins.picture.part, twins.other.part] += 1
        return dict(counts)

    def record(self) -> dict[str, Any]:
        """Return their numbers, ready for JSON."""
        return {
            "near_copies": self.near,
            "groups": len(self.groups),
            "leaks": [
                {"part": part, "in": other, "pictures": count}
                for (part, other), count in self.leak_counts().items()
            ],
            "under_two_classes": len(self.conflicts),
        }


def find_duplicates(
    parts: Mapping[Part, Files], *, near: bool = True, digests: Digests | None = None
) -> Duplicates:
    """Find the pictures of a set that are the same, or near copies of each other.

    Pictures are the same if their bytes are equal or, where near copies are looked for, their
    pixels. Near copies are pictures that were resized, recompressed, slightly cropped or
    brightened.

    Args:
        parts: the files of each part.
        near: whether to look for near copies, which decodes every picture.
        digests: (n,), digests of the content of all pictures, part by part, if they are known.
    """
    paths = [path for files in parts.values() for path in files.paths]
    content = identical_files(paths, digests)
    if near:
        chosen = np.unique(content)
        copies = near_copies([paths[row] for row in chosen.tolist()])
        links, distances, faults = chosen[copies.links], copies.distances, copies.faults
        thumbnails = {int(chosen[row]): each for row, each in copies.thumbnails.items()}
        _join_same_pixels(content, paths, thumbnails)
    else:
        chosen = np.flatnonzero(np.bincount(content) > 1)
        links, distances = np.empty((0, 2), np.intp), np.empty(0, np.intp)
        faults = _faults([paths[row] for row in chosen.tolist()])
    unreadable = {int(chosen[row]): why for row, why in faults.items()}
    groups = [
        group
        for group in _grouped(_pictures(parts, content), content, links, distances)
        if group.pictures[0].content not in unreadable
    ]
    groups.sort(key=lambda each: (len(each.parts) == 1, len(each.labels) == 1, each.distance))
    bad = {
        path: unreadable[row]
        for path, row in zip(paths, content.tolist(), strict=True)
        if row in unreadable
    }
    return Duplicates(tuple(groups), near, bad)


def _join_same_pixels(
    content: NDArray[np.intp], paths: Sequence[str], thumbnails: Mapping[int, bytes]
) -> None:
    """Give pictures of equal pixels the same number, by decoding those whose thumbnails agree.

    Args:
        content: (n,), the numbers of all pictures, changed in place.
        paths: the files of all pictures.
        thumbnails: number → thumbnail, of near copies and of pictures with too little in them to
            be linked.
    """
    alike: defaultdict[bytes, list[int]] = defaultdict(list)
    for row, thumbnail in thumbnails.items():
        alike[thumbnail].append(row)
    number = np.arange(len(content))
    for rows in alike.values():
        first: dict[bytes, int] = {}
        for row in rows if len(rows) > 1 else ():
            number[row] = first.setdefault(_pixels(paths[row]), row)
    content[:] = number[content]


def _pixels(path: str) -> bytes:
    """A hash of all pixels of a picture; its path if it can no longer be read."""
    try:
        pixels = decode(path)
    except DataError:
        return path.encode(errors="surrogateescape")
    return blake2b(pixels.tobytes(), salt=repr(pixels.shape[:2]).encode()[:16]).digest()


def _faults(paths: Sequence[str]) -> dict[int, str]:
    """Position → why it cannot be read."""
    faults = {}
    for row, path in enumerate(paths):
        try:
            decode(path, 1)
        except DataError as error:
            faults[row] = str(error)
    return faults


def _pictures(parts: Mapping[Part, Files], content: NDArray[np.intp]) -> Iterator[DuplicatePicture]:
    row = 0
    for part, files in parts.items():
        for path, label in zip(files.paths, files.labels.tolist(), strict=True):
            yield DuplicatePicture(path, part, label, int(content[row]))
            row += 1


def _grouped(
    pictures: Iterator[DuplicatePicture],
    content: NDArray[np.intp],
    links: NDArray[np.intp],
    distances: NDArray[np.intp],
) -> Iterator[DuplicateGroup]:
    """Groups of two or more pictures that have the same content or are linked."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(content)
    ends = content[links].T
    graph = coo_array((np.ones(len(links)), ends), shape=(count, count)).tocsr()
    groups = connected_components(graph, directed=False)[1][content]
    farthest = np.zeros(count, np.intp)
    apart = ends[0] != ends[1]
    np.maximum.at(farthest, groups[ends[0][apart]], distances[apart])
    sizes = np.bincount(groups, minlength=count)
    members: defaultdict[int, list[DuplicatePicture]] = defaultdict(list)
    for group, picture in zip(groups.tolist(), pictures, strict=True):
        if sizes[group] > 1:
            members[group].append(picture)
    for group, together in members.items():
        yield DuplicateGroup(tuple(together), int(farthest[group]))


def _leaks(group: DuplicateGroup) -> Iterator[Twins]:
    first: dict[tuple[Part, int | None], DuplicatePicture] = {}
    for picture in group.pictures:
        first.setdefault((picture.part, None), picture)
        first.setdefault((picture.part, picture.content), picture)
    for picture in group.pictures:
        for part in PARTS[: PARTS.index(picture.part)]:
            if other := first.get((part, picture.content)) or first.get((part, None)):
                yield Twins(picture, other)
                break


def _conflict(group: DuplicateGroup) -> Twins:
    """Two pictures of different classes; the same picture in both, if there is one."""
    first: dict[int, DuplicatePicture] = {}
    for picture in group.pictures:
        other = first.setdefault(picture.content, picture)
        if other.label != picture.label:
            return Twins(other, picture)
    one, *others = group.pictures
    return Twins(one, next(each for each in others if each.label != one.label))
