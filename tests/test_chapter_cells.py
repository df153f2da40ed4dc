"""The chapter's cells, as they stand, with `import nin as d2l` in place of the book's import."""

from __future__ import annotations

import chapter_cells
import keras
import numpy as np
import pytest

import nin
from nin.data import ImageData, Split

WALK = "NiN().layer_summary((1, 224, 224, 1))"
TRAIN = """
trainer = d2l.Trainer(max_epochs=10)
data = d2l.FashionMNIST(batch_size=128, resize=(224, 224))
with d2l.try_gpu():
    model = NiN(lr=0.05)
    trainer.fit(model, data)
"""


class FewClothes(ImageData):
    """Stands in for Fashion-MNIST, which a test must not download: bars of two heights."""

    def __init__(self, batch_size, resize):
        super().__init__("few", tuple("0123456789"), (28, 28, 1), batch_size, resize)

    def load(self, part):
        labels = np.array([0, 9], np.int32)
        images = np.zeros((2, 28, 28, 1), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[: 2 * label + 6] = 200
        return {part: Split(images, labels)}


@pytest.fixture
def cells(monkeypatch):
    monkeypatch.setattr(nin, "FashionMNIST", FewClothes)
    keras.utils.set_random_seed(0)
    return chapter_cells.run()


def test_the_walk_prints_the_ten_lines(cells, capsys):
    chapter_cells.run(WALK, cells)
    assert capsys.readouterr().out == chapter_cells.TEN_LINES


def test_our_own_class_prints_the_same(capsys):
    nin.NiN().layer_summary((1, 224, 224, 1))
    assert capsys.readouterr().out == chapter_cells.TEN_LINES


@pytest.mark.slow
def test_the_training_cell_runs_after_the_walk(cells, capsys):
    chapter_cells.run(WALK, cells)
    chapter_cells.run(TRAIN, cells)
    trainer, model = cells["trainer"], cells["model"]
    assert len(trainer.history["val_accuracy"]) == 10
    assert trainer.health.died is None
    assert model.count_params() == 1_992_166
    assert "Figure" not in "".join(capsys.readouterr())
    assert np.isfinite(trainer.history["loss"]).all()
    logits = model.predict(cells["data"].test.images, verbose=0)
    assert (logits > 0).any()
