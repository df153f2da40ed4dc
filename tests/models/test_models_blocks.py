"""`Branches`: order, empty paths, shapes, training, saving."""

import keras
import numpy as np
import pytest
from keras import layers

from nin.accounting import count_parameters
from nin.models import Classifier, DenseNet, densenet
from nin.models.blocks import AveragePooling, Branches
from nin.models.geometry import ends_in_average, flow, leaves, smallest_size


def number(tensor):
    return keras.ops.convert_to_numpy(tensor)


def scaled(factor, channels=1):
    """A 1×1 convolution of one input channel that multiplies by `factor`."""
    ones = {"kernel_initializer": keras.initializers.Constant(factor)}
    return layers.Conv2D(channels, 1, use_bias=False, **ones)


X = np.arange(12, dtype="float32").reshape(1, 3, 4, 1)


@pytest.mark.every_backend
def test_paths_are_joined_in_the_order_given():
    block = Branches([scaled(2)], [], [scaled(3), scaled(5)], join=layers.Concatenate())
    np.testing.assert_allclose(number(block(X)), np.concatenate([2 * X, X, 15 * X], axis=-1))


@pytest.mark.every_backend
def test_an_empty_path_hands_its_input_on():
    np.testing.assert_allclose(number(Branches([scaled(2)], [], join=layers.Add())(X)), 3 * X)
    np.testing.assert_array_equal(number(Branches([], [], join=layers.Subtract())(X)), 0 * X)


@pytest.mark.every_backend
@pytest.mark.parametrize("size", [(9, 7), (None, None)])
def test_shapes_are_known_beforehand(size):
    inner = Branches([], [layers.Conv2D(2, 3, padding="same")], join=layers.Concatenate())
    block = Branches([inner], [layers.Conv2D(3, 1)], join=layers.Concatenate())
    assert block.compute_output_shape((None, *size, 4)) == (None, *size, 9)
    assert not block.built
    block.build((None, *size, 4))
    assert block.built
    assert block(np.zeros((2, 9, 7, 4), "float32")).shape == (2, 9, 7, 9)
    assert block.count_params() == count_parameters(block, (9, 7, 4))


@pytest.mark.every_backend
def test_training_reaches_the_paths():
    block = Branches(
        [layers.Dropout(0.9)], [layers.BatchNormalization()], join=layers.Concatenate()
    )
    x = np.ones((4, 3, 4, 1), "float32")
    resting, training = (number(block(x, training=mode)) for mode in (False, True))
    np.testing.assert_allclose(resting, 1, atol=1e-3)
    assert (training[..., 0] == 0).any()
    np.testing.assert_allclose(training[..., 1], 0, atol=1e-3)


def test_layers_are_met_in_the_order_of_the_paths():
    block = Branches([layers.ReLU()], [], [layers.ELU(), layers.Flatten()], join=layers.Add())
    net = keras.Sequential([block, keras.Sequential([layers.Softmax()])])
    assert [type(layer).__name__ for layer in leaves(net)] == [
        "ReLU",
        "Identity",
        "ELU",
        "Flatten",
        "Add",
        "Softmax",
    ]
    signals = []

    def visit(layer, signal):
        signals.append(signal)
        return type(layer).__name__

    assert flow(net, "image", visit) == "Softmax"
    assert signals == ["image", "image", "image", "ELU", ["ReLU", "Identity", "Flatten"], "Add"]


class Forked(Classifier):
    """A reader's own network of branches."""

    def __init__(self, lr=0.1, num_classes=3):
        super().__init__()
        self.save_hyperparameters()
        path = [layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization()]
        self.net = keras.Sequential(
            [
                Branches(path, [layers.Conv2D(4, 1)], join=layers.Add()),
                Branches([], [layers.MaxPooling2D(3, 1, "same")], join=layers.Concatenate()),
                layers.MaxPooling2D(2),
                layers.GlobalAveragePooling2D(),
                layers.Dense(num_classes),
            ]
        )


@pytest.mark.every_backend
def test_a_network_of_branches_takes_any_size():
    model = Forked()
    assert ends_in_average(model.net)
    assert smallest_size(model.net) == 2
    model.build((None, 8, 8, 1))
    assert model(np.zeros((1, 5, 9, 1), np.uint8)).shape == (1, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [pytest.param(Forked, marks=pytest.mark.every_backend), lambda: DenseNet(num_classes=3)],
)
def test_branches_are_saved_with_all_their_weights(make, tmp_path, images, monkeypatch):
    monkeypatch.setattr(densenet, "DENSE_BLOCKS", (2, 2))
    model, x = make(), images(3, (32, 32, 1))
    model.compile(optimizer="sgd")
    model.fit(x, np.array([0, 1, 2]), verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is type(model)
    for old, new in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    again.fit(x, np.array([0, 1, 2]), verbose=0)


@pytest.mark.every_backend
@pytest.mark.parametrize("size", [5, 6])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_an_average_is_of_what_lies_within_the_image(size, padding):
    """Of images that vary: on PyTorch Keras's own repeats the last row and column of even sizes."""
    x = np.random.default_rng(0).random((2, size, size, 3), np.float32)
    # "same" on 5: windows begin at -1, 1, 3; on 6: at 0, 2, 4.
    starts = range(-(size % 2), size - 1, 2) if padding == "same" else range(0, size - 2, 2)
    parts = [slice(max(0, at), at + 3) for at in starts]
    expected = [[x[:, rows, columns].mean((1, 2)) for columns in parts] for rows in parts]
    pooled = AveragePooling(pool_size=3, strides=2, padding=padding)(x)
    np.testing.assert_allclose(number(pooled), np.moveaxis(np.array(expected), 2, 0), rtol=1e-5)
