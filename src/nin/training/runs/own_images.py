"""The images that a run was trained on: finds them, and checks that they are still the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from nin.data import NAMED, DataModule, ImageData, ImageFolder
from nin.data.folders.membership import UNKNOWN, Membership
from nin.data.source_listing import is_source, missing_shards
from nin.data.sources import as_images, is_in_process
from nin.errors import Advice, Argument, RunError
from nin.names import normalized
from nin.training.recipe import Recipe
from nin.training.runs.dataset import is_in_memory, open_images
from nin.training.runs.images_file import ARRAYS, open_kept
from nin.training.runs.locations import candidates
from nin.training.runs.membership_file import read_membership
from nin.training.runs.run_format import RunRecord
from nin.urls import is_url


class OwnImages:
    """The images that a run was trained on.

    Args:
        path: the run directory.
        record: what its ``run.json`` holds.
        recipe: how the run is trained.
    """

    def __init__(self, path: Path, record: RunRecord, recipe: Recipe) -> None:
        self.path, self.record, self.recipe = path, record, recipe
        self.classes = tuple(map(normalized, record["classes"]))
        self.bit_depth: int | None = record["data"].get("bit_depth")

    def membership(self) -> Membership | None:
        """Which picture was in which part; None for published sets, and for earlier runs.

        Raises:
            RunError: the file that records it is damaged.
        """
        return read_membership(self.path, len(self.classes))

    def open(
        self, data: Any = None, *, skip_bad: bool = False, is_untrained: bool = False
    ) -> ImageData:
        """The images to continue training with, wherever they are now.

        Args:
            data: images in memory, in place of those that the run keeps; required for loaders.
            skip_bad: skip images of a folder that cannot be read.
            is_untrained: whether training has not begun yet, so that pictures may have been
                repaired, removed or added within the same classes.

        Raises:
            DataError: the images cannot be read.
            RunError: they cannot be found, or some were added, removed or changed.
        """
        if data is not None:
            return self._given(data)
        if not self.record["data"].get("exact", True):
            raise RunError(
                f"{self.path} was trained on {self.record['data']['source']}, which no run keeps",
                f"continue in Python: nin.resume({str(self.path)!r}, data=...)",
            )
        known, problem = self.membership(), ""
        for place, found in self.opened(known, skip_bad, self.bit_depth):
            if self.is_the_same(found) or (is_untrained and self._has_some(found, known)):
                return found
            problem = problem or self.change(place, found, known)
        raise RunError(problem or self.lost())

    def _given(self, data: Any) -> ImageData:
        """The given images, if they are those of the run as far as this can be checked."""
        if not is_in_memory(self.recipe.data):
            raise RunError(
                f"{self.path} was trained on {self.recipe.data}, not on images in memory",
                Advice("leave out {}", Argument("data")),
            )
        if not isinstance(data, DataModule):
            data = as_images(data, classes=self.classes)
        found = open_images(self.recipe.revised(data=data))
        is_exact = self.record["data"].get("exact", True)
        shape = tuple(self.record["data"]["image_shape"])
        is_alike = (found.classes, found.image_shape) == (self.classes, shape)
        if not is_alike or (is_exact and not self.is_the_same(found)):
            raise RunError(
                f"these are not the images that {self.path} was trained on, or they are divided"
                " differently"
            )
        return found

    def opened(
        self, known: Membership | None, skip_bad: bool, bit_depth: int | None
    ) -> Iterator[tuple[str, ImageData]]:
        """The images, with their place, from each place where they exist, the likeliest first."""
        name = self.recipe.data
        if name in NAMED:
            yield name, open_images(self.recipe)
            return
        if is_in_process(name):
            if (file := self.path / ARRAYS).exists():
                yield str(file), open_kept(file, self.recipe)
            return
        for place in candidates(name, self.path, self.record):
            if is_source(place):
                recipe = self.recipe.revised(data=str(place))
                yield (
                    str(place),
                    open_images(recipe, skip_bad=skip_bad, membership=known, bit_depth=bit_depth),
                )

    def is_the_same(self, data: ImageData) -> bool:
        """Whether these are the images that the run was trained on, divided as they were."""
        digest: str = self.record["data"]["fingerprint"]
        return data.fingerprint() == digest

    def _has_some(self, data: ImageData, known: Membership | None) -> bool:
        """Whether a folder has the run's classes, and any of its pictures."""
        if known is None or not isinstance(data, ImageFolder) or data.classes != self.classes:
            return False
        return bool(np.isin(known.own().digests, data.membership().digests).any())

    def lost(self) -> str:
        """The error message for images that cannot be found."""
        if is_in_process(self.recipe.data):
            return f"{self.path / ARRAYS} is missing: it holds the images of the run"
        places = candidates(self.recipe.data, self.path, self.record)
        there = [place for place in places if is_url(place) or place.parent.is_dir()]
        missing = next(filter(None, map(missing_shards, there)), None)
        where = f"at {', '.join(map(str, places))}" + (f" ({missing})" if missing else "")
        return f"the images of {self.path} cannot be found {where}"

    def change(self, place: str, data: ImageData, known: Membership | None) -> str:
        """The error message for images that have changed since training."""
        changed = f"{place} no longer holds the images that {self.path} was trained on"
        if data.classes != self.classes:
            return f"{changed}: its classes are {', '.join(data.classes)}"
        if known is None or not isinstance(data, ImageFolder):
            return changed
        now = data.membership().digests
        new = int((known.codes(now) == UNKNOWN).sum())
        missing = int((~np.isin(known.own().digests, now)).sum())
        return f"{changed}: {new:,} are new, {missing:,} are missing"
