"""What Keras 3 lacks is explained in one line, with the way out."""

from __future__ import annotations

import keras
import pytest

import nin
from nin.errors import NinError
from nin.models.removed_in_keras3 import explained_errors, sequential_of_one_layer


class Counted(keras.layers.Layer):
    def call(self, X):
        self.add_update(1)
        return X


class Listed(keras.layers.Layer):
    def __init__(self):
        super().__init__()
        self.parts = [keras.layers.ReLU()]

    def call(self, X):
        for part in self.parts.layers:
            X = part(X)
        return X


class Net(nin.Classifier):
    def __init__(self, layer, lr=0.1):
        super().__init__()
        self.lr = lr
        self.net = keras.Sequential([layer, keras.layers.Flatten(), keras.layers.Dense(10)])


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (Counted, "Counted calls add_update, which Keras 3 does not have: delete the call"),
        (Listed, "in Keras 3 a list of layers has no .layers: iterate over the list itself"),
    ],
)
def test_a_cell_is_told_its_fault(layer, said):
    with pytest.raises(NinError) as raised:
        Net(layer()).layer_summary((1, 8, 8, 1))
    assert str(raised.value).startswith(said)
    with pytest.raises(NinError):
        nin.Trainer(max_epochs=1, verbose=False).fit(Net(layer()), nin.Digits(limit=20))


def test_a_sequential_of_one_layer_is_made_as_in_keras_2():
    class Old(nin.Classifier):
        def __init__(self):
            super().__init__()
            self.net = keras.Sequential(keras.Sequential([keras.layers.Flatten()]))

    assert [type(layer) for layer in Old().net.layers] == [keras.Sequential]
    with pytest.raises(TypeError):
        keras.Sequential(keras.layers.Flatten())


def test_sequential_is_restored_however_blocks_overlap():
    before = keras.Sequential.__init__
    first, second = sequential_of_one_layer(), sequential_of_one_layer()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert len(keras.Sequential(keras.layers.ReLU()).layers) == 1
    second.__exit__(None, None, None)
    assert keras.Sequential.__init__ is before


def test_a_call_that_needs_training_is_told():
    class Needy(keras.layers.Layer):
        def call(self, X, training):
            return X

    class Own(nin.Classifier):
        def __init__(self):
            super().__init__()
            self.net = keras.Sequential([keras.Input((8, 8, 1)), Needy()])

    with pytest.raises(NinError, match=r"Needy\.call requires training.*training=None"):
        Own()


def test_other_errors_stay_as_they_are():
    with pytest.raises(ZeroDivisionError), explained_errors():
        1 / 0  # noqa: B018
