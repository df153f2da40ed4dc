"""The chapter's cells: the shapes they print, and the class as a reader types it."""

import chapter_cells
import keras
import numpy as np
import pytest

import nin as d2l

NiN = chapter_cells.run()["NiN"]

BOTH = pytest.mark.parametrize("make", [NiN, d2l.NiN], ids=["typed", "imported"])


@pytest.mark.parametrize("make", [NiN, pytest.param(d2l.NiN, marks=pytest.mark.every_backend)])
def test_layer_summary_prints_the_lines_of_the_book(make, capsys):
    model = make()
    assert not model.built
    model.layer_summary((1, 224, 224, 1))
    assert capsys.readouterr().out == chapter_cells.TEN_LINES
    weights = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    model.layer_summary((1, 224, 224, 1))
    assert capsys.readouterr().out == chapter_cells.TEN_LINES
    after = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    assert all(np.array_equal(*pair) for pair in zip(weights, after, strict=True))
    assert model.count_params() == 1_992_166


@BOTH
def test_layer_summary_of_a_built_model(make, capsys):
    model = make(lr=0.05)
    model.build((None, 96, 96, 1))
    model.layer_summary((1, 224, 224, 1))
    assert capsys.readouterr().out == chapter_cells.TEN_LINES


@BOTH
def test_layer_summary_speaks_of_what_the_network_sees(make, capsys):
    model = make()
    model.preprocessing.configure(size=(96, 96))
    model.build((None, 28, 28, 1))
    model.layer_summary((2, 100, 224, 1))
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == "Sequential output shape:\t (2, 23, 54, 96)"
    assert last == "Flatten output shape:\t (2, 10)"


@pytest.mark.slow
@BOTH
def test_network_trains_and_predicts_at_another_size_than_it_printed(make, images, capsys):
    model = make(lr=0.01, num_classes=3)
    model.layer_summary((1, 224, 224, 1))
    assert "(1, 5, 5, 3)" in capsys.readouterr().out
    *_, kernel, bias = model.trainable_weights
    kernel.assign(keras.ops.abs(kernel))
    bias.assign(keras.ops.ones_like(bias))  # No class is dead: there is a gradient.
    x, y = images(4, (70, 80, 1)), np.arange(4) % 3
    model.compile(optimizer=model.configure_optimizers())
    weights = [keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights]
    history = model.fit(x, y, batch_size=4, epochs=1, verbose=0).history
    assert np.isfinite(history["loss"]).all()
    after = [keras.ops.convert_to_numpy(weight) for weight in model.trainable_weights]
    assert not all(np.array_equal(*pair) for pair in zip(weights, after, strict=True))
    assert model.predict(images(2, (67, 67, 1)), verbose=0).shape == (2, 3)


def test_typed_and_imported_class_are_the_same_network(images):
    typed, imported = NiN(), d2l.NiN()
    typed.build((None, 67, 67, 1))
    imported.build((None, 67, 67, 1))
    imported.set_weights(typed.get_weights())
    x = images(2, (67, 67, 1))
    same = (keras.ops.convert_to_numpy(model(x)) for model in (typed, imported))
    np.testing.assert_array_equal(*same)


def test_typed_class_keeps_its_hyperparameters():
    model = NiN(num_classes=4)
    assert model.hparams == {"lr": 0.1, "num_classes": 4}
    assert (model.lr, model.num_classes) == (0.1, 4)
