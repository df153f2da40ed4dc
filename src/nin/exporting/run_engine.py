"""Run directories, by Keras."""

from __future__ import annotations

from typing import Any

import numpy as np

from nin.data.decode import fitted
from nin.errors import ExportError
from nin.exporting.describe import describe
from nin.inference.engines import Answers, Images
from nin.training import Run
from nin.training.evaluation import softmax


class RunEngine:
    """A run's own network.

    Args:
        run: a trained run.
        image_size: side in pixels to look at images with, in place of the one trained with; for
            networks with class maps only.

    Raises:
        ExportError: the network has no class maps, and another size is asked for.
        InputSizeError: `image_size` is too small for the network.
    """

    def __init__(self, run: Run, image_size: int | None = None) -> None:
        self.run, self.image_size = run, image_size
        self.description: dict[str, Any] = describe(run)
        if image_size is not None:
            if not self.description["maps"]:
                raise ExportError(f"{run.path}: no other image size, its network has dense layers")
            *_, channels = run.input_shape
            run.model.check_size((image_size, image_size, channels))
            self.description["input_shape"] = [image_size, image_size, channels]

    def answer(self, images: Images, maps: bool) -> Answers:
        """See `nin.inference.engines.Engine`."""
        from keras import ops

        height, width, channels = self.description["input_shape"]
        size, fit = (height, width), self.run.fit
        seen = np.stack([fitted(image, size, channels, fit) for image in images])
        if not maps and self.image_size is None:
            return Answers(self.run.predict(seen), None)
        found = ops.convert_to_numpy(self.run.model.class_maps(seen, self.image_size))
        return Answers(softmax(found.mean(axis=(1, 2))), found if maps else None)
