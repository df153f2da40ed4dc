"""The brief's cells, as they stand, with `import nin as d2l` in place of the book's import."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import nin
from nin.data import ImageData, Split

TYPED = """
import tensorflow as tf
import nin as d2l

def nin_block(out_channels, kernel_size, strides, padding):
    return tf.keras.models.Sequential([
    tf.keras.layers.Conv2D(out_channels, kernel_size, strides=strides,
                           padding=padding),
    tf.keras.layers.Activation('relu'),
    tf.keras.layers.Conv2D(out_channels, 1),
    tf.keras.layers.Activation('relu'),
    tf.keras.layers.Conv2D(out_channels, 1),
    tf.keras.layers.Activation('relu')])

class NiN(d2l.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = tf.keras.models.Sequential([
            nin_block(96, kernel_size=11, strides=4, padding='valid'),
            tf.keras.layers.MaxPool2D(pool_size=3, strides=2),
            nin_block(256, kernel_size=5, strides=1, padding='same'),
            tf.keras.layers.MaxPool2D(pool_size=3, strides=2),
            nin_block(384, kernel_size=3, strides=1, padding='same'),
            tf.keras.layers.MaxPool2D(pool_size=3, strides=2),
            tf.keras.layers.Dropout(0.5),
            nin_block(num_classes, kernel_size=3, strides=1, padding='same'),
            tf.keras.layers.GlobalAvgPool2D(),
            tf.keras.layers.Flatten()])
"""
WALK = "NiN().layer_summary((1, 224, 224, 1))"
TRAIN = """
trainer = d2l.Trainer(max_epochs=10)
data = d2l.FashionMNIST(batch_size=128, resize=(224, 224))
with d2l.try_gpu():
    model = NiN(lr=0.05)
    trainer.fit(model, data)
"""
TEN_LINES = """\
Sequential output shape:\t (1, 54, 54, 96)
MaxPooling2D output shape:\t (1, 26, 26, 96)
Sequential output shape:\t (1, 26, 26, 256)
MaxPooling2D output shape:\t (1, 12, 12, 256)
Sequential output shape:\t (1, 12, 12, 384)
MaxPooling2D output shape:\t (1, 5, 5, 384)
Dropout output shape:\t (1, 5, 5, 384)
Sequential output shape:\t (1, 5, 5, 10)
GlobalAveragePooling2D output shape:\t (1, 10)
Flatten output shape:\t (1, 10)
"""


class FewClothes(ImageData):
    """Stands in for Fashion-MNIST, which a test must not download: bars, a height a class."""

    def __init__(self, batch_size, resize):
        super().__init__("few", tuple("0123456789"), (28, 28, 1), batch_size, resize)

    def load(self, part):
        labels = np.arange(20, dtype=np.int32) % 10
        images = np.zeros((20, 28, 28, 1), np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[: 2 * label + 6] = 200
        return {part: Split(images, labels)}


@pytest.fixture
def cells(monkeypatch):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("the brief's cells are written in tf.keras")
    monkeypatch.setattr(nin, "FashionMNIST", FewClothes)
    names: dict = {"__name__": "brief"}
    exec(TYPED, names)
    return names


def test_the_walk_prints_the_ten_lines(cells, capsys):
    exec(WALK, cells)
    assert capsys.readouterr().out == TEN_LINES


def test_our_own_class_prints_the_same(capsys):
    nin.NiN().layer_summary((1, 224, 224, 1))
    assert capsys.readouterr().out == TEN_LINES


@pytest.mark.slow
def test_the_training_cell_runs_after_the_walk(cells, capsys):
    exec(WALK, cells)
    exec(TRAIN, cells)
    trainer, model = cells["trainer"], cells["model"]
    assert len(trainer.history["val_accuracy"]) == 10
    assert trainer.health.died is None
    assert model.count_params() == 1_992_166
    assert "Figure" not in "".join(capsys.readouterr())
    before = trainer.history["loss"]
    assert before[-1] < before[0]
