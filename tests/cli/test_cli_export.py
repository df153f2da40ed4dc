"""`nin export`, and `nin predict` of what it leaves."""

from __future__ import annotations

import pytest
from PIL import Image


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "one.png"
    Image.new("L", (8, 8), 90).save(path)
    return path


def test_a_run_is_exported_and_predicts_the_same(nin, digits, image):
    before = nin("predict", digits, image, "--json").json
    result = nin("export", digits)
    assert (result.code, result.err) == (0, "")
    first, second, *_ = result.out.splitlines()
    assert first.startswith(f"{digits / 'model.onnx'}: onnx, ")
    assert second.startswith(
        "compared with the run on 256 images: 256 labels equal, largest difference"
    )
    for what in (digits, digits / "model.onnx"):
        after = nin("predict", what, image, "--json").json
        assert after["label"] == before["label"]
        assert after["probability"] == pytest.approx(before["probability"], abs=1e-5)


def test_json_has_all_that_was_measured(nin, digits, tmp_path):
    out = tmp_path / "small.onnx"
    result = nin("export", digits, "--quantize", "int8", "--out", out, "--no-maps", "--json")
    assert (result.code, result.err) == (0, "")
    assert [*result.json] == [
        *("path", "format", "bytes", "parity", "quantization", "other"),
        *("prepare", "load", "summary"),
    ]
    assert result.json["bytes"] == out.stat().st_size
    assert result.json["parity"]["labels_equal"] == 256
    assert result.json["quantization"]["bytes"][1] == out.stat().st_size


def test_eight_bits_are_described_in_words(nin, digits):
    text = nin("export", digits, "--quantize", "int8").out
    assert "int8 instead of float32:" in text
    assert " ms per image instead of " in text
    assert "the same labels, on 359 images" in text
    prepare, first, second = text.splitlines()[-3:]
    assert prepare.startswith("takes images (n, height, width, 1), uint8: grey")
    path = digits / "model.int8.onnx"
    assert [first, second] == [
        "import onnxruntime",
        f"session = onnxruntime.InferenceSession('{path}')",
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "keras"], "unknown format 'keras'"),
        (["--quantize", "int3"], "unknown quantisation 'int3'"),
        (["--out", "model.h5"], "ends in .onnx"),
        (["--data", "nowhere"], "nowhere"),
    ],
)
def test_mistakes_are_one_line(nin, digits, words, said):
    result = nin("export", digits, *words)
    assert result.is_mistake(), result
    assert said in result.err
    assert not (digits / "model.onnx").exists()


def test_what_is_no_run_cannot_leave(nin, tmp_path):
    assert "is not a run directory" in nin("export", tmp_path).err
    assert nin("export", tmp_path).is_mistake()


def test_predict_of_something_else_is_one_line(nin, image, tmp_path):
    (tmp_path / "other.onnx").write_bytes(b"other")
    for what in ("nowhere", "other.onnx", image, tmp_path):
        assert nin("predict", what, image).is_mistake()
