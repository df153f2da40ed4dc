"""Starts a training from the weights of another run, in place of fresh ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from keras.ops import convert_to_numpy
from numpy.typing import NDArray

from nin.errors import Advice, Argument, RunError
from nin.models import Classifier
from nin.models.geometry import leaves
from nin.names import listed
from nin.training.initialization import plan
from nin.training.runs.arrays import read_arrays
from nin.training.runs.run import Run
from nin.training.runs.weights import weights

Names = Sequence[str]


class Shared(NamedTuple):
    """Classes that a network shares with the run it starts from.

    Attributes:
        here: their indices in the network.
        there: their indices in the run.
        known: how many classes the run has.
    """

    here: list[int]
    there: list[int]
    known: int


def warm_start(model: Classifier, classes: Names, run: Run) -> str:
    """Give a built network the weights of a run, wherever they fit.

    Every layer of the same kind, position and shape takes the run's weights. The class maps of
    classes that both have are taken; the others stay as they are. Images are standardised as in the
    run, if they have the same number of channels.

    Args:
        model: a built network, with fresh weights.
        classes: the classes of the network to train.
        run: the run to take weights from; its network need not be the same.

    Returns:
        One line on what was taken.

    Raises:
        RunError: nothing fits, or the run's weights cannot be read.
    """
    there = dict(zip(run.classes, range(len(run.classes)), strict=True))
    here = [number for number, name in enumerate(classes) if name in there]
    shared = Shared(here, [there[classes[number]] for number in here], len(run.classes))
    arrays, variables = read_arrays(run.weights_path), weights(model)
    maps, between = _map_layers(model, len(classes))
    taken: dict[Any, dict[str, Any]] = {}
    for number, layer in enumerate(leaves(model.net)):
        named = {name: each for name, each in variables.items() if name.startswith(f"{number}.")}
        wanted = shared if layer is maps or layer in between else None
        values = {
            name: _merged(convert_to_numpy(each.value), arrays.get(name), wanted, layer in between)
            for name, each in named.items()
        }
        if named and all(value is not None for value in values.values()):
            taken[layer] = values
    others = [
        layer
        for layer in leaves(model.net)
        if layer.weights and layer is not maps and layer not in between
    ]
    if not taken or (others and taken.keys().isdisjoint(others)):
        raise RunError(
            f"{run.path}: no layer of its network fits this one",
            Advice("name its {}", Argument("preset")),
        )
    for values in taken.values():
        for name, value in values.items():
            variables[name].assign(_finite(value, name, run))
    model.is_fresh = False
    described = run.record["model"]["preprocessing"]
    mean, std = described["mean"], described["std"]
    if len(mean) in (1, len(model.preprocessing.mean)):
        model.preprocessing.configure(model.preprocessing.size, mean, std)
    total = sum(bool(layer.weights) for layer in leaves(model.net))
    return warm_start_line(run, classes, f"{len(taken)} of {total} layers with weights")


def warm_start_line(run: Run, classes: Names, layers: str) -> str:
    """What was taken from a run, in one line.

    Args:
        run: the run that weights were taken from.
        classes: the classes of the network to train.
        layers: how many layers were taken, in words.
    """
    kept = [name for name in classes if name in run.classes]
    new = [name for name in classes if name not in run.classes]
    line = f"from {run.path}: {layers}"
    if not new:
        return line
    return (
        f"{line}; class maps of "
        + (f"{listed(kept)} kept, of " if kept else "")
        + f"{listed(new)} new"
    )


def _map_layers(model: Classifier, classes: int) -> tuple[Any, list[Any]]:
    """The layer that makes the class maps, or else the logits; and those from maps to maps."""
    layers = plan(model.net)
    last = layers.scaled[-1] if layers.scaled else None
    if layers.maps is None and getattr(last, "units", None) == classes:
        return last, []
    return layers.maps, layers.identities


def _merged(
    now: NDArray[Any], before: NDArray[Any] | None, shared: Shared | None, between: bool
) -> NDArray[Any] | None:
    """The new value of a weight; None if the run's does not fit.

    Args:
        now: its present value.
        before: the run's weight of the same name; None if there is none.
        shared: the classes to take, for a weight of class maps; None for any other weight.
        between: whether its inputs are class maps as well.
    """
    if before is None or before.ndim != now.ndim:
        return None
    if shared is None:
        return before if before.shape == now.shape else None
    here, there = np.array(shared.here, int), np.array(shared.there, int)
    merged, classes = now.copy(), 2 if between and now.ndim == 4 else 1
    if before.shape != (*now.shape[:-classes], *[shared.known] * classes):
        return None
    if classes == 2:
        merged[:, :, here[:, None], here] = before[:, :, there[:, None], there]
    else:
        merged[..., here] = before[..., there]
    return merged


def _finite(values: Any, name: str, run: Run) -> Any:
    if not np.isfinite(values).all():
        raise RunError(f"{run.weights_path}: {name} holds numbers that are not finite")
    return values
