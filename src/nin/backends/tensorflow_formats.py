"""TensorFlow's own formats: opens a SavedModel without Keras, and sets up conversion to LiteRT."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from nin.backends import quietly_imported


def load_saved_model(path: Path) -> Callable[[Any], dict[str, Any]]:
    """The function that a SavedModel serves: an array → arrays by name.

    Args:
        path: the SavedModel's folder.

    Raises:
        OSError, ValueError: it is damaged.
    """
    quietly_imported("tensorflow")
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))

    def predict(images: Any) -> dict[str, Any]:
        return {name: value.numpy() for name, value in loaded.serve(tf.constant(images)).items()}

    return predict


def tflite_options(
    quantize: str | None, calibration: Callable[[], Iterable[list[Any]]]
) -> dict[str, Any]:
    """The attributes to set on a ``TFLiteConverter``: built-in operators only.

    Keras passes them on to the converter.

    Args:
        quantize: None, ``"float16"`` for weights of half the size, or ``"int8"`` for integers in
            all operators, with bytes as inputs and outputs.
        calibration: for ``"int8"``: returns the batches that value ranges are measured on.
    """
    import tensorflow as tf

    if quantize == "int8":
        return {
            "optimizations": [tf.lite.Optimize.DEFAULT],
            "representative_dataset": calibration,
            "target_spec": {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]},
            "inference_input_type": tf.uint8,
            "inference_output_type": tf.uint8,
        }
    plain = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    if quantize == "float16":
        return {
            "optimizations": [tf.lite.Optimize.DEFAULT],
            "target_spec": {**plain, "supported_types": [tf.float16]},
        }
    return {"target_spec": plain}
