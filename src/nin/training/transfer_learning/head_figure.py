"""How the regularisation of a head was chosen, as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nin.plotting import default_style, drawable
from nin.training.runs.figures import new_figure, save_png
from nin.training.transfer_learning.head import Head


@default_style()
def save_candidates(path: Path, head: Head, title: str) -> None:
    """Plot loss and accuracy of held-out folds against the regularisation that was tried.

    Args:
        path: where to write the PNG.
        head: the fitted head, and the candidates it was chosen from.
        title: the title above.
    """
    figure = new_figure(8, 3.2)
    figure.suptitle(drawable(title), fontsize=10, parse_math=False)
    strengths = [each.C for each in head.candidates]
    for axes, name, label in zip(
        figure.subplots(1, 2), ("loss", "accuracy"), ("loss (nats)", "accuracy"), strict=True
    ):
        folds = np.array([getattr(each, name) for each in head.candidates])
        if len(folds):
            axes.errorbar(
                strengths,
                folds.mean(1),
                folds.std(1, ddof=1),
                marker="o",
                capsize=3,
                label="photographs left out, mean ± sd of the folds",
            )
        axes.axvline(head.C, color="grey", linewidth=1, linestyle=":", label="chosen")
        axes.set_xscale("log")
        axes.set_xlabel("C: weaker regularisation →")
        axes.set_ylabel(label)
    axes.legend(frameon=False, fontsize=8)
    save_png(figure, path)
