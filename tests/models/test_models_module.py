"""`Module` and `Classifier` as the book's cells fill them in, one method after the other."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

import nin
from nin.errors import NinError

X = np.random.default_rng(0).random((5, 4, 4, 1), np.float32)


def numpy(tensor):
    return ops.convert_to_numpy(tensor)


class Doubled(nin.Module):
    def forward(self, X):
        return 2 * X


@pytest.mark.every_backend
def test_forward_is_used_wherever_it_was_defined():
    class Later(nin.Module):
        pass

    class Inherited(Doubled):
        pass

    model = Later()
    with pytest.raises(NinError, match=r"Later has no network: set self\.net, or define forward"):
        model(X)
    Later.forward = lambda _, X: 3 * X
    np.testing.assert_allclose(numpy(model(X)), 3 * X)
    Later.forward = lambda _, X: 4 * X
    np.testing.assert_allclose(numpy(model(X)), 4 * X)
    np.testing.assert_allclose(numpy(Inherited()(X)), 2 * X)


@pytest.mark.every_backend
def test_forward_is_passed_whether_it_trains():
    passed = []

    class Recording(nin.Module):
        def forward(self, X):
            passed.append(self.training)
            return X

    model = Recording()
    model(X)
    model(X, training=True)
    model(X)
    assert passed == [False, True, False]


def test_a_reader_sets_training_as_the_book_does():
    class Dropped(nin.Module):
        def __init__(self):
            super().__init__()
            self.net = keras.layers.Dropout(0.5)

    model = Dropped()
    model.training = True
    assert (numpy(model(X)) == 0).any()
    model.training = False
    np.testing.assert_array_equal(numpy(model(X)), X)


@pytest.mark.every_backend
def test_a_variable_of_the_backend_becomes_a_weight():
    backend = keras.backend.backend()
    if backend == "jax":
        pytest.skip("JAX has no variables")
    framework = pytest.importorskip(backend)

    class Scratch(nin.Module):
        def __init__(self):
            super().__init__()
            if backend == "torch":
                self.w = framework.nn.Parameter(framework.ones(2))
            else:
                self.w = framework.Variable([1.0, 1.0])
                self.steps = framework.Variable(0, trainable=False)

        def forward(self, X):
            return X * self.w

    model = Scratch()
    assert [weight.path for weight in model.trainable_variables] == ["w"]
    assert isinstance(model.w, keras.Variable)
    model.set_weights([np.array([2, 3], "float32"), *model.get_weights()[1:]])
    np.testing.assert_array_equal(numpy(model(np.ones((1, 2), "float32"))), [[2, 3]])


@pytest.mark.every_backend
@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="TensorFlow's own")
def test_a_variable_of_tensorflow_needs_tensorflow():
    tensorflow = pytest.importorskip("tensorflow")
    model = Doubled()
    with pytest.raises(
        NinError, match=r"self\.w is a TensorFlow variable.*set KERAS_BACKEND=tensorflow"
    ):
        model.w = tensorflow.Variable([1.0])


@pytest.mark.every_backend
def test_a_classifier_needs_no_net():
    class Own(nin.Classifier):
        def __init__(self):
            super().__init__()
            self.hidden = keras.layers.Dense(7)
            self.out = keras.layers.Dense(3)

        def forward(self, X):
            return self.out(self.hidden(ops.reshape(X, (X.shape[0], -1))))

    model = Own()
    assert model.is_fresh
    model.build((None, 4, 4, 1))
    assert model.count_params() == 16 * 7 + 7 + 7 * 3 + 3
    assert model(X).shape == (5, 3)
    with pytest.raises(NinError, match="Own has no class maps: its forward or call is its own"):
        model.class_maps(X)
    with pytest.raises(NinError, match=r"Own has no self\.net, whose layers could be listed"):
        model.layer_summary((1, 4, 4, 1))


def test_plot_needs_a_trainer():
    with pytest.raises(NinError, match=r"Doubled\.plot draws while a Trainer trains"):
        Doubled().plot("loss", 1.0, train=True)


@pytest.mark.every_backend
def test_apply_init_makes_the_weights_and_sets_them():
    class Flat(nin.Classifier):
        def __init__(self):
            super().__init__()
            self.net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])

    def ones(layer):
        if isinstance(layer, keras.layers.Dense):
            layer.kernel.assign(ops.ones(layer.kernel.shape))

    model = Flat()
    model.apply_init([X], ones)
    np.testing.assert_allclose(numpy(model(X))[:, 0], X.sum(axis=(1, 2, 3)), rtol=1e-5)
    model.apply_init([X], nin.init_cnn)
    assert len(set(model.get_weights()[0].ravel().tolist())) == 48


def test_the_board_is_made_anew_in_the_same_look():
    model = Doubled()
    model.board.yscale = "log"
    model.board.draw(1, 2, "loss")
    board = model.board.renewed()
    assert (board.points, board.yscale) == ({}, "log")


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras's own name there")
def test_the_default_forward_can_be_called_and_extended():
    class Plain(nin.Module):
        def __init__(self):
            super().__init__()
            self.net = keras.layers.Flatten()

    class Twice(Plain):
        def forward(self, X):
            return 2 * super().forward(X)

    np.testing.assert_allclose(numpy(Plain().forward(X)), X.reshape(5, -1))
    np.testing.assert_allclose(numpy(Twice()(X)), 2 * X.reshape(5, -1))
