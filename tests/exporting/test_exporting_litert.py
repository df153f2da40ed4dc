"""LiteRT: what phones read in the file, eight and sixteen bits, and the memory that it takes."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

import nin
from nin.errors import ExportError
from nin.exporting.describe import describe
from nin.exporting.litert.tflite_metadata import described
from nin.exporting.litert.tflite_model import tflite_bytes
from nin.exporting.litert.tflite_summary import _Tensor, arena, summarise
from nin.exporting.parity import IMAGES
from nin.inference.input_spec import InputSpec

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(first_run, tmp_path_factory):
    return nin.export(first_run, "litert", tmp_path_factory.mktemp("whole") / "a.tflite")


@pytest.fixture(scope="module")
def small(first_run, tmp_path_factory):
    out = tmp_path_factory.mktemp("small") / "a.tflite"
    return nin.export(first_run, "litert", out, quantize="int8")


def test_it_takes_images_of_the_size_that_the_network_takes(whole, first_run, real_digits):
    model = schema.ModelT.InitFromPackedBuf(whole.path.read_bytes())
    [graph] = model.subgraphs
    assert [[*graph.tensors[index].shape] for index in graph.inputs] == [[1, 16, 16, 1]]
    assert [[*graph.tensors[index].shape] for index in graph.outputs] == [[1, 10]]
    assert whole.summary.in_floats == whole.summary.operators
    assert whole.parity.images == whole.parity.labels_equal == IMAGES
    run, file = nin.Predictor(first_run, image_size=16), nin.Predictor(whole.path)
    a, b = (one.predict(real_digits[:9]).probabilities for one in (run, file))
    np.testing.assert_allclose(a, b, atol=1e-5)


def test_another_size_and_bytes(first_run, noise, tmp_path):
    out = tmp_path / "a.tflite"
    done = nin.export(first_run, "litert", out, size=24, batch=2, input="uint8", maps=True)
    assert done.parity.labels_equal == IMAGES
    images = np.sort(noise(3, 24, 24, 1), axis=2)
    run, file = nin.Predictor(first_run, image_size=24), nin.Predictor(out)
    a, b = (one.predict(images, maps=True) for one in (run, file))
    np.testing.assert_allclose(a.probabilities, b.probabilities, atol=1e-5)
    np.testing.assert_allclose(a.maps, b.maps, atol=1e-4)


def test_the_same_run_is_the_same_file(whole, first_run, tmp_path):
    again = nin.export(first_run, "litert", tmp_path / "a.tflite")
    assert again.path.read_bytes() == whole.path.read_bytes()


def test_weights_are_where_a_runtime_can_use_them(whole):
    content = whole.path.read_bytes()
    model = schema.Model.GetRootAs(content)
    for index in range(model.BuffersLength()):
        data = model.Buffers(index).DataAsNumpy()
        if model.Buffers(index).DataLength():
            start = (
                data.__array_interface__["data"][0] - np.frombuffer(content, np.uint8).ctypes.data
            )
            assert start % 16 == 0


def metadata(path):
    """The table of the metadata: a position in its bytes."""
    import flatbuffers

    model = schema.ModelT.InitFromPackedBuf(path.read_bytes())
    [note] = [each for each in model.metadata if each.name == b"TFLITE_METADATA"]
    content = bytes(model.buffers[note.buffer].data)
    assert content[4:8] == b"M001"
    return flatbuffers.table.Table(content, int.from_bytes(content[:4], "little"))


def child(table, field):
    """The first of the tables in a field of a table, or the one that is there."""
    import flatbuffers

    start = table.Vector(table.Offset(4 + 2 * field))
    return flatbuffers.table.Table(table.Bytes, table.Indirect(start))


def test_labels_and_preprocessing_are_where_phones_look_for_them(whole, small, first_run):
    for path in (whole.path, small.path):
        graph = child(metadata(path), 3)
        images, probabilities = child(graph, 2), child(graph, 3)
        [file] = [child(probabilities, 6)]
        name = file.String(file.Pos + file.Offset(4)).decode()
        with zipfile.ZipFile(path) as archive:
            assert archive.read(name).decode().split() == [*first_run.classes]
        unit = child(images, 4)
        options = unit.Indirect(unit.Pos + unit.Offset(6))
        normalisation = type(unit)(unit.Bytes, options)
        values = [
            np.frombuffer(unit.Bytes, "<f4", 1, normalisation.Vector(normalisation.Offset(field)))[
                0
            ]
            for field in (4, 6)
        ]
        assert values == [0, 1]


def test_eight_bits_in_and_out(small, whole, real_digits):
    cost = small.quantization
    assert cost.to == "int8"
    assert cost.bytes[1] == small.path.stat().st_size < cost.bytes[0]
    assert cost.same_label > 0.9
    assert small.summary.in_floats == ()
    assert small.summary.memory < whole.summary.memory
    model = schema.ModelT.InitFromPackedBuf(small.path.read_bytes())
    [graph] = model.subgraphs
    ends = [graph.tensors[index] for index in (*graph.inputs, *graph.outputs)]
    assert {each.type for each in ends} == {schema.TensorType.UINT8}
    # A byte of a picture goes in as it is.
    assert [*ends[0].quantization.scale] == [1.0]
    assert [*ends[0].quantization.zeroPoint] == [0]
    a, b = (nin.Predictor(each.path).predict(real_digits) for each in (whole, small))
    assert b.probabilities.dtype == np.float32
    assert np.abs(a.probabilities - b.probabilities).max() < 0.25


def test_sixteen_bits_are_half_the_weights(first_run, whole, tmp_path):
    done = nin.export(first_run, "litert", tmp_path / "a.tflite", quantize="float16")
    assert done.quantization.to == "float16"
    assert done.quantization.same_label > 0.95
    assert done.bytes < whole.bytes
    assert nin.Predictor(done.path).description["quantization"] == "float16"


def test_more_than_a_thousand_labels_are_all_there(whole, tmp_path):
    names = ["new\nline", "x\u2028y", "latin\udce9", *map(str, range(1500))]
    description = {**nin.Predictor(whole.path).description, "classes": names}
    (tmp_path / "a.tflite").write_bytes(described(whole.path.read_bytes(), description))
    with zipfile.ZipFile(tmp_path / "a.tflite") as archive:
        labels = archive.read("labels.txt").decode().splitlines()
    assert labels == [r"new\nline", r"x\u2028y", r"latin\udce9", *map(str, range(1500))]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"layout": "nchw"}, "layout=nchw: litert supports nhwc only"),
        ({"input": "float", "quantize": "int8"}, "input=float: in litert int8 takes uint8 only"),
        ({"quantize": "int8", "data": "nowhere"}, "nowhere"),
    ],
)
def test_what_cannot_be_is_one_line_and_nothing_is_written(first_run, arguments, said):
    before = sorted(first_run.path.iterdir())
    with pytest.raises(nin.NinError, match=said):
        nin.export(first_run, "litert", **arguments)
    assert sorted(first_run.path.iterdir()) == before


def test_without_images_to_calibrate_on_nothing_is_written(first_run, monkeypatch):
    def gone(*_):
        raise ExportError("there are too few different images")

    before = sorted(first_run.path.iterdir())
    monkeypatch.setattr("nin.exporting.quantization.images_apart", gone)
    with pytest.raises(ExportError, match="too few"):
        nin.export(first_run, "litert", quantize="int8")
    assert sorted(first_run.path.iterdir()) == before


def test_the_arena_reuses_what_is_no_longer_needed():
    chain = [_Tensor(64, 0, 0), _Tensor(32, 0, 1), _Tensor(64, 1, 2)]
    assert arena(chain) == 96
    assert arena([*chain, _Tensor(16, 0, 2)]) == 112
    assert arena([]) == 0


def test_the_arena_is_no_smaller_than_what_one_operator_needs(whole):
    model = schema.ModelT.InitFromPackedBuf(whole.path.read_bytes())
    [graph] = model.subgraphs
    largest = max(
        sum(
            4 * int(np.prod(graph.tensors[index].shape))
            for index in {*each.inputs, *each.outputs}
            if index >= 0 and model.buffers[graph.tensors[index].buffer].data is None
        )
        for each in graph.operators
    )
    assert largest <= summarise(whole.path.read_bytes()).memory < 4 * largest


def test_the_range_is_that_of_bytes_where_pictures_are_made_smaller(first_run, monkeypatch):
    seen = []

    def options(_, calibration):
        seen.extend(batch for [batch] in calibration())
        raise InterruptedError

    monkeypatch.setattr("nin.backends.tensorflow_formats.tflite_options", options)
    form = InputSpec(1, 16, 1, "nhwc", "uint8")
    grey = np.full((3, 64, 64, 1), 90, np.uint8)
    with pytest.raises(InterruptedError):
        tflite_bytes(first_run, describe(first_run, maps=False, form=form), "int8", grey)
    assert (np.min(seen), np.max(seen)) == (0, 255)
