"""A grid of titled images, displayed in a notebook; elsewhere no window is opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.errors import DataError
from nin.names import printable
from nin.notebook_figure import NotebookFigure


def draw(
    images: Any, titles: Sequence[str], nrows: int, ncols: int, side: float = 1.5
) -> NotebookFigure:
    """Draw the first ``nrows * ncols`` images, or as many as there are.

    Args:
        images: (n, height, width), or (n, height, width, 1 or 3).
        titles: one for each image.
        nrows: rows of the grid.
        ncols: images per row.
        side: inches per image.

    Raises:
        DataError: the array has a different shape.
    """
    pixels = _displayable(images, nrows * ncols)
    figure = NotebookFigure(figsize=(side * ncols, side * nrows))
    axes = figure.subplots(nrows, ncols, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for axis, image, title in zip(axes.flat, pixels, titles, strict=False):
        axis.imshow(image, cmap="gray", vmin=0, vmax=1)
        # The book writes the true class above the predicted one.
        axis.set_title("\n".join(map(printable, str(title).split("\n"))), parse_math=False)
    figure.show_in_notebook()
    return figure


def _displayable(images: Any, count: int) -> NDArray[np.float32]:
    if not isinstance(images, np.ndarray):
        from nin.data.loader import as_numpy

        images = as_numpy(images)
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[-1] not in (1, 3)):
        raise DataError(f"images must be (n, height, width, 1 or 3), not {images.shape}")
    pixels: NDArray[np.float32] = images[:count].astype(np.float32)
    if images.dtype == np.uint8:
        pixels /= 255
    elif pixels.size and (pixels.min() < 0 or pixels.max() > 1):
        pixels = (pixels - pixels.min()) / max(float(np.ptp(pixels)), 1e-12)
    return pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels
