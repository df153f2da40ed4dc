"""Weights as safetensors: plain numbers under stable names, nothing executable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from safetensors.numpy import save

from nin.errors import RunError
from nin.files import write_bytes
from nin.models.geometry import leaves
from nin.names import listed
from nin.training.averaging import averaged_variables
from nin.training.runs.arrays import Arrays, read_arrays, read_shapes


def weights(model: Any) -> dict[str, Any]:
    """The model's weights by name: ``"<layer>.<kind>.<weight>"``, layers counted from 0.

    In a layer of layers, several weights may have the same name; these are numbered as well.
    """
    found: dict[str, Any] = {}
    for number, layer in enumerate(leaves(model.net)):
        names = [variable.name for variable in layer.weights]
        for place, variable in enumerate(layer.weights):
            of_several = f"{place}." if names.count(variable.name) > 1 else ""
            kind = type(layer).__name__.lower()
            found[f"{number}.{kind}.{of_several}{variable.name}"] = variable
    return found


def averaged_weights(model: Any) -> dict[str, Any]:
    """The variables of `weights`; those with a moving average are replaced by it."""
    averaged = {id(variable): average for variable, average in averaged_variables(model)}
    return {name: averaged.get(id(each), each) for name, each in weights(model).items()}


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


def are_finite(variables: Mapping[str, Any]) -> bool:
    """Whether all values of `variables` are finite."""
    values = (keras.ops.convert_to_numpy(variable.value) for variable in variables.values())
    return all(np.isfinite(array).all() for array in values)


def save_variables(path: Path, variables: Mapping[str, Any], **beside: str) -> None:
    """Write `variables` to `path` as safetensors, wholly or not at all; `beside` is metadata."""
    arrays = {
        name: np.asarray(keras.ops.convert_to_numpy(variable.value), order="C")
        for name, variable in variables.items()
    }
    write_bytes(path, save(arrays, metadata={"format": "nin", **beside}))


def load_weights(path: Path, model: Any) -> None:
    """Give a built `model` the weights in `path`.

    Raises:
        RunError: see `load_variables`.
    """
    load_variables(path, weights(model))
    model.is_fresh = False


def load_variables(path: Path, variables: Mapping[str, Any]) -> None:
    """Give `variables` the values in `path`; all of them, or none.

    Raises:
        RunError: the file is missing, damaged or of another format, was written for a network of
            another shape, or holds numbers that are not finite.
    """
    _compare_shapes(path, read_shapes(path), variables)
    arrays = read_arrays(path)
    _compare_values(path, arrays, variables)
    for name, variable in variables.items():
        variable.assign(arrays[name])


def differ_from_file(path: Path, variables: Mapping[str, Any]) -> bool:
    """Whether any of `variables` differs from its value in `path`, which may hold others too.

    Raises:
        RunError: see `load_variables`.
    """
    arrays = read_arrays(path)
    return any(
        name not in arrays
        or not np.array_equal(
            arrays[name], keras.ops.convert_to_numpy(variable.value), equal_nan=True
        )
        for name, variable in variables.items()
    )


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
    return listed(sorted(names), 3) or "nothing more"
