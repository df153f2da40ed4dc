"""The book's residual blocks in a network of a reader's, on every backend."""

import keras
import pytest

import nin as d2l


class Small(d2l.Classifier):
    def __init__(self, block, lr=0.1):
        super().__init__()
        self.save_hyperparameters()
        head = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(10)]
        self.net = keras.Sequential([block, *head])


@pytest.mark.every_backend
@pytest.mark.parametrize("size", [(9, 9), (12, 7)])
@pytest.mark.parametrize(
    "block",
    [
        lambda: d2l.Residual(8, use_1x1conv=True, strides=2),
        lambda: d2l.ResNeXtBlock(8, 4, 1, use_1x1conv=True, strides=2),
    ],
)
def test_they_halve_what_a_network_is_given_whatever_its_size(block, size, capsys):
    model = Small(block())
    model.layer_summary((2, *size, 4))
    halved = tuple(-(-side // 2) for side in size)
    assert f"output shape:\t {(2, *halved, 8)}" in capsys.readouterr().out
    assert tuple(model(d2l.normal((3, 20, 20, 4))).shape) == (3, 10)
