"""One image beside the map of each class: what the network sees, and where.

python examples/class_maps.py RUN [NUMBER OF A TEST IMAGE] [PICTURE TO WRITE]
"""

from __future__ import annotations

import sys

import numpy as np
from matplotlib.figure import Figure

import nin


def main() -> None:
    """Draw the picture."""
    run = nin.load(sys.argv[1])
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    out = sys.argv[3] if len(sys.argv) > 3 else "class_maps.png"
    test = run.images.for_evaluation().split
    image = test.images[number]
    maps = np.asarray(run.model.class_maps(image[None])[0])
    probabilities = run.predict(image[None])[0]
    draw(image, maps, probabilities, run.classes).savefig(out, dpi=150)
    print(f"{out}: {run.classes[test.labels[number]]}")


def draw(image, maps, probabilities, classes) -> Figure:  # type: ignore[no-untyped-def]
    """The image, then each class's map, all maps on one scale, the likeliest framed."""
    columns = (len(classes) + 1) // 2
    figure = Figure(figsize=(2.4 + 1.35 * columns, 3.1), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.9, 1.35 * columns))
    whole = left.subplots()
    whole.imshow(image.squeeze(), cmap="gray")
    whole.set_axis_off()
    for number, axes in enumerate(right.subplots(2, columns).flat):
        axes.set(xticks=[], yticks=[])
        if number == len(classes):
            axes.set_axis_off()
            break
        axes.imshow(maps[..., number], cmap="inferno", vmin=0, vmax=maps.max())
        axes.set_title(f"{classes[number]} {probabilities[number]:.2f}", fontsize=8)
        if number == probabilities.argmax():
            for edge in axes.spines.values():
                edge.set(color="#1f77b4", linewidth=3)
    return figure


if __name__ == "__main__":
    main()
