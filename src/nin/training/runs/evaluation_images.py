"""`EvaluationImages`: images to evaluate a run on, and how they differ from those set aside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.data import ImageData, Pictures, Split
from nin.errors import RunError
from nin.names import listed, normalized


class EvaluationImages(NamedTuple):
    """Images that a run is evaluated on.

    Attributes:
        part: ``"test"`` or ``"validation"``; ``"all"`` of other data that has no parts.
        split: the images, with labels that are positions in the run's classes.
        data: the data they come from; the run's own folder is reduced to them.
        source: the folder, or the name of the data set.
        is_other: whether this is other data than was set aside for evaluation in training.
        new: how many pictures in the folder were not there in training; they are left out.
        missing: how many of those set aside for evaluation are no longer there.
        relabelled: how many of the images have another class than in training.
        trained_on: how many of them were used in training, or to choose the epoch; None if unknown,
            because the run did not record which, or its own images are not here or have changed.
    """

    part: str
    split: Split
    data: ImageData
    source: str
    is_other: bool = False
    new: int = 0
    missing: int = 0
    relabelled: int = 0
    trained_on: int | None = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each image of `split`: its file, or its position in the data set."""
        parts = [part for part in self.data.parts if self.part in (part, "all")]
        return tuple(name for part in parts for name in self.data.names(part))

    def report(self) -> dict[str, Any]:
        """Everything but the images, ready for JSON."""
        return {
            name: value for name, value in self._asdict().items() if name not in ("split", "data")
        }

    def notes(self) -> list[str]:
        """What a user has to know about them, one line each."""
        lines = {
            f"{_images(self.new)} added to {self.source} since training: left out": self.new,
            f"{_images(self.missing)} missing from {self.source} of those set aside for"
            " evaluation": self.missing,
            f"{_images(self.relabelled)} changed class since training: evaluated with their"
            " present class": self.relabelled,
            f"{_images(self.trained_on or 0)} of {self.source} used in training: accuracy on new"
            " ones may be lower": self.trained_on,
            f"it is not known how many images of {self.source} were used in training: accuracy on"
            " new ones may be lower": self.trained_on is None,
        }
        return [line for line, holds in lines.items() if holds]


def class_positions(names: Sequence[str], classes: Sequence[str]) -> NDArray[np.int32]:
    """Where each of `names` is in `classes`; -1 where it is not.

    Names are compared in one Unicode form: file systems differ in which they use.
    """
    known = {normalized(name): place for place, name in enumerate(classes)}
    places = [known.get(normalized(name), -1) for name in names]
    return np.array(places, np.int32)


def check_classes(names: Sequence[str], classes: Sequence[str], what: str) -> None:
    """Refuse data with classes that a run was not trained on.

    Args:
        names: the data's classes.
        classes: the run's classes.
        what: the data, for the message.

    Raises:
        RunError: there are such classes; the message names them.
    """
    places = class_positions(names, classes).tolist()
    unknown = [name for name, place in zip(names, places, strict=True) if place < 0]
    if unknown:
        raise RunError(
            f"{what} has classes that the run does not have: {listed(unknown, _NAMED)}; it was"
            f" trained on {listed(classes, _NAMED)}"
        )


def with_labels_of(split: Split, names: Sequence[str], classes: Sequence[str]) -> Split:
    """The same images, with labels that are positions in `classes` instead of in `names`."""
    return Split(split.images, class_positions(names, classes)[split.labels])


def final_split(data: ImageData) -> tuple[str, Split]:
    """The images a finished training is evaluated on: the test part, else the held-out one."""
    if "test" in data.parts:
        return "test", data.test
    return "validation", data.validation_split


def every_image(data: ImageData) -> Split:
    """All parts of `data` together."""
    parts = [data.split(part) for part in data.parts]
    return Split(
        _joined([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


#: How many classes a message names.
_NAMED = 10


def _images(count: int) -> str:
    return f"{count:,} image{'' if count == 1 else 's'}"


def _joined(parts: Sequence[Any]) -> Any:
    if isinstance(parts[0], Pictures):
        return parts[0].joined(parts[1:])
    return np.concatenate(parts)
