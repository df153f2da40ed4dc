"""A run is exported in every form, and predicts there as it does here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from PIL import Image

import nin
from nin.data.decoding.decode import decode
from nin.errors import ExportError, NinError, RunError, UnknownNameError
from nin.exporting import exporter, formats, parity
from nin.exporting.export_target import check_replaceable, is_export
from nin.exporting.parity import IMAGES
from nin.exporting.servable import Servable
from nin.training.runs import evaluation

FORMATS = ["onnx", "openvino", "litert", "savedmodel"]


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_every_form_predicts_as_the_run(run, form, real_digits, noise):
    done = nin.export(run, form, maps=True)
    assert (done.format, done.quantization) == (form, None)
    assert done.parity.images == done.parity.labels_equal == IMAGES
    assert done.parity.largest_difference < 1e-5
    there = nin.Predictor(done.path, trust=form == "savedmodel")
    assert (there.format, there.classes) == (form, run.classes)
    here = nin.Predictor(run, image_size=16 if form == "litert" else None)
    if form != "litert":
        assert there.description == here.description
    a, b = (one.predict(real_digits, maps=True) for one in (here, there))
    np.testing.assert_allclose(a.probabilities, b.probabilities, atol=1e-5)
    np.testing.assert_allclose(a.maps, b.maps, atol=1e-4)
    first, *others = FORMATS
    if form in others:
        same = here if form == "litert" else nin.Predictor(nin.export(run, first).path)
        for shape in ((1, 40, 13, 1), (2, 5, 9, 3), (3, 8, 8, 4)):
            images = np.sort(noise(*shape), axis=2)
            expected = same.predict(images).probabilities
            np.testing.assert_allclose(there.predict(images).probabilities, expected, atol=1e-4)


@pytest.mark.parametrize("resize_mode", ["squash", "crop"])
@pytest.mark.parametrize("channels", [1, 3])
def test_keras_and_onnx_say_the_same_of_any_image(channels, resize_mode, noise):
    onnxruntime = pytest.importorskip("onnxruntime")
    from nin.exporting.onnx.model import to_onnx
    from nin.models import NiN

    shape = (12, 10, channels)
    model = NiN(num_classes=3, preset="mnist", width=0.1)
    model.preprocessing.configure((16, 16), (0.4,) * channels, (0.3,) * channels)
    model.build((None, *shape))
    description = {
        "input_shape": shape,
        "classes": ["a", "b", "c"],
        "maps": True,
        "fit": resize_mode,
    }
    session = onnxruntime.InferenceSession(to_onnx(model, description).SerializeToString())
    servable = Servable(model, shape, maps=True, resize_mode=resize_mode)
    for size in ((2, 12, 10), (1, 31, 7), (3, 6, 22), (1, 1, 200)):
        images = noise(*size, channels)
        ours = servable(images)
        theirs = session.run(["probabilities", "maps"], {"images": images})
        for name, value in zip(("probabilities", "maps"), theirs, strict=True):
            array = keras.ops.convert_to_numpy(ours[name])
            np.testing.assert_allclose(array, value, atol=1e-4)


def test_a_file_that_predicts_otherwise_is_not_exported(run, monkeypatch):
    nin.export(run)
    before = (run.path / "model.onnx").read_bytes()

    def write(run, description, path):
        run.model.weights[0].assign(run.model.weights[0] + 1.0)
        formats.write_onnx(run, description, path)
        run.model.weights[0].assign(run.model.weights[0] - 1.0)

    monkeypatch.setitem(exporter.WRITERS, "onnx", write)
    with pytest.raises(
        ExportError, match=r"does not predict as the run does: \d+ of 256 labels equal"
    ):
        nin.export(run)
    assert (run.path / "model.onnx").read_bytes() == before
    assert not [path for path in run.path.iterdir() if ".part" in path.name]


def test_eight_bits_are_smaller_and_their_cost_is_measured(run, real_digits):
    done = nin.export(run, quantize="int8")
    assert (done.path, done.quantization.to) == (run.path / "model.int8.onnx", "int8")
    cost = done.quantization
    assert cost.bytes[1] == done.path.stat().st_size < cost.bytes[0]
    assert cost.images == 359
    assert all(0 <= share <= 1 for share in (*cost.accuracy, cost.same_label))
    assert cost.same_label > 0.9
    assert abs(cost.accuracy[0] - cost.accuracy[1]) < 0.1
    assert all(time > 0 for time in cost.milliseconds)
    proto = onnx.load(done.path)
    assert "QuantizeLinear" in {node.op_type for node in proto.graph.node}
    # Whoever follows the standard to the letter can compute it.
    predictions = ReferenceEvaluator(proto).run(["probabilities"], {"images": real_digits[:2]})[0]
    there = nin.Predictor(done.path).predict(real_digits[:2]).probabilities
    np.testing.assert_allclose(predictions, there, atol=0.02)
    there = nin.Predictor(done.path)
    told = {**nin.Predictor(run).description, "quantization": "int8", "complete": False}
    assert there.description == told
    predictions = there.predict(np.repeat(real_digits[:3], 3, axis=1), maps=True)
    assert predictions.maps.shape == (3, 4, 4, 10)
    # The run is still predicted in floats.
    assert nin.Predictor(run.path).format == "run"


def test_only_forms_that_exist(run):
    with pytest.raises(UnknownNameError, match="did you mean 'onnx'"):
        nin.export(run, "onx")
    with pytest.raises(UnknownNameError, match="unknown quantisation 'int4'"):
        nin.export(run, quantize="int4")
    with pytest.raises(ExportError, match="runtime: it is for web, not onnx"):
        nin.export(run, runtime="somewhere")
    with pytest.raises(ExportError, match="quantize=int8: it is for onnx, web, litert, not"):
        nin.export(run, "openvino", quantize="int8")
    with pytest.raises(ExportError, match="quantize=float16: it is for litert, not onnx"):
        nin.export(run, quantize="float16")


def test_nothing_is_replaced_but_an_export(run, tmp_path):
    with pytest.raises(ExportError, match=r"ends in \.onnx"):
        nin.export(run, out=tmp_path / "model.bin")
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "diary.txt").write_text("dear")
    for form in ("openvino", "savedmodel", "web"):
        with pytest.raises(ExportError, match="already exists, and is not"):
            nin.export(run, form, mine)
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(ExportError, match="already exists, and is not"):
        nin.export(run, out=tmp_path / "folder.onnx")
    assert (mine / "diary.txt").read_text() == "dear"


def test_a_folder_is_replaced_as_a_whole(run, tmp_path):
    pytest.importorskip("openvino")
    out = tmp_path / "model"
    for _ in range(2):
        nin.export(run, "openvino", out)
        assert sorted(path.name for path in out.iterdir()) == ["model.bin", "model.xml"]
    (out / "mine").touch()
    with pytest.raises(ExportError, match="already exists, and is not"):
        nin.export(run, "openvino", out)
    assert (out / "mine").exists()


@pytest.fixture
def strange_saved_model(tmp_path):
    """A SavedModel that writes a file when it is run."""
    import tensorflow as tf

    class Strange(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None] * 4, tf.uint8, name="images")])
        def serve(self, images):
            with tf.control_dependencies([tf.io.write_file(str(tmp_path / "written"), "by me")]):
                rows = tf.shape(images)[0]
            return {"probabilities": tf.fill([rows, 2], 0.5)}

    tf.saved_model.save(Strange(), str(tmp_path / "strange"))
    (tmp_path / "strange/assets.extra").mkdir()
    described = {"format": 1, "classes": ["a", "b"], "input_shape": [8, 8, 1], "maps": False}
    (tmp_path / "strange/assets.extra/nin.json").write_text(json.dumps(described))
    return tmp_path / "strange"


@pytest.mark.slow
def test_a_saved_model_does_what_it_likes_and_only_where_it_is_trusted(strange_saved_model, run):
    written = strange_saved_model.with_name("written")
    with pytest.raises(ExportError, match="if you trust whoever made it"):
        nin.Predictor(strange_saved_model)
    nin.export(run, "savedmodel", strange_saved_model.with_name("other"))
    assert is_export(strange_saved_model, "savedmodel")
    assert not written.exists()
    prediction = nin.Predictor(strange_saved_model, trust=True).predict(
        np.zeros((1, 8, 8, 1), "uint8")
    )
    assert prediction.probabilities.tolist() == [[0.5, 0.5]]
    assert written.exists()


def test_openvino_does_not_report_to_its_makers():
    pytest.importorskip("openvino")
    code = (
        "import sys; from nin.inference.engines.openvino_engine import openvino; openvino().Core();"
    )
    code += "sys.exit('openvino_telemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_strangers_file_is_not_replaced(run, tmp_path):
    (tmp_path / "other.onnx").write_bytes(b"precious")
    with pytest.raises(ExportError, match="already exists, and is not"):
        nin.export(run, out=tmp_path / "other.onnx")
    assert (tmp_path / "other.onnx").read_bytes() == b"precious"


def test_classes_of_any_name_travel(run, tmp_path):
    names = [*"abcdefg", "zwölf", "\udce9t\udce9", "<b>"]
    run.record = {**run.record, "classes": names}
    assert nin.Predictor(nin.export(run, out=tmp_path / "odd.onnx").path).classes == tuple(names)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(run, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(NinError, match="cannot write"):
        nin.export(run, out=tmp_path / "model.onnx")


def test_a_place_that_is_none(run, tmp_path):
    (tmp_path / "file").write_text("")
    for place, said in (("file", "is not a folder"), ("nowhere", "does not exist")):
        with pytest.raises(ExportError, match=rf"{place} {said}: name an existing one: out$"):
            nin.export(run, out=tmp_path / place / "model.onnx")
    assert not (tmp_path / "nowhere").exists()


@pytest.fixture
def photos(tmp_path):
    root = tmp_path / "photos"
    random = np.random.default_rng(0)
    for name, least in (("dark", 0), ("light", 128)):
        (root / name).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(least, least + 128, (20, 16, 3), np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number:02}.png")
    return root


@pytest.mark.slow
def test_images_that_are_gone_can_be_replaced_by_others(photos, tmp_path):
    recipe = nin.RECIPES["scratch"].revised(
        data=str(photos), preset="mnist", width=0.1, image_size=16, epochs=1
    )
    run = nin.train(recipe, tmp_path / "run")
    moved = photos.rename(tmp_path / "elsewhere")
    with pytest.raises(
        ExportError, match=r"cannot be found at .*photos: name the place .* other images: data$"
    ) as caught:
        nin.export(run)
    assert "\n" not in str(caught.value)
    done = nin.export(run, data=str(moved))
    own = run.record["data"]["splits"]["test"]["images"]
    assert done.parity.images == done.parity.labels_equal == own
    assert done.other is None
    for path in moved.rglob("*.png"):
        Image.open(path).rotate(180).save(path)
    done = nin.export(run, data=str(moved))
    assert done.parity.images == done.parity.labels_equal == 24
    assert done.other == str(moved)
    small = nin.export(run, quantize="int8", data=str(moved))
    assert small.quantization.images == 12
    with pytest.raises(NinError, match="nowhere"):
        nin.export(run, data=str(tmp_path / "nowhere"))


@pytest.fixture(scope="module")
def cropped(tmp_path_factory):
    """A run that saw the middle of wide pictures: light or dark there, the opposite beside it."""
    root = tmp_path_factory.mktemp("cropped")
    random = np.random.default_rng(0)
    for name, least in (("dark", 0), ("light", 128)):
        (root / "photos" / name).mkdir(parents=True)
        for number in range(30):
            pixels = random.integers(128 - least, 256 - least, (16, 64, 3), np.uint8)
            pixels[:, 20:44] = random.integers(least, least + 128, (16, 24, 3), np.uint8)
            Image.fromarray(pixels).save(root / "photos" / name / f"{number:02}.png")
    recipe = nin.RECIPES["scratch"].revised(
        data=str(root / "photos"),
        resize_mode="crop",
        preset="mnist",
        width=0.1,
        image_size=16,
        epochs=2,
        shift=0,
        batch_size=8,
    )
    return nin.train(recipe, root / "run")


def test_a_run_says_how_it_resizes_pictures(cropped, run):
    assert (cropped.resize_mode, cropped.record["recipe"]["resize_mode"]) == ("crop", "crop")
    assert run.resize_mode == "squash"
    recipe = {key: value for key, value in run.record["recipe"].items() if key != "resize_mode"}
    run.update(recipe=recipe)
    assert nin.load(run.path).resize_mode == "squash"
    run.update(recipe={**recipe, "fit": "crop"})  # as earlier versions called it
    assert nin.load(run.path).resize_mode == nin.load(run.path).recipe.resize_mode == "crop"
    run.update(recipe={**recipe, "resize_mode": "stretch"})
    with pytest.raises(RunError, match=r"recipe\.resize_mode: input should be 'squash' or 'crop'"):
        nin.load(run.path)


def test_another_folder_is_fitted_as_the_runs_own(cropped, monkeypatch):
    folder = cropped.record["recipe"]["data"]
    seen, evaluate = [], evaluation.evaluate

    def looking(model, split, classes, **options):
        seen.append(split.images[:])
        return evaluate(model, split, classes, **options)

    monkeypatch.setattr(evaluation, "evaluate", looking)
    with pytest.warns(UserWarning, match="images of .* used in training: accuracy on new ones"):
        cropped.evaluate(folder)
    cropped.evaluate()
    evaluated = [parity.evaluation_images(cropped, data).split for data in (folder, None)]
    for images in (*seen, *map(parity.some_images, evaluated)):
        middles = images[:, 4:-4, 4:-4].mean(axis=(1, 2, 3))
        edges = images[:, :, [0, -1]].mean(axis=(1, 2, 3))
        assert ((middles < 128) == (edges < 128)).all()


@pytest.mark.parametrize(
    "form", ["onnx", *(pytest.param(f, marks=pytest.mark.slow) for f in FORMATS[1:])]
)
def test_every_form_takes_the_part_of_a_picture_that_the_run_takes(cropped, form, tmp_path, noise):
    out = tmp_path / {"onnx": "a.onnx", "litert": "a.tflite"}.get(form, "a")
    here = nin.Predictor(cropped)
    path = nin.export(cropped, form, out, maps=True).path
    there = nin.Predictor(path, trust=form == "savedmodel")
    assert (here.resize_mode, there.resize_mode) == ("crop", "crop")
    for height, width in ((16, 16), (40, 90), (90, 31), (7, 12), (1, 300)):
        images = np.sort(noise(2, height, width, 3), axis=2)
        a, b = (one.predict(images, maps=True) for one in (here, there))
        np.testing.assert_allclose(a.probabilities, b.probabilities, atol=0.02)
        beside = images.copy()
        margin = (width - height) // 2 - 6
        if margin > 0:
            beside[:, :, :margin] = beside[:, :, -margin:] = 255
            c = there.predict(beside)
            np.testing.assert_allclose(b.probabilities, c.probabilities, atol=1e-5)


def test_a_file_is_read_as_in_training(cropped):
    folder = Path(cropped.record["recipe"]["data"])
    for predictor in (nin.Predictor(cropped), nin.Predictor(nin.export(cropped).path)):
        image = predictor.read(folder / "light/00.png")
        assert (image == decode(folder / "light/00.png", 16, resize_mode="crop")).all()
        assert image.min() > 100


def test_another_backend_is_refused_with_what_to_do(run, monkeypatch):
    monkeypatch.setattr(formats.backends, "choose", lambda: "jax")
    for form in ("litert", "savedmodel"):
        with pytest.raises(ExportError, match="do the same with KERAS_BACKEND=tensorflow"):
            nin.export(run, form)


def test_a_missing_package_is_named_with_how_to_install_it(run, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(
        ExportError, match=r"openvino needs openvino.*pip install 'keras-nin\[openvino\]'"
    ):
        nin.export(run, "openvino")


def test_the_description_tells_where_it_comes_from(run):
    description = nin.Predictor(nin.export(run).path).description
    assert description["name"] == "digits"
    assert description["draw"] is True
    assert description["parameters"] == run.model.count_params()
    origin = description["provenance"]
    assert origin["data"]["fingerprint"] == run.record["data"]["fingerprint"]
    assert origin["result"]["accuracy"] == run.record["result"]["accuracy"]
    assert json.dumps(description)


@pytest.mark.parametrize("out", [".", "..", "link"])
def test_a_folder_that_cannot_change_places_is_refused_before_any_work(tmp_path, monkeypatch, out):
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    if out == "link":
        Path(out).symlink_to(tmp_path / "there")
    with pytest.raises(ExportError, match="cannot be replaced as a whole"):
        check_replaceable(Path(out), "web")
