"""Weights as safetensors: plain numbers under stable names, nothing that executes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from nin.errors import RunError
from nin.files import write_bytes
from nin.models.geometry import leaves
from nin.training.arrays import Arrays, opening, read_arrays


def weights(model: Any) -> dict[str, Any]:
    """The model's weights by name: ``"<layer>.<kind>.<weight>"``, layers counted from 0."""
    return {
        f"{number}.{type(layer).__name__.lower()}.{variable.name}": variable
        for number, layer in enumerate(leaves(model.net))
        for variable in layer.weights
    }


def training_state(model: Any) -> dict[str, Any]:
    """All that training changes: weights, the optimiser's variables, dropout's random state."""
    optimizer = {
        f"optimizer.{number}": variable for number, variable in enumerate(model.optimizer.variables)
    }
    seeds = {
        f"seed.{number}": variable
        for number, variable in enumerate(model.variables)
        if variable.name == "seed_generator_state"
    }
    return {**weights(model), **optimizer, **seeds}


def save_variables(path: Path, variables: Mapping[str, Any], **beside: str) -> None:
    """Write `variables` to `path` as safetensors, wholly or not at all; `beside` travels along."""
    arrays = {
        name: np.asarray(keras.ops.convert_to_numpy(variable.value), order="C")
        for name, variable in variables.items()
    }
    write_bytes(path, save(arrays, metadata={"format": "nin", **beside}))


def load_variables(path: Path, variables: Mapping[str, Any]) -> None:
    """Give `variables` the values in `path`; all of them, or none.

    Raises:
        RunError: the file is missing, damaged or of another format, was written for a network of
            another shape, or holds numbers that are not finite.
    """
    _compare_shapes(path, _shapes(path), variables)
    arrays = read_arrays(path)
    _compare_values(path, arrays, variables)
    for name, variable in variables.items():
        variable.assign(arrays[name])


def differ(path: Path, variables: Mapping[str, Any]) -> bool:
    """Whether any of `variables` has not the value that `path`, which may hold more, has for it.

    Raises:
        RunError: see `load_variables`.
    """
    arrays = read_arrays(path)
    return any(
        not np.array_equal(arrays[name], keras.ops.convert_to_numpy(variable.value))
        for name, variable in variables.items()
    )


def count(path: Path) -> int:
    """How many weights of a network a safetensors file says it holds; only its header is read.

    What a checkpoint holds beside them, the optimiser's state and dropout's, is not counted.

    Raises:
        RunError: see `load_variables`.
    """
    with opening(path), safe_open(path, framework="numpy") as file:
        names = [name for name in file.keys() if name[:1].isdecimal()]  # noqa: SIM118
        return sum(math.prod(file.get_slice(name).get_shape()) for name in names)


def metadata(path: Path) -> dict[str, str]:
    """What `save_variables` was given beside the variables.

    Raises:
        RunError: see `load_variables`.
    """
    with opening(path), safe_open(path, framework="numpy") as file:
        return dict(file.metadata() or {})


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    with opening(path), safe_open(path, framework="numpy") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118


def _compare_shapes(
    path: Path, shapes: Mapping[str, tuple[int, ...]], variables: Mapping[str, Any]
) -> None:
    """Refuse a file of another network before any memory is taken for it."""
    if shapes.keys() != variables.keys():
        raise RunError(
            f"{path} belongs to another network: it has {_some(shapes.keys() - variables.keys())}"
            f" and lacks {_some(variables.keys() - shapes.keys())}"
        )
    for name, variable in variables.items():
        if shapes[name] != tuple(variable.shape):
            raise RunError(
                f"{path} belongs to another network: {name} has shape {shapes[name]},"
                f" not {tuple(variable.shape)}"
            )


def _compare_values(path: Path, arrays: Arrays, variables: Mapping[str, Any]) -> None:
    for name, variable in variables.items():
        array = arrays[name]
        if array.dtype.kind not in ("iu" if "int" in variable.dtype else "f"):
            raise RunError(f"{path} is damaged: {name} is {array.dtype}, not {variable.dtype}")
        if not np.isfinite(array).all():
            raise RunError(f"{path} cannot be used: {name} holds numbers that are not finite")


def _some(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:3]) or "nothing more"
