"""A network that predicts at once, as a `Predictor` does."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from nin.data.decoding.decode import decode


class Answers(NamedTuple):
    probabilities: np.ndarray
    maps: np.ndarray | None


class Fake:
    """Maps: brightness for "light", its opposite for "dark", nothing for "none"."""

    path = Path("runs/fake-1")
    classes = ("dark", "light", "none")
    has_maps = True
    side = 8
    resize_mode = "squash"

    def __init__(self):
        self.batches = []

    def read(self, source):
        return decode(source, self.side, 1, self.resize_mode)

    def predict(self, images, maps=False):
        self.batches.append(len(images))
        grey = images.mean(axis=3).astype(np.float32) / 64 - 2
        cells = grey.reshape(len(images), 4, -1, 4, self.side // 4).mean(axis=(2, 4))
        found = np.stack([-cells, cells, np.zeros_like(cells)], axis=-1)
        odds = np.exp(found.mean(axis=(1, 2)))
        return Answers(odds / odds.sum(axis=1, keepdims=True), found if maps else None)


@pytest.fixture
def network():
    return Fake()


@pytest.fixture
def picture(tmp_path, monkeypatch):
    """Make a picture file in an empty folder, which becomes the current one."""
    monkeypatch.chdir(tmp_path)

    def make(name, light=200, size=(30, 20)):
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", size, (light, light, light // 2)).save(path)
        return path

    return make
