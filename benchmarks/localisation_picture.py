"""A few scenes with the true class's map by NiN and by AlexNet with Grad-CAM, of seed 0.

The first test scenes at each size of canvas: nothing is chosen. A map's colours run from zero to
its own largest value; the white frame is the object's box, the cross the strongest cell's middle.

Run: python benchmarks/localisation.py, then python benchmarks/localisation_picture.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from localisation import KEPT, SIDES, clothes, looks, test_scenes
from localising.pointing import stretching
from localising.scenes import Scenes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

OUT = Path(__file__).parents[1] / "docs/localisation.png"
#: Scenes of each size.
COUNT = 3
ROWS = {"nin": ("class map", "NiN\nclass map"), "alexnet": ("grad-cam", "AlexNet\nGrad-CAM")}


def draw(models: dict[str, Any]) -> Figure:
    """A column a scene: the scene, and below it a map of each network."""
    figure = Figure(figsize=(8.4, 4.6), dpi=150, layout="constrained")
    grid = figure.subplots(1 + len(ROWS), len(SIDES) * COUNT)
    for block, side in enumerate(SIDES):
        scenes = Scenes(*(part[:COUNT] for part in test_scenes(side)))
        columns = grid[:, block * COUNT : (block + 1) * COUNT]
        for axes, image, label in zip(columns[0], scenes.images, scenes.labels, strict=True):
            axes.imshow(image[..., 0], cmap="gray")
            axes.set_title(f"{clothes().classes[label]}\n{side}×{side}", fontsize=9)
        for row, network in zip(columns[1:], ROWS, strict=True):
            draw_maps(row, network, models[network], scenes)
        for axes, mask in zip(columns.T.flat, np.repeat(scenes.masks, len(grid), 0), strict=True):
            frame(axes, mask)
    for axes, name in zip(grid[:, 0], ("scene", *(name for _, name in ROWS.values())), strict=True):
        axes.set_ylabel(name, fontsize=9)
    return figure


def draw_maps(row: Any, network: str, model: Any, scenes: Scenes) -> None:
    """The true class's map of each scene."""
    found = {name: (maps, middles) for name, maps, _, middles in looks(network, model, scenes)}
    maps, middles = found[ROWS[network][0]]
    weights = stretching(middles, scenes.images.shape[1])
    for axes, map_ in zip(row, maps, strict=True):
        axes.imshow(weights @ map_ @ weights.T, cmap="inferno", vmin=0)
        if map_.max() > 0:
            y, x = np.unravel_index(map_.argmax(), map_.shape)
            axes.plot(middles[x], middles[y], "x", color="#00B4FF", markersize=7, markeredgewidth=2)
        else:
            words = {"color": "white", "fontsize": 8, "ha": "center", "va": "center"}
            axes.text(0.5, 0.5, "zero\neverywhere", transform=axes.transAxes, **words)


def frame(axes: Any, mask: Any) -> None:
    """The object's box, and no ticks."""
    (top, left), (bottom, right) = np.argwhere(mask).min(axis=0), np.argwhere(mask).max(axis=0)
    corner, size = (left - 0.5, top - 0.5), (right - left + 1, bottom - top + 1)
    axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor="white", linewidth=1.2))
    axes.set(xticks=[], yticks=[])


def main() -> None:
    """Draw the picture."""
    models = {network: keras.saving.load_model(KEPT / f"{network}.keras") for network in ROWS}
    draw(models).savefig(OUT)


if __name__ == "__main__":
    main()
