"""A run as a LiteRT model: images of one size in, probabilities out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from keras import ops

from nin.inference.input_spec import InputSpec
from nin.inference.outputs import Images
from nin.models.classifier import without_averaging
from nin.models.geometry import flow

if TYPE_CHECKING:
    from nin.training import Run


def tflite_bytes(
    run: Run,
    description: dict[str, Any],
    quantize: str | None = None,
    images: Images | None = None,
) -> bytes:
    """The network alone, without labels and description; needs the TensorFlow backend.

    Args:
        run: a trained run.
        description: of what is exported, with a form of fixed size.
        quantize: None, ``"float16"`` or ``"int8"``; see `nin.backends.tensorflow_formats`.
        images: to calibrate ``"int8"`` on; (n, h, w, c), uint8.
    """
    from nin.backends.tensorflow_formats import tflite_options

    form = InputSpec.of(description)
    assert form is not None
    # The converter turns whole numbers into floats, not an operator of the network.
    spec = form._replace(type="float") if quantize == "int8" else form
    network = FixedServable(run.model, spec, description["maps"])
    signature = [keras.InputSpec(shape=spec.shape, dtype=spec.dtype, name="images")]

    def calibration() -> Iterator[list[Any]]:
        assert images is not None
        for number, batch in enumerate(spec.batches(images, description["fit"], 1)):
            if not number:  # Make the range that of bytes, whatever the pictures show.
                batch[0, 0, 0], batch[0, 0, -1] = 0, 255
            yield [batch]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        network.export(
            str(path),
            format="litert",
            input_signature=signature,
            verbose=False,
            **tflite_options(quantize, calibration),
        )
        return path.read_bytes()


class FixedServable(keras.Model):
    """A network that takes images of one size, in a form with channels last.

    Args:
        model: a built classifier.
        form: what it takes.
        maps: whether class maps are returned; the network must have them.
    """

    def __init__(self, model: Any, form: InputSpec, maps: bool) -> None:
        super().__init__(name="fixed_servable")
        self.model, self.maps, self.channels = model, maps, form.channels
        self(ops.zeros([int(side) for side in form.shape], form.dtype))

    def call(self, images: Any) -> dict[str, Any]:
        """Images (n, height, width, channels), from 0 to 255 → outputs."""
        x = self._standardised(ops.cast(images, "float32"))
        if not self.maps:
            return {"probabilities": ops.softmax(self.model.net(x, training=False))}
        maps = flow(self.model.net, x, without_averaging)
        return {"maps": maps, "probabilities": ops.softmax(ops.mean(maps, axis=(1, 2)))}

    def _standardised(self, x: Any) -> Any:
        """Standardise by a depthwise convolution, whose weights are exact in eight bits as well."""
        ones = np.ones(self.channels)
        mean, std = (ones * each for each in self._statistics())
        kernel = (1 / (255 * std)).astype("float32").reshape(1, 1, -1, 1)
        return ops.depthwise_conv(x, kernel) - (mean / std).astype("float32")

    def _statistics(self) -> tuple[Any, Any]:
        return self.model.preprocessing.mean, self.model.preprocessing.std
