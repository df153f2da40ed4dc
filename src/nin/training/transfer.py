"""Training on a pretrained trunk that stays as it is: features, then a head at its optimum.

What a network learnt from 1.2 million photographs serves others as well (Donahue et al. 2014,
*DeCAF*, arXiv 1310.1531). Nothing here imports Keras or its backend.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.pretrained import load_trunk
from nin.pretrained.features import Features
from nin.training.images import open_images
from nin.training.lock import locked
from nin.training.recipe import Recipe
from nin.training.run import Run, check_free, new_run

#: The run's file of features.
FEATURES = "features.safetensors"


class Known(NamedTuple):
    """What the trunk makes of one part of the photographs: features (n, channels), labels (n,)."""

    features: Features
    labels: NDArray[np.int32]


def train_head(recipe: Recipe, out: str | Path | None = None, *, skip_bad: bool = False) -> Run:
    """Train a new head on the frozen, pretrained trunk of `recipe`.

    Args:
        recipe: its preset has pretrained weights; its data is a folder.
        out: the run directory; by default ``runs/<recipe>-<number>``.
        skip_bad: go on without photographs that cannot be read.

    Returns:
        The finished run.

    Raises:
        WeightsError: the trunk's weights are not installed, or damaged.
        DataError: the photographs cannot be had, or some cannot be read.
        RunError: the run directory cannot be used.
        KeyboardInterrupt: Ctrl-C; features so far are kept, and the message says how to go on.
    """
    check_free(out)
    trunk = load_trunk(recipe.preset)
    data = open_images(recipe, skip_bad=skip_bad)
    path = new_run(recipe.name, out)
    with locked(path):
        run = Run(path, {})
        run.update(**_first_record(recipe, data, trunk, skip_bad))
        return _fit(run, recipe, data, trunk)
