"""Class maps of the paper's CIFAR-10 network and of `deep`: its section 4.6 on our own runs.

The first test image of each class, nothing chosen, and below it each network's map of the true
class, enlarged to the image. Colours run from zero to the map's own largest value. The title says
what the network named where that is another class.

Run: python benchmarks/long_recipes.py cifar10 --data FOLDER, the same with cifar10-deep, then
python benchmarks/paper_maps.py FOLDER [--runs runs/records]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import keras
import numpy as np
from matplotlib.figure import Figure

import nin

OUT = Path(__file__).parents[1] / "docs/paper_maps.png"
NETWORKS = {"cifar10": "as published", "cifar10-deep": "deep"}


def draw(models: dict[str, Any], images: Any, classes: tuple[str, ...]) -> Figure:
    """A column per class: its image, and a map of each network."""
    figure = Figure(figsize=(8.4, 2.9), dpi=150, layout="constrained")
    grid = figure.subplots(1 + len(models), len(classes))
    for axes, image, name in zip(grid[0], images, classes, strict=True):
        axes.imshow(image)
        axes.set_title(name, fontsize=8)
    for row, (title, model) in zip(grid[1:], models.items(), strict=True):
        row[0].set_ylabel(title, fontsize=8)
        maps = keras.ops.convert_to_numpy(model.class_maps(images)).astype("float32")
        for label, (axes, found) in enumerate(zip(row, maps, strict=True)):
            named = int(found.mean(axis=(0, 1)).argmax())
            own = np.maximum(found[..., label], 0)
            axes.imshow(images[label].mean(axis=-1), cmap="gray", alpha=0.5)
            extent = (-0.5, images.shape[2] - 0.5, images.shape[1] - 0.5, -0.5)
            axes.imshow(
                own, cmap="inferno", vmin=0, alpha=0.75, extent=extent, interpolation="bilinear"
            )
            if named != label:
                axes.set_xlabel(f"“{classes[named]}”", fontsize=7)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
    return figure


def main() -> None:
    """Draw the picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="the images: train/ and test/")
    parser.add_argument("--runs", type=Path, default=Path("runs/records"))
    asked = parser.parse_args()
    test = nin.ImageFolder(asked.folder, image_size=32).test
    models = {title: nin.load(asked.runs / f"{name}-0").model for name, title in NETWORKS.items()}
    classes = nin.load(asked.runs / "cifar10-0").classes
    first = [int(np.flatnonzero(np.asarray(test.labels) == at)[0]) for at in range(len(classes))]
    draw(models, np.stack([test.images[at] for at in first]), tuple(classes)).savefig(OUT)


if __name__ == "__main__":
    main()
