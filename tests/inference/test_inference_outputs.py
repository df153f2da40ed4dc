"""What a runtime returns is a prediction, or one line says why it is none."""

from __future__ import annotations

import numpy as np
import pytest
import strange_networks

from nin.errors import ExportError
from nin.inference import FilePredictor, Predictions
from nin.inference.outputs import check_predictions, from_outputs

IMAGES = np.zeros((2, 8, 8, 1), np.uint8)
FINE = np.float32([[0.25, 0.75], [1.0, 0.0]])
MAPS = np.ones((2, 3, 3, 2), np.float32)


@pytest.mark.parametrize(
    ("probabilities", "said"),
    [
        (FINE[:1], r"of shape \(1, 2\) in place of \(2, 2\)"),
        (FINE[..., None], r"of shape \(2, 2, 1\)"),
        (np.float32(0.5), r"of shape \(\)"),
        (FINE.astype(np.int64), "not floats, but int64"),
        (FINE.astype(str), "not floats, but <U"),
        (FINE.astype(object), "not floats, but object"),
        (FINE * np.float32([np.nan, 1]), "not finite"),
        (FINE + np.float32([np.inf, 0]), "not finite"),
        (FINE * 1e30, "not between 0 and 1"),
        (FINE - 5, "not between 0 and 1"),
        (FINE * np.float32([1, -1]), "not between 0 and 1"),
        (FINE / 2, "do not add up to 1"),
    ],
)
def test_no_probabilities(probabilities, said):
    with pytest.raises(ExportError, match=said):
        check_predictions(Predictions(probabilities, None), 2, 2)


@pytest.mark.parametrize(
    ("maps", "said"),
    [
        (MAPS[:1], r"of shape \(1, 3, 3, 2\) in place of \(2, height, width, 2\)"),
        (MAPS[..., :1], r"of shape \(2, 3, 3, 1\)"),
        (MAPS[:, 0], r"of shape \(2, 3, 2\)"),
        (MAPS[:, :0], r"of shape \(2, 0, 3, 2\)"),
        (MAPS.astype(np.int8), "not floats, but int8"),
        (MAPS * np.nan, "not finite"),
    ],
)
def test_no_class_maps(maps, said):
    with pytest.raises(ExportError, match=said):
        check_predictions(Predictions(FINE, maps), 2, 2)


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_rounding_is_no_fault(classes):
    logits = np.random.default_rng(0).normal(0, 3, (64, classes))
    exact = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    for rounded in (exact, exact.astype(np.float32), exact.astype(np.float16)):
        check_predictions(Predictions(rounded, None), 64, classes)
    if classes <= 10:
        check_predictions(Predictions((exact * 255).round() / 255, None), 64, classes)


def test_an_output_that_is_missing():
    with pytest.raises(ExportError, match="returns no maps"):
        from_outputs({"probabilities": FINE}, maps=True)
    with pytest.raises(ExportError, match="returns no probabilities"):
        from_outputs({"maps": MAPS}, maps=False)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: strange_networks.constant(path, [np.nan, 1]), "not finite"),
        (lambda path: strange_networks.constant(path, [1e30, 0]), "not between 0 and 1"),
        (strange_networks.same_answer_for_all, r"shape \(1, 2\) in place of \(2, 2\)"),
        (strange_networks.number_without_rank, "describes 2 classes and has another"),
        (strange_networks.words, "not floats, but object"),
        (strange_networks.unknown_operation, "cannot be opened"),
        (lambda path: strange_networks.huge(path, 2**58), "cannot be opened|cannot predict"),
    ],
)
def test_a_strangers_file_gives_one_line(tmp_path, write, said):
    path = write(tmp_path / "strange.onnx")
    with pytest.raises(ExportError, match=said) as caught:
        FilePredictor(path).predict(IMAGES)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_whatever_a_runtime_raises_is_one_line(tmp_path):
    class Full:
        description = strange_networks.DESCRIPTION

        def predict(self, images, maps):
            raise MemoryError("no room\nfor anything")

    with pytest.raises(ExportError, match=r"full\.onnx cannot predict: no room$"):
        FilePredictor(tmp_path / "full.onnx", opened=("onnx", Full())).predict(IMAGES)
