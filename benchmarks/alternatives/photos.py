"""One way that is not ours to train on a folder of photographs. Started by photos.py.

- ``tutorial``: from scratch, the network of TensorFlow's tutorial on image classification
  (https://www.tensorflow.org/tutorials/images/classification): three convolutions with pooling, a
  dense layer of 128, random mirroring, rotation and zoom, dropout, Adam, 15 epochs at 180 pixels.
- ``keras``: features of frozen EfficientNet-Lite1 by `keras.Model.predict` on TensorFlow, at 288
  pixels, the middle square; then scikit-learn's logistic regression.
- ``head``: the same regression on the features that a run of ours has left: what a head costs.

The strength of the regression's regularisation is chosen by cross-validation among five.

Run: python benchmarks/alternatives/photos.py WAY TRAIN TEST OUT [--seed SEED] [--run RUN]
OUT, a JSON file, gets the accuracy on TEST.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

EPOCHS, BATCH, SIDE = 15, 32, 180
#: Side of a photograph's square for the frozen network, as `nin train FOLDER` shows it.
TRUNK, TRUNK_SIDE = "efficientnet-lite1", 288
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0)


def tutorial(asked: argparse.Namespace) -> float:
    """Train from scratch; nothing is held out, so that all photographs are learnt from."""
    import keras

    keras.utils.set_random_seed(asked.seed)
    train, test = (
        keras.utils.image_dataset_from_directory(
            folder, image_size=(SIDE, SIDE), batch_size=BATCH, seed=asked.seed, verbose=False
        )
        for folder in (asked.train, asked.test)
    )
    classes, layers = len(train.class_names), keras.layers
    convolutions = [
        layer
        for channels in (16, 32, 64)
        for layer in (
            layers.Conv2D(channels, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
        )
    ]
    model = keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 3)),
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.1),
            layers.RandomZoom(0.1),
            layers.Rescaling(1 / 255),
            *convolutions,
            layers.Dropout(0.2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(classes),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    model.fit(train.cache().shuffle(1000).prefetch(2), epochs=EPOCHS, verbose=0)
    return float(model.evaluate(test.prefetch(2), verbose=0, return_dict=True)["accuracy"])


def keras_features(asked: argparse.Namespace) -> float:
    """A frozen network in Keras, then a logistic regression."""
    import keras

    import nin
    from nin.pretrained import load_trunk
    from nin.pretrained.features import MEAN, STD
    from nin.training.runs.weights import weights

    trunk = nin.NiN(preset=TRUNK)
    trunk.build((None, TRUNK_SIDE, TRUNK_SIDE, 3))
    arrays = load_trunk(TRUNK).weights()
    for name, variable in weights(trunk).items():
        if name in arrays:
            variable.assign(arrays[name])
    standardise = keras.layers.Rescaling(1 / STD, offset=-MEAN / STD)
    average = keras.layers.GlobalAveragePooling2D()
    # What comes last in our network is the head, the average over positions and a flattening.
    model = keras.Sequential([standardise, *trunk.net.layers[:-3], average])

    def known(folder: str) -> tuple[Any, list[str]]:
        pictures = keras.utils.image_dataset_from_directory(
            folder,
            image_size=(TRUNK_SIDE, TRUNK_SIDE),
            batch_size=BATCH,
            shuffle=False,
            crop_to_aspect_ratio=True,
            verbose=False,
        )
        classes = [Path(path).parent.name for path in pictures.file_paths]
        return model.predict(pictures.prefetch(2), verbose=0), classes

    return regression(known(asked.train), known(asked.test))


def head(asked: argparse.Namespace) -> float:
    """A logistic regression on the features in a run."""
    from safetensors.numpy import load_file

    arrays = load_file(Path(asked.run) / "features.safetensors")
    digests = arrays.pop("digests")
    [features] = arrays.values()
    rows = {bytes(digest): number for number, digest in enumerate(digests)}

    def known(folder: str) -> tuple[Any, list[str]]:
        paths = sorted(Path(folder).glob("*/*"))
        found = [rows[hashlib.sha256(path.read_bytes()).digest()] for path in paths]
        return features[found], [path.parent.name for path in paths]

    return regression(known(asked.train), known(asked.test))


def regression(train: tuple[Any, list[str]], test: tuple[Any, list[str]]) -> float:
    """Accuracy on `test`; both are features (n, channels) and the names of their classes."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    model = LogisticRegression(max_iter=2000)
    search = GridSearchCV(model, {"C": STRENGTHS}, cv=folds, scoring="neg_log_loss")
    return float((search.fit(*train).predict(test[0]) == test[1]).mean())


WAYS = {"tutorial": tutorial, "keras": keras_features, "head": head}


def main() -> None:
    """Train and judge."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("way", choices=WAYS)
    for name in ("train", "test", "out"):
        parser.add_argument(name)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", help="a run of `nin train FOLDER`, for its features")
    asked = parser.parse_args()
    Path(asked.out).write_text(json.dumps({"accuracy": WAYS[asked.way](asked)}))


if __name__ == "__main__":
    main()
