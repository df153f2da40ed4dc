"""Layers that keep the weights they have: training computes no gradient for them."""

from __future__ import annotations

import keras

from nin.errors import RecipeError
from nin.models import Classifier
from nin.models.geometry import leaves
from nin.training.recipe import too_deep


def freeze(model: Classifier, layers: int, *, statistics: bool = False) -> None:
    """Keep the first layers of a network as they are; to be called before it is compiled.

    Args:
        model: with a `keras.Sequential` as its `net`.
        layers: how many of the layers of `net`, counted from the image.
        statistics: whether every batch normalisation keeps its moving averages, and normalises by
            them in training, too. Averages over a few photographs at a time would be worse than
            those over the many that the network was pretrained on.

    Raises:
        RecipeError: the network has not so many layers, or none would be left to train.
    """
    if layers >= len(model.net.layers):
        raise RecipeError(too_deep(layers, len(model.net.layers)))
    for layer in model.net.layers[:layers]:
        layer.trainable = False
    if statistics:
        for layer in leaves(model.net):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.trainable = False
