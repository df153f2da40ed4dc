"""Networks of this package are what they are, whatever stands in ``keras.json``."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from tiny_network import MNIST

import nin
from nin.errors import NinError


@pytest.fixture
def settings():
    layout, numbers = keras.config.image_data_format(), keras.config.floatx()
    keras.config.set_image_data_format("channels_first")
    keras.config.set_floatx("float64")
    yield
    keras.config.set_image_data_format(layout)
    keras.config.set_floatx(numbers)


@pytest.mark.every_backend
@pytest.mark.usefixtures("settings")
def test_our_networks_take_channels_last_and_compute_in_float32():
    data = nin.Digits(limit=40, batch_size=20)
    model = nin.NiN(stages=MNIST.stages, width=0.1, lr=0.05)
    trainer = nin.Trainer(max_epochs=1, verbose=False)
    trainer.fit(model, data)
    assert np.isfinite(trainer.history["loss"]).all()
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert model(data.test.images[:2]).shape == (2, 10)
    assert keras.config.image_data_format() == "channels_first"
    assert keras.config.floatx() == "float64"


@pytest.mark.usefixtures("settings")
def test_a_readers_own_is_told_what_to_change():
    class Own(nin.Classifier):
        def __init__(self):
            super().__init__()

    with pytest.raises(NinError) as raised:
        Own()
    assert "\n" not in str(raised.value)
    for said in ("Own: Keras is set to channels_first", '"image_data_format"', "keras.json"):
        assert said in str(raised.value)


@pytest.mark.every_backend
@pytest.mark.usefixtures("settings")
def test_averages_are_of_rows_and_columns_whatever_the_setting():
    model = nin.NiN(preset="mnist", width=0.1, pooling="average")
    assert model(np.zeros((2, 28, 28, 1), np.uint8)).shape == (2, 10)
