"""What TensorFlow's converter to LiteRT is told; Keras hands it on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def tflite_options(
    quantize: str | None, calibration: Callable[[], Iterable[list[Any]]]
) -> dict[str, Any]:
    """Attributes of a ``TFLiteConverter``: built-in operators only.

    Args:
        quantize: None, ``"float16"`` for weights of half the size, or ``"int8"`` for whole numbers
            in all operators, with bytes going in and coming out.
        calibration: for ``"int8"``: gives the batches that ranges are measured on.
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
