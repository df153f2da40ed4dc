"""Strangers' files in the other formats are refused as ONNX files are."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
import strange_networks as strange

from nin.errors import ExportError
from nin.inference import FilePredictor
from nin.inference.engines.openvino_engine import openvino

IMAGES = np.zeros((2, 8, 8, 1), np.uint8)


def constant(row):
    return lambda path: strange.constant(path, row)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (strange.endless_loop, "control flow, such as loops"),
        (constant([np.nan, 1]), "not finite|not between 0 and 1"),
        (constant([0.1, 0.1]), "do not add up to 1"),
        (strange.same_answer_for_all, r"shape \(1, 2\) in place of \(2, 2\)"),
    ],
)
def test_openvino(tmp_path, write, said):
    pytest.importorskip("openvino")
    runtime = openvino()
    model = runtime.Core().read_model(write(tmp_path / "strange.onnx"))
    model.set_rt_info(json.dumps(strange.DESCRIPTION), ["nin"])
    runtime.save_model(model, tmp_path / "strange/model.xml")
    with pytest.raises(ExportError, match=said) as caught:
        FilePredictor(tmp_path / "strange").predict(IMAGES)
    assert "\n" not in str(caught.value)


@pytest.fixture
def lite(tmp_path):
    """Make a ``.tflite`` file of a function of uint8 images to an output."""
    import tensorflow as tf

    def write(function, name="probabilities"):
        module = tf.Module()
        images = tf.TensorSpec([None, 8, 8, 1], tf.uint8, name="images")
        module.serve = tf.function(lambda images: {name: function(images)}, [images])
        tf.saved_model.save(module, str(tmp_path / "saved"), module.serve)
        path = tmp_path / "strange.tflite"
        path.write_bytes(
            tf.lite.TFLiteConverter.from_saved_model(str(tmp_path / "saved")).convert()
        )
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("nin.json", json.dumps(strange.DESCRIPTION))
        return path

    return write


def rows(images):
    """(n, 1) floats that the converter does not know beforehand."""
    import tensorflow as tf

    return tf.reduce_max(tf.cast(images, tf.float32), [1, 2])


def plus(*numbers):
    return lambda images: rows(images) + np.float32([numbers])


def until_it_is_large(images):
    import tensorflow as tf

    (grown,) = tf.while_loop(lambda x: tf.reduce_max(x) < 9, lambda x: [x + 1], [rows(images)])
    return grown


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Of a converter that is not used by anything of ours.
@pytest.mark.parametrize(
    ("function", "name", "said"),
    [
        (plus(np.nan, 0.5), "probabilities", "not finite"),
        (plus(0.5, 0.5, 0), "probabilities", r"shape \(2, 3\)"),
        (plus(0.5, 0.5), "others", "returns no probabilities"),
        (until_it_is_large, "probabilities", "control flow, such as loops"),
    ],
)
def test_litert(lite, function, name, said):
    pytest.importorskip("ai_edge_litert")
    path = lite(function, name)
    with pytest.raises(ExportError, match=said) as caught:
        FilePredictor(path).predict(IMAGES)
    assert "\n" not in str(caught.value)
