"""One way to predict by a run or an exported file; and a file of a run for those without Keras."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import PIL
import PIL.ImageOps
import pytest
from custom_networks import write_nets
from PIL import Image
from safetensors.numpy import load_file, save_file

import nin
from nin.errors import ExportError, InputSizeError, RunError
from nin.exporting import predictor
from nin.exporting.describe import describe
from nin.exporting.on_demand import as_onnx, exported_file
from nin.inference import FilePredictor

FAST = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"keras", "tensorflow", "jax", "torch", "onnx", "scipy",
                                      "sklearn", "matplotlib", "pydantic"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import nin
[prediction] = nin.Predictor(sys.argv[1]).predict_files([sys.argv[2]], top=3)
print(prediction["label"], len(prediction["top"]))
"""


@pytest.fixture
def picture(tmp_path, real_digits):
    path = tmp_path / "digit.png"
    Image.fromarray(real_digits[3, ..., 0]).save(path)
    return path


def test_a_run_on_arrays_that_are_not_square_predicts_arrays_and_no_picture_files(
    picture, tmp_path
):
    """Which would be squares."""
    x = np.random.default_rng(0).integers(0, 256, (40, 12, 20), np.uint8)
    short = {"preset": "mnist", "width": 0.05, "epochs": 1}
    run = nin.train((x, np.arange(40) % 2), tmp_path / "run", **short)
    images, predicting = x[:5, ..., None], nin.Predictor(run)
    found = predicting.predict(images).probabilities
    np.testing.assert_allclose(found, run.predict(images), atol=1e-6)
    with pytest.raises(ExportError, match="was trained on arrays of 12x20, and picture files bec"):
        predicting.read(picture)
    for refused in (lambda: nin.export(run), lambda: as_onnx(run.path, tmp_path)):
        with pytest.raises(ExportError, match="was trained on images of 12x20, and exported net"):
            refused()


def test_a_run_and_its_file_predict_alike(run, exported, real_digits):
    first, second = nin.Predictor(run), nin.Predictor(exported)
    assert (first.format, second.format) == ("run", "onnx")
    assert first.classes == second.classes == run.classes
    assert first.input_shape == second.input_shape == (8, 8, 1)
    a, b = (one.predict(real_digits, maps=True) for one in (first, second))
    np.testing.assert_allclose(a.probabilities, b.probabilities, atol=1e-6)
    np.testing.assert_allclose(a.maps, b.maps, atol=1e-5)
    np.testing.assert_allclose(a.probabilities, run.predict(real_digits), atol=1e-6)
    assert a.probabilities.shape == (120, 10)
    assert nin.Predictor(exported).predict(real_digits).maps is None


def test_any_size_and_any_channels(run, exported, noise):
    first, second = nin.Predictor(run), nin.Predictor(exported)
    for shape in ((1, 40, 13, 1), (2, 5, 9, 3), (3, 8, 8, 4)):
        smooth = np.sort(noise(*shape), axis=2)
        a, b = (one.predict(smooth).probabilities for one in (first, second))
        np.testing.assert_allclose(a, b, atol=0.02)


SNIPPET = re.search(
    r"Without this package.*?```python\n(.*?)```",
    (Path(__file__).parents[2] / "docs/shipping.md").read_text(encoding="utf-8"),
    re.DOTALL,
)[1]


def test_the_lines_in_the_docs_lay_what_is_transparent_on_white(
    exported, real_digits, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(exported, "model.onnx")
    digit = np.full((40, 40, 4), 255, np.uint8)
    digit[..., :3] = np.asarray(Image.fromarray(real_digits[3, ..., 0]).resize((40, 40)))[..., None]
    digit[:, :20] = 0  # black, if it were not transparent
    Image.fromarray(digit).save("coat.jpg", "PNG")
    names = {"json": json, "numpy": np, "onnxruntime": onnxruntime, "PIL": PIL}
    exec(SNIPPET, names)
    predictor = nin.Predictor(exported)
    wanted = predictor.predict(predictor.read("coat.jpg")[None]).probabilities
    np.testing.assert_allclose(names["probabilities"], wanted, atol=0.02)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGB", "RGBA", "CMYK", "1"])
def test_the_lines_in_the_docs_predict_as_the_predictor_does(
    exported, real_digits, tmp_path, monkeypatch, mode
):
    """Of a photograph that was taken upside down."""
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(exported, "model.onnx")
    exif = Image.Exif()
    exif[0x0112] = 3
    digit = Image.fromarray(real_digits[3, ::-1, ::-1, 0]).resize((40, 40)).convert("RGB")
    form = "JPEG" if mode == "CMYK" else "PNG"
    digit.convert(mode).save("coat.jpg", form, exif=exif)
    names = {"json": json, "numpy": np, "onnxruntime": onnxruntime, "PIL": PIL}
    exec(SNIPPET, names)
    assert names["classes"] == list("0123456789")
    predictor = nin.Predictor(exported)
    wanted = predictor.predict(predictor.read("coat.jpg")[None]).probabilities
    np.testing.assert_allclose(names["probabilities"], wanted, atol=0.02)


def test_from_an_onnx_file_no_framework_is_imported(exported, picture):
    command = [sys.executable, "-W", "error", "-c", FAST, str(exported), str(picture)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    [expected] = nin.Predictor(exported).predict_files([picture])
    assert done.stdout.split() == [expected["label"], "3"]


def test_a_run_is_predicted_by_its_own_export_while_that_is_current(run):
    assert nin.Predictor(run.path).format == "run"
    nin.export(run)
    assert nin.Predictor(run.path).format == "onnx"
    assert nin.Predictor(run).format == "run"
    run.weights_path.write_bytes(run.weights_path.read_bytes()[:-1] + b"\0")
    assert nin.Predictor(run.path).format == "run"


def test_an_export_without_maps_does_not_stand_for_its_run(run):
    nin.export(run, maps=False)
    assert nin.Predictor(run.path / "model.onnx").has_maps is False
    assert nin.Predictor(run.path).format == "run"


def test_a_damaged_export_does_not_keep_a_run_from_predicting(run):
    (run.path / "model.onnx").write_bytes(b"broken")
    assert nin.Predictor(run.path).format == "run"


def test_another_image_size_makes_larger_maps(run, exported, real_digits):
    usual, larger = (nin.Predictor(run, image_size=size) for size in (None, 32))
    assert larger.input_shape == (32, 32, 1)
    a, b = (one.predict(real_digits[:2], maps=True).maps for one in (usual, larger))
    assert (a.shape, b.shape) == ((2, 4, 4, 10), (2, 8, 8, 10))
    with pytest.raises(ExportError, match="one size only: give the run"):
        nin.Predictor(exported, image_size=16)


@pytest.mark.slow
def test_a_size_that_is_too_small_is_refused_at_once(tmp_path):
    recipe = nin.RECIPES["digits"].revised(
        preset="book", width=0.05, image_size=67, limit=40, epochs=1
    )
    run = nin.train(recipe, tmp_path / "book")
    with pytest.raises(InputSizeError, match="67x67"):
        nin.Predictor(run, image_size=60)
    assert nin.Predictor(run, image_size=99).predict(np.zeros((1, 8, 8, 1), np.uint8), maps=True)


def test_what_is_no_network_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    for name, said in (("absent", "does not exist"), ("notes.txt", "not an exported network")):
        with pytest.raises(ExportError, match=said):
            nin.Predictor(tmp_path / name)


def test_a_damaged_run_says_so(run):
    (run.path / "run.json").write_text("{}")
    with pytest.raises(RunError, match="format None"):
        nin.Predictor(run.path)


def test_a_run_to_be_opened_often_becomes_a_file(run, tmp_path, real_digits):
    path = as_onnx(run.path, tmp_path)
    assert path == tmp_path / "model.onnx"
    assert as_onnx(path, tmp_path / "elsewhere") == path
    one = FilePredictor(path)
    assert one.format == "onnx"
    np.testing.assert_allclose(
        one.predict(real_digits).probabilities, run.predict(real_digits), atol=1e-6
    )
    nin.export(run)
    assert as_onnx(run.path, tmp_path / "elsewhere") == run.path / "model.onnx"


@pytest.mark.slow
def test_a_file_made_for_the_occasion_goes_afterwards(run, exported, real_digits):
    with exported_file(exported) as file:
        assert file == exported
    with exported_file(run.path) as file:
        assert file.name == "model.onnx"
        assert file.parent != run.path
        predictions = FilePredictor(file).predict(real_digits)
    assert not file.exists()
    np.testing.assert_allclose(predictions.probabilities, run.predict(real_digits), atol=1e-6)
    nin.export(run)
    with exported_file(run.path) as file:
        assert file == run.path / "model.onnx"
    assert file.exists()
    with pytest.raises(ExportError, match="does not exist"), exported_file(run.path / "none"):
        pass


def test_many_files_of_a_run_are_predicted_by_onnx_runtime(run, picture, monkeypatch):
    monkeypatch.setattr(predictor, "MANY", 3)
    few, many = nin.Predictor(run), nin.Predictor(run)
    engines, for_many = [], predictor.RunEngine.for_many
    monkeypatch.setattr(
        predictor.RunEngine,
        "for_many",
        lambda self, threads: engines.append(for_many(self, threads)) or engines[-1],
    )
    for one, count in ((few, 2), (many, 3)):
        predictions = list(one.predict_files([picture] * count, top=10))
        assert len(predictions) == count
        assert one.format == "run"
    [expected, _] = few.predict_files([picture] * 2)
    assert predictions[0]["label"] == expected["label"]
    assert predictions[0]["probability"] == pytest.approx(expected["probability"], abs=1e-5)
    assert [isinstance(each, predictor.RunEngine) for each in engines] == [False]
    assert isinstance(many._engine, predictor.RunEngine), "weights may change until the next call"
    larger = nin.Predictor(run, image_size=16)
    assert len(list(larger.predict_files([picture] * 3))) == 3
    assert isinstance(engines[-1], predictor.RunEngine)
    assert sorted(path.name for path in run.path.glob("*.onnx")) == []


def test_where_the_file_predicts_otherwise_keras_does(run, monkeypatch):
    engine = predictor.RunEngine(run)
    monkeypatch.setattr(run, "predict", lambda images: np.full((len(images), 10), 0.1))
    assert engine.for_many(1) is engine


def test_a_file_that_would_predict_otherwise_is_not_served(run, tmp_path, monkeypatch):
    monkeypatch.setattr("nin.exporting.on_demand.predicts_alike", lambda *_: False)
    with pytest.raises(ExportError, match="as ONNX it does not predict what it predicts here"):
        as_onnx(run.path, tmp_path)
    assert not [*tmp_path.glob("*.onnx")]


def test_weights_that_were_replaced_since_it_was_opened_are_not_those_exported(run, real_digits):
    assert run.model.built
    arrays = load_file(run.weights_path)
    save_file(
        {name: each * each.dtype.type(0.5) for name, each in arrays.items()}, run.weights_path
    )
    nin.export(run)
    now = nin.Predictor(nin.load(run.path)).predict(real_digits).probabilities
    found = nin.Predictor(run.path).predict(real_digits).probabilities
    np.testing.assert_allclose(found, now, atol=1e-5)


def test_another_network_in_the_folder_of_an_opened_run_is_noticed(run):
    assert run.model.built
    save_file({"0.other.kernel": np.zeros(1, np.float32)}, run.weights_path)
    assert describe(run)["complete"] is False


#: Networks whose ONNX file would be another network, or cannot be made.
BEYOND_ONNX = """
class Against(nin.Classifier):
    def __init__(self, num_classes=10):
        super().__init__()
        layers = [keras.layers.Conv2D(num_classes, 3), keras.layers.GlobalAveragePooling2D()]
        self.net = keras.Sequential(layers)

    def forward(self, X):
        return -self.net(X)


class Backwards(keras.Sequential):
    def call(self, inputs, training=None, mask=None):
        return -super().call(inputs, training=training, mask=mask)


class Called(nin.Classifier):
    def __init__(self, num_classes=10):
        super().__init__()
        layers = [keras.layers.Conv2D(num_classes, 3), keras.layers.GlobalAveragePooling2D()]
        self.net = keras.Sequential(layers)

    def call(self, X, training=None):
        return -super().call(X, training)


def chain(num_classes):
    return Backwards([keras.layers.Conv2D(num_classes, 3), keras.layers.GlobalAveragePooling2D()])


def plus(num_classes, input_shape):
    image = keras.Input(input_shape)
    x = keras.layers.Conv2D(4, 3)(image)
    x = keras.layers.GlobalAveragePooling2D()(x + x)
    return keras.Model(image, keras.layers.Dense(num_classes)(x))
"""


@pytest.mark.parametrize("name", ["Against", "Called", "chain", "plus"])
def test_many_pictures_are_predicted_as_few_are(name, tmp_path, picture, monkeypatch):
    preset = f"{write_nets(tmp_path, BEYOND_ONNX)}:{name}"
    run = nin.train("digits", tmp_path / "run", preset=preset, epochs=1, limit=64, image_size=8)
    [few] = nin.Predictor(run).predict_files([picture])
    monkeypatch.setattr(predictor, "MANY", 1)
    [many] = nin.Predictor(run).predict_files([picture])
    assert many["label"] == few["label"]
    assert many["probability"] == pytest.approx(few["probability"], abs=1e-6)
    assert nin.Predictor(run).has_maps is False
    if name != "plus":
        why = "forward or a call of its own|does not compute layer by layer"
        with pytest.raises(ExportError, match=why):
            as_onnx(run.path, tmp_path, trust=True)


def test_a_forward_of_its_own_is_not_left_out_at_a_given_size(tmp_path):
    preset = f"{write_nets(tmp_path, BEYOND_ONNX)}:Against"
    run = nin.train("digits", tmp_path / "run", preset=preset, epochs=1, limit=64, image_size=8)
    images = nin.Digits().test.images[:8]
    here = nin.Predictor(run).predict(images).probabilities
    sized = nin.Predictor(run, image_size=8).predict(images).probabilities
    np.testing.assert_allclose(sized, here, atol=1e-5)
    with pytest.raises(ExportError, match="does not predict as the run does"):
        nin.export(run, size=8, out=tmp_path / "a.onnx")
    with pytest.raises(ExportError, match="its logits are not means of maps"):
        describe(run, maps=True)


def test_a_call_of_its_own_is_not_left_out(tmp_path):
    preset = f"{write_nets(tmp_path, BEYOND_ONNX)}:Called"
    run = nin.train("digits", tmp_path / "run", preset=preset, epochs=1, limit=64, image_size=8)
    with pytest.raises(ExportError, match="does not predict as the run does"):
        nin.export(run, out=tmp_path / "a.onnx")
    with pytest.raises(ExportError, match="has a call of its own"):
        nin.Predictor(run, image_size=16)
    assert str(tmp_path) not in json.dumps(describe(run)["network"])


def test_numbers_of_numpy_will_do(run, tmp_path):
    done = nin.export(run, out=tmp_path / "a.onnx", size=np.int64(16), batch=np.int64(2))
    assert nin.Predictor(done.path).description["input"]["batch"] == 2
    assert json.dumps(nin.Predictor(run, image_size=np.int64(16)).description)


def test_a_call_that_passes_on_is_exported_at_its_own_size(tmp_path):
    passing_on = "return super().call(X, training)"
    code = BEYOND_ONNX.replace("return -super().call(X, training)", passing_on)
    preset = f"{write_nets(tmp_path, code)}:Called"
    run = nin.train("digits", tmp_path / "run", preset=preset, epochs=1, limit=64, image_size=8)
    assert nin.export(run, out=tmp_path / "a.onnx", size=8).parity.holds
