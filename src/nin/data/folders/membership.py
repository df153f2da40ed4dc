"""`Membership`: which picture is in which part, by content, as a run saves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from nin.data.folders.content import Digests
from nin.data.split import PARTS, Indices, Labels, Part
from nin.errors import DataError

#: The code of pictures that are in no part because of a limit. Codes of parts are those in `PARTS`.
LEFT_OUT = len(PARTS)
#: The code of pictures used by the run that another run starts from; see `of_another_run`.
USED = LEFT_OUT + 1
#: The code of an unknown picture.
UNKNOWN = -1


class Membership(NamedTuple):
    """Pictures by their content, and the part and the class that each is in.

    Attributes:
        digests: (n,), from `nin.data.folders.content.digest_files`.
        parts: (n,), uint8: positions in `nin.data.split.PARTS`, or `LEFT_OUT`, or `USED`.
        labels: (n,), int32: positions in the classes of the folder or run that it belongs to.
    """

    digests: Digests
    parts: NDArray[np.uint8]
    labels: Labels

    @classmethod
    def of(cls, parts: Mapping[Part, tuple[Digests, Labels]], left_out: Digests) -> Self:
        """The membership of pictures that have been divided.

        Args:
            parts: digests and labels of each part.
            left_out: digests of pictures that are in no part.
        """
        codes = [PARTS.index(part) for part in parts]
        sizes = [len(labels) for _, labels in parts.values()]
        return cls(
            np.concatenate([*(digests for digests, _ in parts.values()), left_out]),
            np.repeat(np.array([*codes, LEFT_OUT], np.uint8), [*sizes, len(left_out)]),
            np.concatenate(
                [*(labels for _, labels in parts.values()), np.zeros(len(left_out), np.int32)]
            ),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], classes: int) -> Self:
        """The membership whose `_asdict` was saved, from a file that may not be trusted.

        Args:
            arrays: array by name.
            classes: number of classes.

        Raises:
            DataError: they are not such arrays.
        """
        kinds = {"digests": np.uint64, "parts": np.uint8, "labels": np.int32}
        found = [arrays.get(name) for name in cls._fields]
        if any(
            array is None or array.dtype != kind or array.ndim != 1
            for array, kind in zip(found, kinds.values(), strict=True)
        ):
            raise DataError("it does not hold digests, parts and labels")
        read = cls(*(array for array in found if array is not None))
        if not len(read.digests) == len(read.parts) == len(read.labels):
            raise DataError("its arrays differ in length")
        if (read.parts > USED).any() or ((read.labels < 0) | (read.labels >= classes)).any():
            raise DataError("a part or a class is out of range")
        return read

    def within(self, part: Part) -> Membership:
        """The pictures of one part."""
        chosen = self.parts == PARTS.index(part)
        return Membership(self.digests[chosen], self.parts[chosen], self.labels[chosen])

    def of_another_run(self) -> Membership:
        """The same pictures, as a run sees them that starts from the run they belong to.

        All become `USED`, except those that the earlier run was evaluated on. Those in no part are
        dropped.
        """
        evaluated = PARTS.index(self.evaluation_part())
        parts = np.where(self.parts == evaluated, evaluated, USED).astype(np.uint8)
        taken = self.parts != LEFT_OUT
        return Membership(self.digests[taken], parts[taken], self.labels[taken])

    def evaluation_part(self) -> Part:
        """The part that a run with these pictures is evaluated on."""
        return "test" if (self.parts == PARTS.index("test")).any() else "validation"

    def with_used(self, digests: Digests) -> Membership:
        """These pictures, plus those of `digests` that they are not trained with, as `USED`."""
        others = np.setdiff1d(digests, self.digests[self.parts < PARTS.index("test")])
        return Membership(
            np.concatenate([self.digests, others]),
            np.concatenate([self.parts, np.full(len(others), USED, np.uint8)]),
            np.concatenate([self.labels, np.zeros(len(others), np.int32)]),
        )

    def is_of_another_run(self) -> bool:
        """Whether these are from `of_another_run`: none is in training."""
        return not (self.parts == PARTS.index("train")).any()

    def used(self, digests: Digests) -> Indices:
        """Positions in `digests` of pictures that another run used for more than its evaluation."""
        return np.flatnonzero(self.codes(digests) == USED)

    def own(self) -> Membership:
        """The pictures of the folder itself."""
        chosen = self.parts != USED
        return Membership(self.digests[chosen], self.parts[chosen], self.labels[chosen])

    def is_ambiguous(self) -> bool:
        """Whether copies of a picture are in several parts."""
        inside = self.parts < LEFT_OUT
        pairs = np.unique(np.stack([self.digests[inside], self.parts[inside]]), axis=1)
        return bool(len(np.unique(pairs[0])) < pairs.shape[1])

    def codes(self, digests: Digests) -> NDArray[np.int16]:
        """The code of the part of each picture (n,); `UNKNOWN` if its content is not known.

        Content in several parts gets the highest code.
        """
        order = np.lexsort((self.parts, self.digests))
        kept = self.digests[order]
        after = np.searchsorted(kept, digests, side="right") - 1
        found = np.full(len(digests), UNKNOWN, np.int16)
        known = (
            (after >= 0) & (kept[after] == digests) if len(kept) else np.zeros(len(digests), bool)
        )
        found[known] = self.parts[order][after[known]]
        return found

    def has(self, digests: Digests, labels: Labels) -> NDArray[np.bool_]:
        """Whether each picture (n,) is known under that class."""
        pair = np.dtype([("digest", np.uint64), ("label", np.int32)])
        kept, wanted = np.empty(len(self.digests), pair), np.empty(len(digests), pair)
        kept["digest"], kept["label"] = self.digests, self.labels
        wanted["digest"], wanted["label"] = digests, labels
        return np.isin(wanted, kept)
