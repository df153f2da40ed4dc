"""Keras's `save` and `load_model`, without custom objects, here and in a fresh process."""

import json

import keras
import numpy as np
import pytest

from nin.errors import NinError
from nin.models import VGG, Classifier, LeNet, Module, NiN, Stage, make_net
from nin.networks.lookup import network_name

LOAD = """
import sys
{first}
import keras, numpy as np
for path in sys.argv[1:]:
    model = keras.saving.load_model(path)
    with np.load(path + ".npz") as file:
        arrays = dict(file)
    predictions = model.predict(arrays["x"], verbose=0)
    assert np.array_equal(predictions, arrays["predictions"]), (path, "not the same to the bit")
    loss = model.evaluate(arrays["x"], arrays["y"], verbose=0, return_dict=True)["loss"]
    print(type(model).__module__, type(model).__name__, loss == float(arrays["loss"]))
"""


def perturb(model):
    """Biases other than zero, so that no weight can be lost unseen."""
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        if len(weight.shape) == 1:
            weight.assign(rng.uniform(0.1, 0.2, weight.shape))


@pytest.fixture
def saved(tmp_path, images):
    """Train a network for a step, save it, and keep its predictions beside it."""

    def save(model, shape=(28, 28, 1), **how):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.keras"
        x, y = images(3, shape), np.array([0, 1, 0])
        model.compile(optimizer="sgd", metrics=["accuracy"], **how)
        model.build((None, *shape))
        perturb(model)
        model.fit(x, y, verbose=0)
        predictions = {
            "predictions": model.predict(x, verbose=0),
            "loss": model.evaluate(x, y, verbose=0, return_dict=True)["loss"],
        }
        model.save(path)
        np.savez(f"{path}.npz", x=x, y=y, **predictions)
        return path

    return save


def kept(path):
    """The images and predictions beside a saved network."""
    with np.load(f"{path}.npz") as file:
        return dict(file)


def standardised(model):
    model.preprocessing.configure((30, 26), [0.4], [0.25])
    return model


#: TensorFlow, for one, looks for Keras in the middle of its own import.
LOOK_BEFORE = """
import gc, importlib.util, sys, nin
spec = importlib.util.find_spec("keras")
assert not {"keras", "tensorflow", "jax", "torch", "nin.models"} & set(sys.modules)
too_early = []
def look(_, search):
    if search["generation"] == 2 and not hasattr(sys.modules.get("keras"), "Model"):
        too_early.append(search)
gc.callbacks.append(look)
import keras
assert gc.isenabled()
assert not too_early, "the garbage collector went through what Keras had imported so far"
assert keras.__file__ == spec.origin
assert keras.saving.get_registered_object("nin>NiN").__name__ == "NiN"
assert not any(type(finder).__module__.startswith("nin") for finder in sys.meta_path)
"""


@pytest.mark.parametrize("first", [LOOK_BEFORE, "import keras, nin"], ids=["nin", "keras"])
def test_fresh_process_loads_what_was_saved_whichever_is_imported_first(first, saved, fresh_python):
    nin = NiN(preset="mnist", width=0.1, num_classes=2, lr=0.02)
    paths = [saved(each, run_eagerly=True) for each in (standardised(nin), LeNet(num_classes=2))]
    printed = fresh_python(LOAD.format(first=first), *paths)
    assert printed.splitlines() == ["nin.models.nin NiN True", "nin.models.lenet LeNet True"]


def test_tensorflow_may_import_keras(fresh_python):
    if keras.backend.backend() != "tensorflow":
        pytest.skip("it is TensorFlow that imports Keras by itself")
    printed = fresh_python(
        "import nin, tensorflow as tf\n"
        "print(tf.keras.utils.get_registered_object('nin>NiN').__name__)"
    )
    assert printed == "NiN\n"


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: NiN(lr=0.3, preset="cifar10", width=0.05, dropout=0.1), (16, 16, 3)),
        (lambda: NiN(width=0.05, num_classes=2), (67, 70, 1)),
        (lambda: VGG(((1, 2), (2, 3)), num_classes=2), (8, 8, 1)),
        (lambda: NiN(num_classes=2, stages=[Stage((3, 2), 3), Stage((0,), 3)]), (8, 8, 1)),
        (lambda: NiN(num_classes=2, stages=[Stage((3,), 3), Stage((0,), 3)], head=[4]), (8, 8, 1)),
    ],
    ids=["cifar10", "book", "vgg", "stages", "head"],
)
def test_same_process(make, shape, saved):
    model = make()
    path = saved(model, shape, run_eagerly=True)  # sooner than to compile five networks
    again = keras.saving.load_model(path)
    x = kept(path)["x"]
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    assert type(again) is type(model)
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())
    assert again.lr == model.lr
    assert again.optimizer.iterations == 1
    again.fit(x, np.array([0, 1, 0]), verbose=0)
    assert again.optimizer.iterations == 2


class ReadersNet(Classifier):
    def __init__(self, lr=0.1, num_classes=10, kernel=3):
        super().__init__()
        self.save_hyperparameters()
        self.net = keras.Sequential(
            [
                keras.layers.Conv2D(4, kernel, activation="relu"),
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Dense(num_classes),
            ]
        )


def test_class_of_a_reader(saved):
    path = saved(standardised(ReadersNet(num_classes=2, kernel=5)))
    again = keras.saving.load_model(path)
    assert type(again) is ReadersNet
    assert again.hparams == {"lr": 0.1, "num_classes": 2, "kernel": 5}
    assert again.preprocessing.size == (30, 26)
    arrays = kept(path)
    np.testing.assert_array_equal(again.predict(arrays["x"], verbose=0), arrays["predictions"])


def test_classes_are_registered_under_their_package():
    registered = keras.saving.get_registered_object
    assert registered("nin>NiN") is NiN
    assert registered("nin>Module") is None
    assert registered(f"{ReadersNet.__module__}>ReadersNet") is ReadersNet
    assert issubclass(ReadersNet, Module)


def test_weights_alone_can_be_saved(saved, tmp_path):
    model, other = (NiN(preset="mnist", width=0.1, num_classes=2) for _ in range(2))
    path = saved(model)
    other.build((None, 28, 28, 1))
    model.save_weights(tmp_path / "all.weights.h5")
    other.load_weights(tmp_path / "all.weights.h5")
    arrays = kept(path)
    other.compile()
    np.testing.assert_array_equal(other.predict(arrays["x"], verbose=0), arrays["predictions"])


def test_a_readers_function(saved):
    def own(num_classes):
        return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(num_classes)])

    path = saved(make_net(network_name(own), 2, (8, 8, 1)), (8, 8, 1))
    again = keras.saving.load_model(path)
    found = again.predict(kept(path)["x"], verbose=0)
    np.testing.assert_array_equal(found, kept(path)["predictions"])


class Deep(ReadersNet):
    """As the book's ResNet18, whose parent keeps the arguments."""

    def __init__(self, lr=0.1, num_classes=10):
        super().__init__(lr, num_classes, kernel=5)


def test_a_class_whose_parent_keeps_the_arguments(saved):
    assert type(keras.saving.load_model(saved(Deep(num_classes=2)))) is Deep


class Sloped(ReadersNet):
    """Its own argument nobody has kept."""

    def __init__(self, num_classes=10, slope=0.3):
        super().__init__(num_classes=num_classes)


def test_an_argument_of_a_subclass_alone_is_not_lost():
    with pytest.raises(NinError, match="Sloped does not keep its argument slope: call"):
        Sloped(num_classes=2, slope=0.1).get_config()
