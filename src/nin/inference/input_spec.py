"""`InputSpec`: the form in which an exported network takes images, and conversion to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from nin.data.decoding.decode import ResizeMode
from nin.data.decoding.image_arrays import fitted_images
from nin.inference.outputs import Floats, Images, Predictions

#: Orders of the axes of a batch: n, channels, height and width.
LAYOUTS = ("nchw", "nhwc")
#: Types of pixel values, all from 0 to 255.
TYPES = {"float": np.float32, "uint8": np.uint8}
#: Most pixels of a batch of fixed size.
MOST_PIXELS = 2**26

_CHANNELS = {1: "grey", 3: "RGB"}


class InputSpec(NamedTuple):
    """What an exported network takes.

    Attributes:
        channels: 1 (grey) or 3 (RGB).
        size: height and width of its images; None if it resizes them itself.
        batch: number of images at a time; None for any.
        layout: ``"nhwc"`` or ``"nchw"``, also for the class maps.
        type: ``"uint8"`` or ``"float"`` (float32), from 0 to 255.
    """

    channels: int
    size: int | None = None
    batch: int | None = None
    layout: str = "nhwc"
    type: str = "uint8"

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> InputSpec | None:
        """The form of a described network; None for an earlier version's, which has none."""
        if (form := description.get("input")) is None:
            return None
        channels = description["input_shape"][2]
        return cls(channels, *(form[name] for name in cls._fields[1:]))

    def described(self) -> dict[str, Any]:
        """This form for the description, and how to make a picture fit it."""
        return {
            **{name: getattr(self, name) for name in self._fields[1:]},
            "channels": _CHANNELS[self.channels],
            "range": [0, 255],
            "resize": None if self.size is None else "bicubic, antialiased",
        }

    @property
    def shape(self) -> list[int | str]:
        """Shape of the input; a side of any length has a name."""
        n, height, width = self.batch or "n", self.size or "height", self.size or "width"
        if self.layout == "nchw":
            return [n, self.channels, height, width]
        return [n, height, width, self.channels]

    @property
    def dtype(self) -> str:
        """The type of the input, as NumPy calls it."""
        return np.dtype(TYPES[self.type]).name

    def batches(self, images: Images, resize_mode: ResizeMode, most: int) -> Iterator[Any]:
        """Images in this form, batch by batch.

        If the batch size is fixed, the last batch is filled up with copies of its last image.

        Args:
            images: (n, h, w, c), uint8, of any size and 1, 3 or 4 channels.
            resize_mode: how they are resized.
            most: most images per batch, if the batch size is not fixed.
        """
        step = self.batch or most
        for first in range(0, len(images), step):
            prepared = self._prepared(images[first : first + step], resize_mode)
            missing = self.batch - len(prepared) if self.batch else 0
            yield np.concatenate([prepared, *[prepared[-1:]] * missing]) if missing else prepared

    def predict(
        self,
        predict: Callable[[Any, bool], Predictions],
        images: Images,
        maps: bool,
        resize_mode: ResizeMode,
    ) -> Predictions:
        """The predictions of a network that takes this form, for images in any other form.

        Args:
            predict: the method of an engine.
            images: (n, h, w, c), uint8, of any size and 1, 3 or 4 channels.
            maps: whether to compute the class maps.
            resize_mode: how they are resized.
        """
        count = len(images)
        parts = [predict(batch, maps) for batch in self.batches(images, resize_mode, count)]
        probabilities = np.concatenate([part.probabilities for part in parts])[:count]
        found = [part.maps for part in parts if part.maps is not None]
        return Predictions(probabilities, self._ordered(found)[:count] if found else None)

    def _prepared(self, images: Images, resize_mode: ResizeMode) -> Any:
        height, width = images.shape[1:3] if self.size is None else (self.size, self.size)
        fitted = fitted_images(images, (height, width, self.channels), resize_mode)
        ordered = np.moveaxis(fitted, 3, 1) if self.layout == "nchw" else fitted
        return np.ascontiguousarray(ordered, TYPES[self.type])

    def _ordered(self, found: list[Floats]) -> Floats:
        maps = np.concatenate(found)
        return np.moveaxis(maps, 1, 3) if self.layout == "nchw" else maps


def input_spec_problem(form: Any, side: int) -> str | None:
    """What is wrong with the input form in the description of a network for images of `side`."""
    if not isinstance(form, dict) or not form.keys() >= {*InputSpec._fields}:
        return f"its input does not have {', '.join(InputSpec._fields)}"
    size, batch, layout = form["size"], form["batch"], form["layout"]
    if layout not in LAYOUTS or form["type"] not in [*TYPES]:
        return f"its input is not of {' or '.join(LAYOUTS)}, {' or '.join(TYPES)}"
    if size is None:
        is_free = (batch, layout, form["type"]) == (None, "nhwc", "uint8")
        return None if is_free else "its input has no size, but a batch, layout or type"
    if type(size) is not int or size != side or type(batch) is not int:
        return "its input has a size or batch that is not one of its images"
    if not 1 <= batch <= MOST_PIXELS // size**2:
        return f"its input has a batch of more than {MOST_PIXELS:,} pixels, or of none"
    return None
