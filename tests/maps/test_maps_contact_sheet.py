"""A sheet of the worst mistakes, with class maps and without."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from nin.maps import contact_sheet
from nin.maps.contact_sheet import MOST, MOST_WITHOUT, draw_mistakes
from nin.maps.picture import save

CLASSES = ("dark", "light", "none")


class Network:
    """Maps that grow with the class, and with the image."""

    def __init__(self):
        self.given = None

    def class_maps(self, images):
        self.given = images
        return np.tile(np.arange(3.0), (len(images), 4, 4, 1)) + images[:, :1, :1, :1] / 255


@pytest.fixture
def run():
    return SimpleNamespace(model=Network(), resize_mode="squash")


def evaluation(count, names=None):
    """All wrong: dark images are called light, the last one most surely."""
    sure = np.linspace(0.5, 0.99, count, dtype=np.float32)
    probabilities = np.stack([1 - sure, sure, np.zeros_like(sure)], axis=1)
    images = np.arange(count, dtype=np.uint8)[:, None, None, None] * np.ones((8, 8, 1), np.uint8)
    return SimpleNamespace(
        classes=CLASSES,
        probabilities=probabilities,
        labels=np.zeros(count, int),
        images=images,
        names=names or tuple(map(str, range(count))),
        mistakes=lambda: np.arange(count)[::-1],
    )


def words(figure):
    return [text.get_text() for text in figure.texts]


def test_the_worst_beside_the_maps_of_truth_and_prediction(run):
    figure = draw_mistakes(run, evaluation(40), has_maps=True)
    assert run.model.given[:, 0, 0, 0].tolist() == [*range(39, 39 - MOST, -1)]
    assert len(figure.axes) == 3 * MOST + 1
    found = words(figure)
    assert [text for text in found if text.startswith(("1. ", "12. "))] == [
        "1. image 39",
        "12. image 28",
    ]
    assert found.count("dark") == found.count("light") == MOST
    assert "0.99 · 1.2" in found
    assert any("first map: the true class" in text for text in found)


def test_without_maps_the_photographs_alone(run):
    figure = draw_mistakes(run, evaluation(40), has_maps=False)
    assert len(figure.axes) == MOST_WITHOUT
    assert "is dark 0.01\npredicted light 0.99" in words(figure)
    assert run.model.given is None


def test_panels_stand_apart_and_inside(run):
    figure = draw_mistakes(run, evaluation(5), has_maps=True)
    boxes = [axes.get_position() for axes in figure.axes[:-1]]
    assert all(0 < box.x0 < box.x1 < 1 and 0 < box.y0 < box.y1 < 1 for box in boxes)
    for first in boxes:
        for second in boxes:
            apart = first.x1 < second.x0 or second.x1 < first.x0
            assert first is second or apart or first.y1 < second.y0 or second.y1 < first.y0


def test_no_mistake_no_sheet(run):
    assert draw_mistakes(run, evaluation(0), has_maps=True) is None


@pytest.mark.parametrize("has_maps", [True, False])
def test_photographs_are_read_from_their_files(run, picture, has_maps):
    files = [picture(f"d/{number}.jpg", size=(30, 20)) for number in range(2)]
    figure = draw_mistakes(run, evaluation(2, tuple(map(str, files))), has_maps)
    assert "1. 1.jpg" in words(figure)
    assert figure.axes[0].images[0].get_array().shape == (320, 480, 3)
    save(figure, Path("sheet.png"), contact_sheet.MARK)
    with Image.open("sheet.png") as written:
        assert written.info["Software"] == "nin evaluate"
