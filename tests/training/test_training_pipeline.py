"""A training that cannot be is refused before its pictures are decoded."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import nin
from nin.errors import NinError

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
