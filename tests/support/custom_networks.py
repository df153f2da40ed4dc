"""A file of custom networks, and mistakes in networks."""

NETS = '''
import keras
import numpy as np

import nin


def cnn(num_classes, input_shape, width=4):
    """Two convolutions with a way past the second."""
    image = keras.Input(input_shape)
    x = keras.layers.Conv2D(width, 3, activation="relu", padding="same")(image)
    y = keras.layers.Conv2D(width, 3, activation="relu", padding="same")(x)
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Add()([x, y]))
    return keras.Model(image, keras.layers.Dense(num_classes)(x))


class Linear(nin.Classifier):
    def __init__(self, lr=0.1, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(num_classes)])


def ending(*last):
    return keras.Sequential([keras.layers.Flatten(), *last])


def softmax(num_classes):
    return ending(keras.layers.Dense(num_classes, activation="softmax"))


def sigmoid(num_classes):
    return ending(keras.layers.Dense(num_classes, activation="sigmoid"))


def few(num_classes):
    return ending(keras.layers.Dense(num_classes - 1))


def maps(num_classes):
    return keras.Sequential([keras.layers.Conv2D(num_classes, 3)])


def nan(num_classes):
    bias = keras.initializers.Constant(np.nan)
    return ending(keras.layers.Dense(num_classes, bias_initializer=bias))


def rescales(num_classes):
    layers = [keras.layers.Rescaling(1 / 255, name="bytes"), keras.layers.Flatten()]
    return keras.Sequential([*layers, keras.layers.Dense(num_classes)])


@keras.saving.register_keras_serializable("own")
class Dice(keras.layers.Layer):
    """Random numbers that no seed of Keras decides."""

    def call(self, x):
        return x * np.random.uniform(0.5, 1.5)


def dice(num_classes):
    return ending(Dice(name="dice"), keras.layers.Dense(num_classes))


class Forgetful(nin.Classifier):
    """A value that is in no layer."""

    def __init__(self, num_classes=10):
        super().__init__()
        self.net = ending(keras.layers.Dense(num_classes))
        self.seen = self.add_weight(name="seen")


class Netless(nin.Classifier):
    def __init__(self, num_classes=10):
        super().__init__()


def text(num_classes):
    return "no network"


def needs(num_classes, depth):
    return ending(keras.layers.Dense(num_classes))


def raises(num_classes):
    raise RuntimeError("no such luck")


def leaves(num_classes):
    raise SystemExit(3)


constant = 3
'''


def write_nets(folder, more=""):
    """Write ``nets.py`` to `folder`, and return its path."""
    path = folder / "nets.py"
    path.write_text(NETS + more, encoding="utf-8")
    return path
