"""`initialize`: initial weights from which a NiN learns every time."""

from __future__ import annotations

from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike, NDArray

from nin.models.classifier import Classifier
from nin.models.geometry import NORMALIZING, ends_in_average, flow, leaves

#: The mean at which each class map starts, well above zero, where ReLU cuts off.
MAP_MEAN = 1.0
#: The same for AdamW and similar optimisers; see `initialize`.
ADAPTIVE_MAP_MEAN = 4.0
#: The standard deviation of the class maps, and of what they are computed from.
MAP_SPREAD = 0.3


#: Layers whose weights do not mix channels.
_PER_CHANNEL = (*NORMALIZING, keras.layers.PReLU)


class Initialized(NamedTuple):
    """What `initialize` did: how many layers it scaled, and how many it made the identity."""

    scaled: int
    identity: int


def initialize(
    model: Classifier,
    images: Any,
    shares: ArrayLike | None = None,
    *,
    map_mean: float = MAP_MEAN,
) -> Initialized | None:
    """Give a freshly built network initial weights from which it learns; its layers stay.

    Why a NiN needs it: its logit for a class is the mean over positions of ReLU(map). Keras's
    default (Glorot) initialisation shrinks the signal from layer to layer until the logits of all
    images are the same within 0.001; and wherever a map is negative, its class gets no gradient. If
    every map is negative, the gradient is exactly zero, the loss is ln(classes), and the network is
    dead for good.

    What it does with a few training images, from the first layer to the last:

    1. Each kernel is divided by the standard deviation of its layer's output, so that the
       signal neither fades nor grows (layer-sequential unit variance, Mishkin and Matas 2016,
       arXiv 1511.06422, without its orthogonal kernels).
    2. The 1×1 convolutions from class maps to class maps, the last two of the book's network,
       start as the identity: at random they would mix the classes, and each ReLU between them
       would cut off half of what is left.
    3. Each class map starts with mean 1, and the maps' standard deviation is on average 0.3 at
       most. A value common to all logits cancels in the softmax, so predictions are unchanged; but
       the maps are now where ReLU is the identity, and every class gets a gradient at every
       position. If `shares` shows that some classes are rare, the others start higher by the
       logarithm of how much more frequent they are: the first predictions then have the
       frequencies of the classes, and the first steps do not push the maps of rare classes below
       zero. For AdamW the mean should be 4: it moves every weight by the full rate whatever the
       gradient, and with few images all in one direction, which takes maps at 1 below zero within
       ten steps at any usual rate. With SGD a mean of 4 would lengthen the steps of the last two
       layers sixteenfold.
    4. The output of the layer before the class maps has a standard deviation of 0.3, not 1. The
       class-map convolution sums thousands of inputs that are never negative, so that one step of
       plain SGD at 0.05 would move the level of a whole map by more than its distance from zero.
       Inputs of 0.3 make that step a tenth (0.3²) as long; the paper's own configuration also
       trains the last layer at a tenth of the learning rate.

    Networks that end otherwise get step 1, with a standard deviation of 0.3 for the logits, so that
    a comparison with a NiN compares networks and not initial weights. Layers inside custom layers
    get step 1 too. Batch normalisation sets every scale itself. If class maps follow it, its moving
    averages are set from these images, and the maps get steps 2 and 3 if a ReLU follows them; other
    networks with batch normalisation are left as they are.

    Args:
        model: a built classifier.
        images: (n, h, w, c) as the model takes them; 64 are enough.
        shares: the share of each class among the training images; None if they are about equal.
        map_mean: where the class maps start; `ADAPTIVE_MAP_MEAN` for optimisers like AdamW.

    Returns:
        What was done, or None for a network that is left as it is.

    Example:
        >>> data, model = nin.Digits(), nin.NiN(preset="mnist", width=0.1)
        >>> model.build((None, *data.image_shape))
        >>> images = data.train.images[:64]
        >>> done = nin.initialize(model, images)
        >>> logits = model.predict(images, verbose=0)  # each class's map begins at a mean of 1
        >>> [round(float(mean)) for mean in logits.mean(axis=0)]
        [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]
    """
    model.is_fresh = False
    layers = plan(model.net)
    within: set[Any] = set()
    is_normalised = any(
        isinstance(layer, keras.layers.BatchNormalization) for layer in _all_layers(model.net)
    )
    if is_normalised:
        if layers.maps is None:
            return None
        rectified = _is_rectified(layers.maps, _following(model.net)[layers.maps])
        maps = [layers.maps] if rectified else []
        layers = Plan(maps, maps, layers.identities if rectified else [], *maps or [None])

    def prepare(layer: Any, signal: Any) -> Any:
        if isinstance(layer, keras.layers.BatchNormalization):
            return _normalized(layer, signal)
        if layer in layers.identities:
            layer.kernel.assign(_identity(layer))
        elif layer in layers.scaled:
            _scale(layer, signal, MAP_SPREAD if layer in layers.narrow else 1.0)
        if layer is layers.maps and layer.bias is not None:
            layer.bias.assign(_levels(layer, signal, shares, map_mean))
        if not is_normalised:
            within.update(_scale_when_called(layer))
        return layer(signal)

    flow(model.net, model.preprocessing(images), prepare)
    for each in within:
        vars(each).pop("call", None)  # Of layers that were never called.
    model.is_initialized = True
    return Initialized(len(layers.scaled) + len(within), len(layers.identities))


class Plan(NamedTuple):
    """Which layers are scaled, which of them to `MAP_SPREAD`, which become the identity.

    Attributes:
        scaled: all that are scaled, in order.
        narrow: those of them that are scaled to `MAP_SPREAD`.
        identities: the 1×1 convolutions from class maps to class maps.
        maps: the convolution that makes class maps; None in a network with dense layers.
    """

    scaled: list[Any]
    narrow: list[Any]
    identities: list[Any]
    maps: Any


def plan(net: Any) -> Plan:
    """What `initialize` does to which layer of a built network."""
    weighted = _weighted(net)
    mixing = [each for each in leaves(net) if each.weights and not isinstance(each, _PER_CHANNEL)]
    last = mixing[-1] if mixing else None
    if not ends_in_average(net) or not isinstance(last, keras.layers.Conv2D):
        return Plan(weighted, [each for each in weighted if each is last], [], None)
    identities = _from_maps_to_maps(weighted, _following(net))
    scaled = weighted[: len(weighted) - len(identities)]
    return Plan(scaled, scaled[-2:], identities, scaled[-1])


def _following(net: Any) -> dict[Any, Any]:
    """Layer → the one right after it; None after the last."""
    layers = list(leaves(net))
    return dict(zip(layers, [*layers[1:], None], strict=True))


def _is_rectified(maps: Any, following: Any) -> bool:
    """Whether a ReLU follows class maps, in their own layer or right after it."""
    activations = (maps.activation, getattr(following, "activation", None))
    return keras.activations.relu in activations or isinstance(following, keras.layers.ReLU)


def _normalized(layer: Any, signal: Any) -> Any:
    """The output of batch normalisation, whose moving averages become the batch's moments."""
    mean, variance = ops.moments(ops.cast(signal, "float32"), axes=(0, 1, 2))
    layer.moving_mean.assign(mean)
    layer.moving_variance.assign(variance)
    return layer(signal, training=False)


def _weighted(net: Any) -> list[Any]:
    kinds = (keras.layers.Conv2D, keras.layers.Dense)
    return [layer for layer in leaves(net) if isinstance(layer, kinds)]


def _all_layers(net: Any) -> list[Any]:
    """The innermost layers, and those inside custom layers."""
    return [inner for layer in leaves(net) for inner in layer._flatten_layers()]


def _scale_when_called(layer: Any) -> list[Any]:
    """Let the layers inside a custom layer scale themselves when first called; return them.

    Only the `call` of the custom layer decides what they are given.
    """
    kinds = (keras.layers.Conv2D, keras.layers.Dense)
    found = [each for each in layer._flatten_layers(include_self=False) if isinstance(each, kinds)]
    for each in found:

        def call(signal: Any, each: Any = each) -> Any:
            del each.call
            _scale(each, signal, 1.0)
            return each.call(signal)

        each.call = call
    return found


def _from_maps_to_maps(convolutions: list[Any], following: dict[Any, Any]) -> list[Any]:
    """The 1×1 convolutions at the end that have as many inputs as outputs, one per class."""
    classes = convolutions[-1].filters
    found: list[Any] = []
    for before, layer in zip(convolutions[-2::-1], convolutions[:0:-1], strict=True):
        normalized = isinstance(following[before], keras.layers.BatchNormalization)
        if tuple(layer.kernel.shape) != (1, 1, classes, classes) or normalized:
            break
        found.insert(0, layer)
    return found


def _scale(layer: Any, signal: Any, spread: float) -> None:
    now = float(ops.convert_to_numpy(ops.std(_linear_output(layer, signal))))
    layer.kernel.assign(layer.kernel * (spread / max(now, keras.backend.epsilon())))


def _levels(
    layer: Any, signal: Any, shares: ArrayLike | None, map_mean: float
) -> NDArray[np.float64]:
    """The biases with which each map has the mean that `initialize` promises."""
    classes = layer.filters
    frequencies = np.full(classes, 1 / classes)
    if shares is not None:  # The network may have more outputs than there are classes.
        known = np.asarray(shares, float)[:classes]
        frequencies = np.pad(known, (0, classes - len(known)))
    rarest = frequencies[frequencies > 0].min()
    advantage: NDArray[np.float64] = np.log(np.maximum(frequencies, rarest) / rarest)
    means = ops.convert_to_numpy(ops.mean(_linear_output(layer, signal), axis=(0, 1, 2)))
    levels: NDArray[np.float64] = map_mean + advantage - means
    return levels


def _identity(layer: Any) -> Any:
    return ops.eye(layer.filters)[None, None]


def _linear_output(layer: Any, signal: Any) -> Any:
    """The output of `layer` before its own activation, in float32."""
    activation, layer.activation = layer.activation, keras.activations.linear
    try:
        return ops.cast(layer(signal), "float32")
    finally:
        layer.activation = activation
