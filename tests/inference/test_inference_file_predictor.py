"""One way to ask any exported file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from brightness import network
from brightness import picture as made
from PIL import Image

import nin
from nin.errors import DataError, ExportError
from nin.inference import FilePredictor, Predictions, file_predictor


@pytest.fixture
def picture(tmp_path, real_digits):
    path = tmp_path / "digit.png"
    Image.fromarray(real_digits[3, ..., 0]).save(path)
    return path


ALONE = """
import importlib, pkgutil, sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {"nin.models", "nin.training", "nin.accounting", "nin.study", "nin.maps",
                    "nin.exporting", "nin.serving", "nin.pretrained"}:
            raise ModuleNotFoundError(name)
        if name.partition(".")[0] in {"keras", "tensorflow", "jax", "torch", "onnx", "scipy",
                                      "sklearn", "matplotlib", "pydantic"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import nin.inference
for module in pkgutil.walk_packages(nin.inference.__path__, "nin.inference."):
    importlib.import_module(module.name)
[prediction] = nin.inference.FilePredictor(sys.argv[1]).predict_files([sys.argv[2]], top=3)
print(prediction["label"], len(prediction["top"]))
"""


def test_a_file_predicts_where_nothing_else_can_be_imported(exported, picture):
    """All of `nin.inference`, in a Python where Keras, the frameworks and our other rooms fail."""
    command = [sys.executable, "-W", "error", "-c", ALONE, str(exported), str(picture)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    [expected] = FilePredictor(exported).predict_files([picture])
    assert done.stdout.split() == [expected["label"], "3"]


def test_files_are_predicted_in_order_with_the_likeliest_first(exported, picture, tmp_path):
    other = tmp_path / "b.png"
    Image.new("RGB", (30, 20)).save(other)
    rows = list(FilePredictor(exported).predict_files([other, picture, other], top=10))
    assert [row["file"] for row in rows] == [
        str(other),
        str(picture),
        str(other),
    ]
    assert rows[0]["top"] == rows[2]["top"] != rows[1]["top"]
    for row in rows:
        chances = [each["probability"] for each in row["top"]]
        assert chances == sorted(chances, reverse=True)
        assert sum(chances) == pytest.approx(1)
        assert (row["label"], row["probability"]) == tuple(row["top"][0].values())


def test_many_threads_may_ask_at_once(exported, real_digits):
    one = FilePredictor(exported)
    expected = one.predict(real_digits).probabilities
    found = {}

    def ask(number):
        found[number] = one.predict(real_digits[number : number + 5]).probabilities

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, rows in found.items():
        np.testing.assert_allclose(rows, expected[number : number + 5], atol=1e-6)
    assert len(found) == 20


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((1, 8, 8, 1)),
        np.zeros((8, 8, 1), np.uint8),
        np.zeros((1, 8, 8, 2), np.uint8),
        np.zeros((0, 8, 8, 1), np.uint8),
        np.zeros((1, 0, 8, 1), np.uint8),
        np.array([[["a"]]]),
    ],
    ids=lambda images: f"{images.dtype}{images.shape}",
)
def test_other_arrays_are_refused_in_words(exported, images):
    with pytest.raises(DataError, match="image"):
        FilePredictor(exported).predict(images)


def test_maps_of_a_network_that_has_none(tmp_path, first_run):
    out = tmp_path / "plain.onnx"
    nin.export(first_run, out=out, maps=False)
    with pytest.raises(ExportError, match="has no class maps"):
        FilePredictor(out).predict(np.zeros((1, 8, 8, 1), np.uint8), maps=True)


def test_what_is_no_network_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.onnx").write_bytes(b"\x08\x07nonsense" * 40)
    (tmp_path / "none.onnx").write_bytes(b"")
    for name, said in (
        ("absent", "does not exist"),
        ("notes.txt", "not an exported network"),
        ("empty", "neither a run directory nor"),
        ("broken.onnx", "cannot be opened"),
        ("none.onnx", "cannot be opened|not written by nin export"),
    ):
        with pytest.raises(ExportError, match=said) as caught:
            FilePredictor(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_run_is_refused_with_how_to_export_it(first_run):
    with pytest.raises(ExportError, match=r"is a run directory: export it first, by nin export .*"):
        FilePredictor(first_run.path)


def rewritten(exported, tmp_path, change):
    model = onnx.load(exported)
    text = change(json.loads(model.metadata_props[0].value))
    del model.metadata_props[:]
    if text is not None:
        onnx.helper.set_model_props(model, {"nin": text})
    path = tmp_path / "changed.onnx"
    onnx.save(model, path)
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _: None, "not written by nin export"),
        (lambda _: "{", "not JSON"),
        (lambda _: "[]", "not a JSON object"),
        (lambda d: json.dumps({**d, "format": 99}), "format 99"),
        (lambda d: json.dumps({**d, "classes": 3}), "not a list of names"),
        (lambda d: json.dumps({**d, "classes": ["a"]}), "fewer than two"),
        (lambda d: json.dumps({**d, "input_shape": [8, 8]}), "input_shape"),
        (lambda d: json.dumps({**d, "input_shape": [8, True, 1]}), "input_shape"),
        (lambda d: json.dumps({**d, "maps": "yes"}), "maps is neither"),
        (lambda d: json.dumps({**d, "fit": "stretch"}), "its fit is 'stretch', not squash or crop"),
        (lambda d: json.dumps({**d, "fit": [1] * 999}), "its fit is "),
        (lambda d: json.dumps({**d, "fit": None}), "its fit is None"),
        (lambda d: json.dumps({**d, "format": [1] * 999}), "its description has format "),
        (lambda d: json.dumps({**d, "input_shape": [5000, 5000, 3]}), "sides of 1 to 4096"),
        (lambda d: json.dumps({**d, "classes": [*map(str, range(100_001))]}), "100,001 classes"),
        (lambda d: json.dumps({**d, "classes": ["a" * 1001, "b"]}), "up to 1000 characters"),
        (lambda d: json.dumps({**d, "classes": [["a"], "b"]}), "up to 1000 characters"),
        (lambda d: json.dumps({**d, "name": "x" * 5_000_000}), "more than 4,194,304 bytes"),
        (lambda d: json.dumps({**d, "name": {"a": [1] * 3}}), "its name is not a short text"),
        (lambda d: json.dumps({**d, "parameters": "<b>"}), "its parameters is not a number"),
        (lambda d: json.dumps({**d, "parameters": float("nan")}), "not JSON"),
        (lambda d: json.dumps({**d, "more": 1}).replace("1}", "1e999}"), "not JSON"),
        (lambda d: json.dumps({**d, "draw": "yes"}), "its draw is not true or false"),
        (lambda d: json.dumps({**d, "preprocessing": 5}), "its preprocessing is not an object"),
        (lambda d: json.dumps({**d, "provenance": "me"}), "its provenance is not an object"),
        (lambda d: json.dumps({**d, "provenance": {"result": []}}), "its result is not that"),
        (
            lambda d: json.dumps({**d, "provenance": {"result": {"accuracy": "<img>"}}}),
            "its accuracy is not a number",
        ),
        (lambda d: json.dumps({**d, "quantization": ["int8"]}), "neither null nor int8"),
        (lambda d: json.dumps(d)[:-1] + ', "a": ' + "[" * 10**5, "not JSON"),
    ],
)
def test_a_strangers_description_is_checked(exported, tmp_path, change, said):
    with pytest.raises(ExportError, match=said):
        FilePredictor(rewritten(exported, tmp_path, change))


def test_a_bomb_behind_a_tflite_file_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.tflite"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("nin.json", b" " * 50_000_000)
    tracemalloc.start()
    with pytest.raises(ExportError, match="more than 4,194,304 bytes"):
        FilePredictor(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize("damage", [slice(30, 40), slice(-30, -20)])
def test_a_damaged_archive_behind_a_tflite_file(tmp_path, damage):
    path = tmp_path / "damaged.tflite"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("nin.json", json.dumps({"format": 1}) * 9)
    content = bytearray(path.read_bytes())
    content[damage] = b"\xff" * 10
    path.write_bytes(content)
    with pytest.raises(ExportError, match="not written by nin export"):
        FilePredictor(path)


@pytest.mark.parametrize("suffix", [".onnx", ".tflite"])
def test_a_pipe_is_not_waited_for(tmp_path, suffix):
    os.mkfifo(path := tmp_path / f"pipe{suffix}")
    with pytest.raises(ExportError, match="not an exported network"):
        FilePredictor(path)


@pytest.fixture
def saved_model(tmp_path):
    """The folder of one, as far as one can tell without TensorFlow."""
    (tmp_path / "stranger/assets.extra").mkdir(parents=True)
    (tmp_path / "stranger/saved_model.pb").touch()
    description = {"format": 1, "classes": ["a", "b"], "input_shape": [8, 8, 1], "maps": False}
    (tmp_path / "stranger/assets.extra/nin.json").write_text(json.dumps(description))
    return tmp_path / "stranger"


def test_a_saved_model_is_not_opened_without_a_word(saved_model, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow", None)
    with pytest.raises(ExportError, match=r"any of your files .* trust=True") as caught:
        FilePredictor(saved_model)
    assert "\n" not in str(caught.value)
    with pytest.raises(ExportError, match="is a SavedModel"):
        nin.Predictor(saved_model)


def test_a_file_from_before_there_was_a_choice_takes_all(exported, tmp_path, real_digits):
    def without(description):
        assert description.pop("fit") == "squash"
        return json.dumps(description)

    old, new = FilePredictor(rewritten(exported, tmp_path, without)), FilePredictor(exported)
    assert old.resize_mode == new.resize_mode == "squash"
    wide = np.repeat(real_digits, 2, axis=2)
    a, b = (one.predict(wide).probabilities for one in (old, new))
    assert (a == b).all()


def test_a_file_whose_description_does_not_fit_its_network(exported, tmp_path):
    path = rewritten(exported, tmp_path, lambda d: json.dumps({**d, "classes": ["a", "b"]}))
    with pytest.raises(ExportError, match="2 classes"):
        FilePredictor(path)


def test_batches_do_not_show(exported, real_digits, monkeypatch):
    one = FilePredictor(exported)
    whole = one.predict(real_digits, maps=True)
    monkeypatch.setattr(file_predictor, "BATCH", 7)
    parts = one.predict(real_digits, maps=True)
    np.testing.assert_allclose(whole.probabilities, parts.probabilities, atol=1e-6)
    assert parts.maps.shape == whole.maps.shape


def test_large_images_are_fewer_at_a_time(exported):
    class Counting:
        description = FilePredictor(exported).description
        asked = ()

        def predict(self, images, maps):
            self.asked = (*self.asked, len(images))
            return Predictions(np.full((len(images), 10), 0.1), None)

    for side, sizes in (
        (8, (64, 6)),
        (72, (64, 6)),
        (144, (16, 16, 16, 16, 6)),
        (600, (1,) * 70),
    ):
        counting = Counting()
        images = np.broadcast_to(np.uint8(0), (70, side, side, 3))
        FilePredictor(exported, opened=("onnx", counting)).predict(images)
        assert counting.asked == sizes


def test_the_description_names_no_path_of_this_machine(exported):
    text = json.dumps(FilePredictor(exported).description)
    assert str(Path.home()) not in text
    assert "/tmp" not in text
    assert not zipfile.is_zipfile(exported)


@pytest.fixture
def brightness(tmp_path):
    return FilePredictor(network(tmp_path / "brightness.onnx"))


def test_a_fault_is_raised_or_yielded_as_requested(brightness, tmp_path):
    (tmp_path / "bad.png").write_bytes(b"none")
    paths = [made(tmp_path / "a.png", 9), tmp_path / "bad.png", made(tmp_path / "b.png", 250)]
    with pytest.raises(DataError, match=r"bad\.png: not a JPEG"):
        list(brightness.predict_files(paths))
    first, fault, last = brightness.predict_files(iter(paths), errors="yield")
    assert (first["label"], last["label"]) == ("dark", "light")
    assert fault["file"] == str(tmp_path / "bad.png")
    assert fault["error"].startswith("not a JPEG")


def test_where_no_class_is_likely_enough(brightness, tmp_path):
    path = made(tmp_path / "grey.png", 129)
    (sure,) = brightness.predict_files([path])
    (same,) = brightness.predict_files([path], min_probability=sure["probability"])
    (unsure,) = brightness.predict_files([path], min_probability=sure["probability"] + 1e-6)
    assert sure == same
    assert unsure == {**sure, "label": "unsure"}


@pytest.mark.parametrize(
    "options", [{"top": 0}, {"min_probability": 1.01}, {"min_probability": float("nan")}]
)
def test_arguments_out_of_range(brightness, options):
    with pytest.raises(DataError, match=next(iter(options))):
        next(brightness.predict_files(["missing.png"], **options))


def test_large_pictures_come_in_small_batches(brightness, tmp_path, monkeypatch):
    asked, predict = [], brightness.predict
    monkeypatch.setattr(file_predictor, "BATCH_PIXELS", 3 * 8 * 8)
    monkeypatch.setattr(
        brightness, "predict", lambda images: asked.append(len(images)) or predict(images)
    )
    paths = [made(tmp_path / f"{number}.png", 30 * number) for number in range(7)]
    assert len(list(brightness.predict_files(paths))) == 7
    assert asked == [3, 3, 1]


def test_the_folder_of_a_web_page_holds_a_network(tmp_path):
    folder = tmp_path / "web"
    folder.mkdir()
    network(folder / "model.onnx")
    (folder / "index.html").touch()
    with pytest.raises(ExportError, match="neither a run directory nor"):
        FilePredictor(folder)
    (folder / "model.json").touch()
    assert FilePredictor(folder).classes == ("dark", "light")
