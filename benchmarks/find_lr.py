"""The range test of learning rates (`nin train --find-lr`): is what it suggests any good?

Five networks, short trainings with the recipes' warm-up and cosine decay, three seeds each. The
suggestion of each seed is trained with, and so is a grid of rates, a factor of about three apart;
all are judged by held-out training images. Two rules are
compared:

- ``steepest``: the rate at which the smoothed loss falls fastest.
- ``tenth``: a tenth of the rate at which it is lowest.

No training is restarted at a lower rate, as `nin train` would do with one that cannot learn.

Run: python benchmarks/find_lr.py
Takes a few minutes per network on 2 cores; an interrupted measurement is continued.
"""

from __future__ import annotations

import math

import keras
from record import Record

import nin
from nin.backends import set_random_seed
from nin.training.attempt import new_network
from nin.training.runs.dataset import open_images
from nin.training.schedule import optimizer

SEEDS = range(3)
GRID = (0.0003, 0.001, 0.003, 0.01, 0.03)
#: Plain gradient descent takes larger steps.
GRID_SGD = tuple(10 * rate for rate in GRID)


def small_resnet(num_classes: int, input_shape: tuple[int, int, int]) -> keras.Model:
    """Three residual blocks with batch normalisation, 44,000 parameters."""
    layers = keras.layers
    signal = image = keras.Input(input_shape)
    for width in (16, 32, 64):
        shortcut = layers.Conv2D(width, 1, strides=2)(signal)
        inner = layers.Conv2D(width, 3, strides=2, padding="same")(signal)
        inner = layers.ReLU()(layers.BatchNormalization()(inner))
        inner = layers.BatchNormalization()(layers.Conv2D(width, 3, padding="same")(inner))
        signal = layers.ReLU()(layers.Add()([inner, shortcut]))
    return keras.Model(image, layers.Dense(num_classes)(layers.GlobalAveragePooling2D()(signal)))


def recipes() -> dict[str, nin.Recipe]:
    """What is trained."""
    clothes = nin.RECIPES["fashion28"].revised(limit=3000, epochs=4, validation=1 / 40, warmup=30)
    others = clothes.revised(epochs=6, learning_rate=0.003, dropout=None)
    return {
        "NiN `mnist` × 0.5, digits": nin.RECIPES["digits"].revised(epochs=8, validation=0.3),
        "NiN `mnist` × 0.5, Fashion-MNIST": clothes.revised(width=0.5),
        "LeNet, Fashion-MNIST": others.revised(preset="lenet"),
        "LeNet, SGD with momentum, Fashion-MNIST": others.revised(
            preset="lenet", optimizer="sgd", momentum=0.9, learning_rate=0.03
        ),
        "a small ResNet, Fashion-MNIST": others.revised(preset=small_resnet),
    }


def accuracy(recipe: nin.Recipe) -> float:
    """Train once; the share of the held-out images that are answered right in the end."""
    keras.backend.clear_session()
    set_random_seed(recipe.seed)
    data = open_images(recipe)
    steps = recipe.epochs * math.ceil(len(data.train.labels) / recipe.batch_size)
    trainer = nin.Trainer(
        recipe.epochs,
        gradient_clip_val=recipe.clip_norm,
        optimizer=optimizer(recipe, steps),
        verbose=False,
    )
    trainer.fit(new_network(recipe, data), data)
    return trainer.history["val_accuracy"][-1]


def measure(record: Record, name: str, recipe: nin.Recipe) -> None:
    """Suggestions, and trainings with these and with the grid."""

    def train(rate: float, seed: int, why: str) -> None:
        if not record.has(network=name, seed=seed, why=why, rate=rate):
            found = accuracy(recipe.revised(learning_rate=rate, seed=seed))
            record.add(network=name, seed=seed, why=why, rate=rate, accuracy=round(found, 4))
            print(name, seed, why, rate, round(found, 4), flush=True)

    grid = GRID_SGD if recipe.optimizer == "sgd" else GRID
    for seed in SEEDS:
        for rate in grid:
            train(rate, seed, "grid")
        found = nin.lr_find(recipe.revised(seed=seed))
        for why, rate in (("steepest", found.steepest), ("tenth", found.tenth_of_lowest)):
            if rate is not None:
                train(float(f"{rate:.2g}"), seed, why)


def main() -> None:
    """Measure what is not yet in the record."""
    record = Record("find_lr", (__doc__ or "").splitlines()[0])
    for name, recipe in recipes().items():
        measure(record, name, recipe)


if __name__ == "__main__":
    main()
