"""The features of a run's photographs from a frozen trunk, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from nin.data import ImageFolder
from nin.data.decode_many import in_words, unreadable
from nin.data.folders.listing import Files
from nin.data.split import Part
from nin.errors import RunError
from nin.names import printable
from nin.pretrained import FeatureExtractor, Trunk
from nin.pretrained.features import Features
from nin.training.recipe import Recipe
from nin.training.runs.run import Run, resume_hint
from nin.training.stop_signal import StopSignal
from nin.training.transfer_learning.feature_cache import (
    FeatureCache,
    Found,
    View,
    compute_features,
)

#: The run's file of features.
FEATURES = "features.safetensors"


class PartFeatures(NamedTuple):
    """One part of the photographs.

    Attributes:
        features: (n, channels), from the trunk.
        labels: (n,).
        paths: their files.
    """

    features: Features
    labels: NDArray[np.int32]
    paths: list[str]


def part_features(
    run: Run, data: ImageFolder, trunk: Trunk, stop_signal: StopSignal, console: Console
) -> dict[str, PartFeatures]:
    """Features and labels of each part, without photographs that cannot be read.

    Args:
        run: keeps the features; those of the run it starts from are not computed again.
        data: the photographs.
        trunk: computes the features.
        stop_signal: once received, this stops after the current batch.
        console: where to print a summary.

    Raises:
        DataError: some photographs cannot be read, and the run does not skip them.
        RunError: the trunk's outputs are not finite.
    """
    recipe = run.recipe
    view = View(trunk.digest, data.image_shape[0], recipe.resize_mode, data.bit_depth)
    cache = FeatureCache(run.path / FEATURES, view)
    if recipe.init is not None:
        cache.take_from(run.locate(recipe.init) / FEATURES)
    files = {part: data.files(part) for part in data.parts}
    paths = [path for part in files.values() for path in part.paths]
    found = compute_features(paths, FeatureExtractor(trunk), cache, lambda: stop_signal.received)
    if found.faults and not run.record["skip_bad"]:
        run.update(unreadable=len(found.faults))  # They may be repaired before it goes on.
        raise unreadable(list(found.faults.values()), f"; {resume_hint(run.path)}")
    if found.faults:
        run.update(skipped=list(found.faults.values()))
        console.print(f"left out {len(found.faults)} unreadable photographs", markup=False)
    if found.remarks:
        run.update(remarks=dict(found.remarks))
    if remarks := in_words(found.remarks, data.bit_depth):
        console.print(remarks, markup=False)
    if not np.isfinite(found.features).all():
        raise RunError(f"{run.path}: its trunk has outputs that are not finite")
    console.print(_summary(found, len(paths), recipe), markup=False)
    return _divided(found, files, data)


def _summary(found: Found, photographs: int, recipe: Recipe) -> str:
    """How many photographs went through the trunk, and how long that took, in one line."""
    whose = "trained on ImageNet" if recipe.init is None else f"from {printable(recipe.init)}"
    count = photographs - len(found.faults)
    new = f"{found.computed:,} of them new, " if found.computed < count else ""
    done = f"features of {count:,} photographs by {recipe.preset}, {whose}"
    return f"{done}: {new}{found.seconds:.0f} s"


def _divided(
    found: Found, files: Mapping[Part, Files], data: ImageFolder
) -> dict[str, PartFeatures]:
    """The features of each part, without photographs that cannot be read."""
    features: dict[str, PartFeatures] = {}
    first = 0
    for part, (paths, labels) in files.items():
        rows = np.arange(first, first + len(labels))
        readable = ~np.isin(rows, list(found.faults))
        left = [path for path, good in zip(paths, readable, strict=True) if good]
        features[part] = PartFeatures(found.features[rows[readable]], labels[readable], left)
        first += len(rows)
        data.check_left(part, features[part].labels)
    return features
