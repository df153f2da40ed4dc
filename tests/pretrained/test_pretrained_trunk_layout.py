"""The trunk's layout, read from the table alone, is that of the network in Keras."""

import keras
import numpy as np
import pytest

from nin.accounting import count_parameters
from nin.models import NiN
from nin.models.geometry import leaves
from nin.networks.presets import PRESETS, Preset, find_preset
from nin.networks.stages import CLASSES, MBConv, Stage
from nin.pretrained.trunk_layout import layout
from nin.training.runs.weights import weights

LITES = [name for name, preset in PRESETS.items() if preset.pretrained]


def built(name, **arguments):
    model = NiN.from_preset(name, **arguments)
    model.build((None, 64, 64, 3))
    return model


def test_every_pretrained_preset_is_looked_at():
    assert LITES == ["efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"]


@pytest.mark.slow
def test_arrays_have_the_names_and_shapes_of_the_networks(trunk):
    ours = {name: array.shape for name, array in trunk.weights().items()}
    theirs = {name: tuple(each.shape) for name, each in weights(built(trunk.name)).items()}
    head = {f"{trunk.layout.head}.conv2d.{kind}" for kind in ("kernel", "bias")}
    assert head <= theirs.keys()
    assert theirs[f"{trunk.layout.head}.conv2d.kernel"] == (1, 1, trunk.channels, 1000)
    assert ours == {name: shape for name, shape in theirs.items() if name not in head}


@pytest.mark.slow
@pytest.mark.parametrize("name", LITES)
def test_layers_are_what_the_layout_says(name):
    layers = list(leaves(built(name, num_classes=2).net))
    made = layout(find_preset(name))
    for block in made.blocks:
        for conv in block.convolutions:
            layer = layers[conv.number]
            kind = keras.layers.DepthwiseConv2D if conv.depthwise else keras.layers.Conv2D
            assert type(layer) is kind
            assert layer.strides == (conv.strides, conv.strides)
            assert (layer.padding, layer.use_bias) == ("same", False)
            norm, following = layers[conv.number + 1 : conv.number + 3]
            assert isinstance(norm, keras.layers.BatchNormalization)
            activates = isinstance(following, keras.layers.Activation)
            assert activates is conv.relu6
            assert not activates or following.activation is keras.activations.relu6
        last = block.convolutions[-1]
        after = layers[last.number + (3 if last.relu6 else 2)]
        assert isinstance(after, keras.layers.Identity) is block.adds
    assert type(layers[made.head]) is keras.layers.Conv2D
    convolutions = sum(isinstance(each, keras.layers.Conv2D) for each in layers)
    depthwise = sum(isinstance(each, keras.layers.DepthwiseConv2D) for each in layers)
    numbers = [conv.number for block in made.blocks for conv in block.convolutions]
    assert len(numbers) == convolutions + depthwise - 1
    assert numbers == sorted(set(numbers))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("efficientnet-lite0", 4_652_008),
        ("efficientnet-lite1", 5_416_680),
        ("efficientnet-lite2", 6_092_072),
    ],
)
def test_networks_are_as_large_as_published(name, parameters):
    variables = built(name).trainable_weights
    assert sum(np.prod(each.shape) for each in variables) == parameters
    assert find_preset(name).parameters == parameters


@pytest.mark.slow
def test_what_is_left_of_lite0_without_its_classifier():
    model = built("efficientnet-lite0", num_classes=2)
    variables = model.trainable_weights
    assert sum(np.prod(each.shape) for each in variables) - 2 * 1281 == 3_371_008
    counted = count_parameters(model.net, (64, 64, 3))
    assert counted == sum(np.prod(each.shape) for each in model.weights)


def test_blocks_add_where_size_and_channels_stay():
    stem, end = Stage((8,), 3, 2), Stage((CLASSES,), 1, last_relu=False)
    rows = (MBConv(8, 3, repeats=2), MBConv(8, 3, strides=2, repeats=2), MBConv(16, 5, expand=1))
    made = layout(Preset((stem, *rows, end), (32, 32, 3), 2, 0))
    assert [block.adds for block in made.blocks] == [False, True, True, False, True, False]
    assert [len(block.convolutions) for block in made.blocks] == [1, 3, 3, 3, 3, 2]
    assert [block.convolutions[0].strides for block in made.blocks[:-1]] == [2, 1, 1, 1, 1]
    assert [block.convolutions[1].strides for block in made.blocks[1:5]] == [1, 1, 2, 1]
