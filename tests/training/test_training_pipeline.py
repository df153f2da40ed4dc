"""A training that cannot be is refused before its pictures are decoded."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import nin
from nin.backends.distribution import Layout
from nin.errors import BackendError, NinError

TABLE = """
[[stages]]
widths = [4]
padding = "valid"
kernel_size = 7
[[stages]]
widths = ["classes"]
kernel_size = 1
"""
CODE = """
import keras

def net(num_classes, input_shape):
    return keras.Sequential([
        keras.Input(input_shape), keras.layers.Conv2D(num_classes, 7),
        keras.layers.GlobalAveragePooling2D(),
    ])
"""


@pytest.mark.parametrize(("file", "name"), [("own.toml", "own.toml"), ("own.py", "own.py:net")])
def test_a_size_that_ones_own_network_cannot_take(tmp_path, monkeypatch, file, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / file).write_text(TABLE if file.endswith("toml") else CODE)
    for label in ("dark", "light"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for number in range(8):
            pixels = np.full((8, 8, 3), number, np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / label / f"{number}.png")
    (tmp_path / "photos/dark/bad.png").write_bytes(b"it would be named if it were decoded")
    with pytest.raises(NinError, match=r"(cannot take images of 3x3|shape=.None, 3, 3, 3)"):
        nin.train("photos", preset=name, image_size=3, epochs=1)
    assert not (tmp_path / "runs").exists()


@pytest.fixture
def arrays(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return np.zeros((40, 12, 12, 1), np.uint8), np.arange(40) % 10


def test_a_table_of_stages_with_other_classes(arrays, tmp_path):
    (tmp_path / "own.toml").write_text(TABLE.replace('"classes"', "4"))
    with pytest.raises(NinError, match="ends in 4 maps, and there are 10 classes: let its last wi"):
        nin.train(arrays, tmp_path / "run", preset="own.toml")
    assert not (tmp_path / "run").exists()


class ByHand(nin.LeNet):
    def training_step(self, batch):
        return super().training_step(batch)


class OwnLoss(nin.LeNet):
    def loss(self, Y_hat, Y, averaged=True):
        assert len(Y.shape) == 1
        return super().loss(Y_hat, Y, averaged)


def test_steps_of_ones_own_are_of_one_device(arrays, tmp_path, monkeypatch):
    monkeypatch.setattr("nin.training.custom_hooks.layout", lambda: Layout(devices=2))
    with pytest.raises(BackendError, match=r"ByHand trains by steps .* which one device runs: use"):
        nin.train(arrays, tmp_path / "run", preset=ByHand)


@pytest.mark.parametrize(
    ("network", "options", "said"),
    [
        (ByHand, {"balance": "weights"}, "ByHand trains by steps or a loop of its own, which"),
        (OwnLoss, {"mixup": 0.2}, "OwnLoss.loss takes labels as numbers"),
    ],
)
def test_what_steps_and_losses_of_ones_own_cannot_take(arrays, tmp_path, network, options, said):
    with pytest.raises(NinError, match=said):
        nin.train(arrays, tmp_path / "run", preset=network, **options)
    assert not (tmp_path / "run").exists()
