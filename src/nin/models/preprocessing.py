"""`Preprocessing`: resizing and standardisation, as part of the network's graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from nin.errors import InputSizeError


@keras.saving.register_keras_serializable(package="nin")
class Preprocessing(keras.layers.Layer):
    """Stored images → the input of the first convolution.

    Integer images are taken to be 0…255, floating-point ones 0…1. They are resized (bilinear), then
    standardised per channel: ``(x - mean) / std``. By default only the scale changes, to 0…1.

    Args:
        size: (height, width) to resize to; None leaves the size as it is.
        mean: one value per channel, on the scale 0…1.
        std: likewise.
    """

    def __init__(
        self,
        size: Sequence[int] | None = None,
        mean: Sequence[float] = (0.0,),
        std: Sequence[float] = (1.0,),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.configure(size, mean, std)

    def configure(
        self,
        size: Sequence[int] | None = None,
        mean: Sequence[float] = (0.0,),
        std: Sequence[float] = (1.0,),
    ) -> None:
        """Change the settings; a compiled model uses them after the next `compile`."""
        self.size = None if size is None else (int(size[0]), int(size[1]))
        self.mean = tuple(float(value) for value in mean)
        # A channel that never varies would divide by zero.
        self.std = tuple(float(value) or 1.0 for value in std)

    def call(self, images: Any) -> Any:
        """Images of shape (n, h, w, c) → floats of shape (n, *size, c)."""
        _check_rank(images.shape)
        is_integer = "int" in keras.backend.standardize_dtype(images.dtype)
        x = ops.cast(images, self.compute_dtype)
        if self.size is not None and tuple(images.shape[1:3]) != self.size:
            x = ops.image.resize(
                x,
                self.size,
                interpolation="bilinear",
                antialias=False,
                data_format="channels_last",
            )
        scale = 255.0 if is_integer else 1.0
        mean = ops.convert_to_tensor([scale * value for value in self.mean], dtype=x.dtype)
        std = ops.convert_to_tensor([scale * value for value in self.std], dtype=x.dtype)
        return (x - mean) / std

    def at(self, image_size: int) -> Preprocessing:
        """A copy that resizes to `image_size` × `image_size` pixels instead."""
        side = (image_size, image_size)
        return Preprocessing(side, self.mean, self.std, dtype=self.dtype_policy)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """The shape of `call`'s result."""
        _check_rank(input_shape)
        size = self.size or input_shape[1:3]
        return (input_shape[0], *size, input_shape[3])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), **self.description()}

    def description(self) -> dict[str, Any]:
        """`size`, `mean` and `std` as plain JSON values."""
        return {
            "size": None if self.size is None else list(self.size),
            "mean": list(self.mean),
            "std": list(self.std),
        }


def _check_rank(shape: Sequence[int | None]) -> None:
    if len(shape) != 4:
        raise InputSizeError(f"images must be (n, height, width, channels), not {tuple(shape)}")
