"""The images of a run: those it was trained on, and those it is evaluated on."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.data import NAMED, ImageData, ImageFolder, Pictures, Split
from nin.data.decoding.image_arrays import fitted_images
from nin.data.folders.listing import Files
from nin.data.folders.membership import UNKNOWN, USED, Membership
from nin.data.in_memory.npz_file import is_npz
from nin.data.registry import catalogue
from nin.data.source_listing import is_source
from nin.data.sources import is_in_process
from nin.data.split import PARTS, Part
from nin.data.storage.url_path import source_path
from nin.errors import Advice, Argument, DataError, NinError, RunError
from nin.training.recipe import as_text
from nin.training.runs.dataset import open_images, open_others
from nin.training.runs.evaluation_images import (
    EvaluationImages,
    check_classes,
    class_positions,
    every_image,
    final_split,
    with_labels_of,
)
from nin.training.runs.locations import candidates
from nin.training.runs.own_images import OwnImages
from nin.urls import is_url


class RunImages(OwnImages):
    """The images of a run, and those that it is evaluated on."""

    def for_evaluation(self, data: Any = None, *, skip_bad: bool = False) -> EvaluationImages:
        """The images to evaluate the run on.

        Args:
            data: a named data set, a folder or an ``.npz`` file; or images, such as ``(x, y)``.
                None for those that were set aside for evaluation in training. All images of a
                folder without parts are used, but only those set aside if it is the run's own
                folder that has moved.
            skip_bad: skip images of a folder that cannot be read.

        Raises:
            DataError: the images cannot be found or read.
            RunError: they are of classes that the run was not trained on, or not those of the run.
        """
        if isinstance(data, Path):
            data = as_text(data)
        if isinstance(data, str) and is_url(data):
            data = str(source_path(data))
        if not (data is None or isinstance(data, str)):
            return self._others(data, skip_bad)
        if data is None or data == self.recipe.data in NAMED:
            return self._own(None, skip_bad)
        return self._moved(data, skip_bad) or self._others(data, skip_bad)

    def trained(self) -> EvaluationImages:
        """The images that the run was trained on.

        Raises:
            DataError: the images cannot be found or read.
            RunError: they are no longer those of the run.
        """
        return self._own("train", skip_bad=False)

    def _own(self, part: Part | None, skip_bad: bool) -> EvaluationImages:
        """The run's own images of a part; None for the part that it is evaluated on."""
        known, problem = self.membership(), ""
        skip_bad = skip_bad or bool(self.record.get("skip_bad", False))
        # The bit depth of the training, whatever pictures there are now; 8 if none is recorded.
        for place, data in self.opened(known, skip_bad, self.bit_depth or 8):
            if known is not None and isinstance(data, ImageFolder):
                found = self._known(data, known, part or known.evaluation_part(), place)
                if found is not None:
                    return found
                problem = problem or f"{place} holds none of the images of {self.path}"
            elif self.is_the_same(data):
                name, split = (part, data.split(part)) if part else final_split(data)
                return EvaluationImages(name, split, data, place)
            else:
                problem = problem or self.change(place, data, known)
        if problem and (self.recipe.data in NAMED or is_in_process(self.recipe.data)):
            raise RunError(problem)
        if not problem:
            way = "name the place where they are now, or other images: {}"
            raise RunError(self.lost(), Advice(way, Argument("data")))
        way = "to evaluate on what is there, as other data, name it: {}"
        raise RunError(problem, Advice(way, Argument("data")))

    def _moved(self, data: str, skip_bad: bool) -> EvaluationImages | None:
        """The run's own images if they are now in `data`, and no longer where they were."""
        if is_npz(data):  # A folder's pictures do not move into a file.
            return self._moved_file(data) if is_npz(self.recipe.data) else None
        known = self.membership()
        places = candidates(self.recipe.data, self.path, self.record)
        if known is None or data in NAMED or any(map(is_source, places)):
            return None
        recipe = self.recipe.revised(data=data)
        skip_bad = skip_bad or bool(self.record.get("skip_bad", False))
        depth = self.bit_depth or 8
        try:
            folder = open_images(recipe, skip_bad=skip_bad, membership=known, bit_depth=depth)
        except DataError:  # A folder that cannot be trained on may be one to evaluate on.
            return None
        if not isinstance(folder, ImageFolder):
            return None
        own = known.own()
        there = np.isin(own.digests, folder.membership().digests)
        held_out = own.parts == PARTS.index(known.evaluation_part())
        if not there[held_out].all() or not there[~held_out].any():
            return None
        return self._known(folder, known, known.evaluation_part(), data)

    def _moved_file(self, data: str) -> EvaluationImages | None:
        """The run's own images if `data` is their file, wherever it is now."""
        try:
            found = open_images(self.recipe.revised(data=data))
        except DataError:  # A file that cannot be trained on may be one to evaluate on.
            return None
        return (
            EvaluationImages(*final_split(found), found, data) if self.is_the_same(found) else None
        )

    def _known(
        self, data: ImageFolder, known: Membership, part: Part, place: str
    ) -> EvaluationImages | None:
        """The pictures of `data` that were in a part; None if none of them are there.

        All other pictures are removed from `data`.
        """
        wanted = known.within(part)
        everything = data.membership()
        # If the folder has been divided anew since, they may be in any of its parts.
        order: list[Part] = [part, *(each for each in data.parts if each != part)]
        files = [data.files(each) for each in order if each in data.parts]
        digests = np.concatenate([data.digests(each) for each in order if each in data.parts])
        labels = np.concatenate([each.labels for each in files])
        now = class_positions(data.classes, self.classes)[labels]
        same = wanted.has(digests, now)
        chosen = _as_often(wanted.digests, digests, same)
        if not len(chosen):
            return None
        strange = sorted({data.classes[label] for label in labels[chosen[now[chosen] < 0]]})
        check_classes(strange, self.classes, place)
        paths = [path for each in files for path in each.paths]
        data.keep(part, Files(paths, labels).take(chosen))
        return EvaluationImages(
            part,
            with_labels_of(data.split(part), data.classes, self.classes),
            data,
            place,
            new=int((known.codes(everything.digests) == UNKNOWN).sum()),
            missing=len(wanted.digests) - len(chosen),
            relabelled=int((~same[chosen]).sum()),
        )

    def _others(self, data: Any, skip_bad: bool) -> EvaluationImages:
        height, width, channels = self.record["model"]["input_shape"]
        shape = (height, width, channels)
        images = open_others(
            data,
            shape,
            self.classes,
            self.recipe.resize_mode,
            self.bit_depth or 8,
            skip_bad=skip_bad,
        )
        if images.has_own_parts and images.parts != ("train",):
            part, split = final_split(images)
        else:
            part, split = "all", every_image(images)
        split = with_labels_of(split, images.classes, self.classes)
        if not isinstance(split.images, Pictures):
            pictures = fitted_images(np.asarray(split.images), shape, self.recipe.resize_mode)
            split = Split(pictures, split.labels)
        if isinstance(images, ImageFolder):
            used = self._used(images, part)
        else:
            used = self.count_used(images, part)
        source = data if isinstance(data, str) else images.name
        return EvaluationImages(part, split, images, source, is_other=True, trained_on=used)

    def count_used(self, data: ImageData, part: str) -> int | None:
        """How many images of a part the run has used, other than for its evaluation.

        Args:
            data: images in memory.
            part: one of its parts, or ``"all"``.

        Returns:
            The number; 0 if the run was trained on a folder, whose pictures are not compared with
            arrays; None if its own images are not here, or no longer known.
        """
        if self.membership() is not None:
            return 0
        here = {each.name for each in catalogue() if each.where is not None}
        if self.recipe.data in NAMED.keys() - here:  # Nothing is downloaded to count.
            return None
        try:
            own = self.open()
        except NinError:
            return None
        if isinstance(own, ImageFolder):
            return 0
        evaluated, _ = final_split(own)
        used = {one for each in own.parts if each != evaluated for one in _contents(own, each)}
        looked_at = [each for each in data.parts if part in (each, "all")]
        return sum(one in used for each in looked_at for one in _contents(data, each))

    def _used(self, data: ImageFolder, part: str) -> int | None:
        """How many pictures of a part the run has used, other than for its evaluation."""
        known = self.membership()
        if known is None:
            places = candidates(self.recipe.data, self.path, self.record)
            is_own = data.path.resolve() in [place.resolve() for place in places]
            return None if is_own and part == "all" else 0
        looked_at = [each for each in data.parts if part in (each, "all")]
        codes = np.concatenate([known.codes(data.digests(each)) for each in looked_at])
        used = [code for code, each in enumerate(PARTS) if each != known.evaluation_part()]
        return int(np.isin(codes, [*used, USED]).sum())


def _contents(data: ImageData, part: Part) -> list[bytes]:
    images = np.asarray(data.split(part).images)
    return [hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in images]


def _as_often(wanted: NDArray[Any], found: NDArray[Any], best: NDArray[np.bool_]) -> Any:
    """Positions in `found` of the values of `wanted`, each as often as in `wanted` at most.

    They are in increasing order. Of too many, those marked `best` are taken, then the first.
    """
    order = np.lexsort((~best, found))
    ranked = found[order]
    rank = np.arange(len(found)) - np.searchsorted(ranked, ranked)
    often = np.searchsorted(np.sort(wanted), ranked, "right")
    often -= np.searchsorted(np.sort(wanted), ranked, "left")
    return np.sort(order[rank < often])
