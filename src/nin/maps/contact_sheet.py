"""A contact sheet of mistakes: each image beside the maps of the true and the predicted class."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from nin.maps import colours
from nin.maps.evidence import Evidence
from nin.maps.layout import EDGE, SMALL, PanelLayout, shortened, tiled, wrapped
from nin.maps.legend import draw_legend, words_of
from nin.maps.picture import DPI, draw_image, draw_photo, value_range, write_into
from nin.maps.predictions import enlarged, photograph
from nin.plotting import default_style

if TYPE_CHECKING:
    from nin.notebook_figure import NotebookFigure

#: Most images on a sheet, and how many stand side by side: with class maps, and without.
MOST, MOST_WITHOUT = 12, 24
ACROSS, ACROSS_WITHOUT = 2, 6
#: The program that made the picture, noted in the file itself.
MARK = "nin evaluate"
ORDER = (
    "numbers before the names: rows of mistakes.csv; first map: the true class; second: the"
    " predicted one"
)


class LabelledPredictions(Protocol):
    """An `nin.training.Evaluation`, or anything with the same attributes."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""

    @property
    def probabilities(self) -> Any:
        """(n, classes): the prediction for each image."""

    @property
    def labels(self) -> Any:
        """(n,): the truth."""

    @property
    def images(self) -> Any:
        """(n, height, width, channels), uint8, as the network takes them."""

    @property
    def names(self) -> tuple[str, ...]:
        """The images' files or positions; empty if unknown."""

    def mistakes(self) -> NDArray[np.intp]:
        """Positions of the misclassified images, the worst first."""


class Mistake(NamedTuple):
    """An image that a network has misclassified.

    Attributes:
        name: its rank among the mistakes, and its file or position.
        photo: (height, width, 3), uint8.
        truth: index of the true class.
        probabilities: (classes,).
    """

    name: str
    photo: NDArray[np.uint8]
    truth: int
    probabilities: NDArray[np.floating]


def draw_mistakes(
    run: Any, evaluation: LabelledPredictions, has_maps: bool
) -> NotebookFigure | None:
    """Draw the worst mistakes of an evaluation.

    Args:
        run: an `nin.Run`; its network makes the maps.
        evaluation: what ``run.evaluate()`` returned.
        has_maps: whether the network has class maps.

    Returns:
        A figure of up to `MOST` images with their maps, or `MOST_WITHOUT` images without; None if
        there are no mistakes.
    """
    worst = evaluation.mistakes()[: MOST if has_maps else MOST_WITHOUT]
    if not len(worst):
        return None
    images = np.asarray(evaluation.images[worst])
    mistakes = [
        _mistake(evaluation, rank, position, image)
        for rank, position, image in zip(count(1), worst.tolist(), images, strict=False)
    ]
    with default_style():
        if not has_maps:
            return _without_maps(mistakes, evaluation.classes)
        return _with_maps(mistakes, evaluation.classes, _class_maps(run, images), run.resize_mode)


def _mistake(
    evaluation: LabelledPredictions, rank: int, position: int, image: NDArray[np.uint8]
) -> Mistake:
    name = evaluation.names[position] if evaluation.names else str(position)
    truth, probabilities = int(evaluation.labels[position]), evaluation.probabilities[position]
    if os.sep in name:
        title, photo = f"{rank}. {Path(name).name}", photograph(name)
        return Mistake(title, photo, truth, probabilities)
    photo = enlarged(np.broadcast_to(image, (*image.shape[:2], 3)))
    return Mistake(f"{rank}. image {name}", photo, truth, probabilities)


def _class_maps(run: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    from nin.data.loader import as_numpy

    return as_numpy(run.model.class_maps(images)).astype(np.float32)


def _with_maps(
    mistakes: Sequence[Mistake], classes: Sequence[str], maps: NDArray[np.float32], resize_mode: Any
) -> NotebookFigure:
    images = [
        Evidence(
            each.name,
            each.photo,
            map_,
            each.probabilities,
            classes,
            (each.truth, int(each.probabilities.argmax())),
            resize_mode,
        )
        for each, map_ in zip(mistakes, maps, strict=True)
    ]
    low, high = value_range(images, None)
    room = tiled(images, ACROSS).size[0] - 2 * EDGE
    words = [*wrapped(ORDER, room, SMALL), *words_of(images, low < 0, None, "", room)]
    layout = tiled(images, ACROSS, len(words))
    figure = _figure(layout)
    for number, image in enumerate(images):
        row, place = divmod(number, ACROSS)
        where = (row, place * layout.together)
        draw_image(figure, layout, where, image, colours.limit(low, high))
    draw_legend(figure, layout, low, high, words)
    return figure


def _without_maps(mistakes: Sequence[Mistake], classes: Sequence[str]) -> NotebookFigure:
    nothing = np.zeros((1, 1, len(classes)), np.float32)
    images = [
        Evidence(each.name, each.photo, nothing, each.probabilities, classes, ())
        for each in mistakes
    ]
    layout = tiled(images, ACROSS_WITHOUT)
    figure = _figure(layout)
    for number, each in enumerate(mistakes):
        where = divmod(number, ACROSS_WITHOUT)
        draw_photo(figure, layout, where, each.photo, each.name)
        lines = (
            f"{words} {shortened(classes[index], layout.width / 2, SMALL)}"
            f" {each.probabilities[index]:.2f}"
            for words, index in (
                ("is", each.truth),
                ("predicted", int(each.probabilities.argmax())),
            )
        )
        write_into(figure, layout.place(*where), "\n".join(lines), at_top=True)
    return figure


def _figure(layout: PanelLayout) -> NotebookFigure:
    from nin.notebook_figure import NotebookFigure

    return NotebookFigure(figsize=layout.size, dpi=DPI, facecolor="white")
