"""A convolutional network of one's own against NiN, on small images of digits.

Prints the answer in one sentence and a table; `runs/own-network/report.html` has all of it.

Run: python examples/own_network.py
"""

from __future__ import annotations

import keras

import nin


def small(num_classes: int, input_shape: tuple[int, int, int], width: int = 16) -> keras.Model:
    """Two convolutions and a dense layer."""
    image = keras.Input(input_shape)
    x = keras.layers.Conv2D(width, 3, activation="relu", padding="same")(image)
    x = keras.layers.MaxPooling2D()(x)
    x = keras.layers.Conv2D(2 * width, 3, activation="relu", padding="same")(x)
    return keras.Model(image, keras.layers.Dense(num_classes)(keras.layers.Flatten()(x)))


def main() -> None:
    """Compare the two over three seeds."""
    stages = [nin.Stage((32, 32), 5, pool="same"), nin.Stage((32, 10), 3)]
    recipe = nin.RECIPES["digits"].revised(epochs=3, image_size=8)
    nets = {"own CNN": small, "NiN of two blocks": stages}
    found = nin.compare(
        nets, recipe, out="runs/own-network", rates=[0.003], seeds=3, measured=False
    )
    print(found.answer)
    print(found.to_markdown())


if __name__ == "__main__":
    main()
