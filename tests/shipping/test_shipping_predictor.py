"""One way to ask a run or any exported file."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image

import nin
from nin.errors import DataError, ExportError, InputSizeError, RunError
from nin.shipping import predictor
from nin.shipping.predictor import as_onnx, fast_predictor

FAST = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"keras", "tensorflow", "jax", "torch", "onnx", "scipy",
                                      "sklearn", "matplotlib", "pydantic"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import nin
[answer] = nin.Predictor(sys.argv[1]).predict_files([sys.argv[2]], top=3)
print(answer["label"], len(answer["top"]))
"""


@pytest.fixture
def picture(tmp_path, real_digits):
    path = tmp_path / "digit.png"
    Image.fromarray(real_digits[3, ..., 0]).save(path)
    return path


@pytest.fixture(scope="module")
def exported(first_run, tmp_path_factory):
    """An ONNX file of the first run, somewhere else."""
    out = tmp_path_factory.mktemp("exported") / "digits.onnx"
    return nin.export(first_run, out=out).path


def test_a_run_and_its_file_answer_alike(run, exported, real_digits):
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


def test_from_an_onnx_file_no_framework_is_imported(exported, picture):
    command = [sys.executable, "-W", "error", "-c", FAST, str(exported), str(picture)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    [expected] = nin.Predictor(exported).predict_files([picture])
    assert done.stdout.split() == [expected["label"], "3"]


def test_files_are_answered_in_order_with_the_likeliest_first(exported, picture, tmp_path):
    other = tmp_path / "b.png"
    Image.new("RGB", (30, 20)).save(other)
    answers = list(nin.Predictor(exported).predict_files([other, picture, other], top=10))
    assert [answer["file"] for answer in answers] == [str(other), str(picture), str(other)]
    assert answers[0]["top"] == answers[2]["top"] != answers[1]["top"]
    for answer in answers:
        chances = [row["probability"] for row in answer["top"]]
        assert chances == sorted(chances, reverse=True)
        assert sum(chances) == pytest.approx(1)
        assert (answer["label"], answer["probability"]) == tuple(answer["top"][0].values())


def test_a_run_is_answered_by_its_own_export_while_that_is_current(run):
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


def test_a_damaged_export_does_not_keep_a_run_from_answering(run):
    (run.path / "model.onnx").write_bytes(b"broken")
    assert nin.Predictor(run.path).format == "run"


def test_another_image_size_makes_larger_maps(run, exported, real_digits):
    usual, larger = (nin.Predictor(run, image_size=size) for size in (None, 32))
    assert larger.input_shape == (32, 32, 1)
    a, b = (one.predict(real_digits[:2], maps=True).maps for one in (usual, larger))
    assert (a.shape, b.shape) == ((2, 4, 4, 10), (2, 8, 8, 10))
    with pytest.raises(ExportError, match="one size only: name the run"):
        nin.Predictor(exported, image_size=16)


def test_a_size_that_is_too_small_is_refused_at_once(tmp_path):
    recipe = nin.RECIPES["digits"].revised(
        preset="book", width=0.05, image_size=67, limit=40, epochs=1
    )
    run = nin.train(recipe, tmp_path / "book")
    with pytest.raises(InputSizeError, match="67x67"):
        nin.Predictor(run, image_size=60)
    assert nin.Predictor(run, image_size=99).predict(np.zeros((1, 8, 8, 1), np.uint8), maps=True)


def test_many_threads_may_ask_at_once(exported, real_digits):
    one = nin.Predictor(exported)
    expected = one.predict(real_digits).probabilities
    found = {}

    def ask(number):
        found[number] = one.predict(real_digits[number : number + 5]).probabilities

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, answers in found.items():
        np.testing.assert_allclose(answers, expected[number : number + 5], atol=1e-6)
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
        nin.Predictor(exported).predict(images)


def test_maps_of_a_network_that_has_none(tmp_path, first_run):
    out = tmp_path / "plain.onnx"
    nin.export(first_run, out=out, maps=False)
    with pytest.raises(ExportError, match="has no class maps"):
        nin.Predictor(out).predict(np.zeros((1, 8, 8, 1), np.uint8), maps=True)


def test_what_is_no_network_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.onnx").write_bytes(b"\x08\x07nonsense" * 40)
    (tmp_path / "none.onnx").write_bytes(b"")
    for name, said in (
        ("absent", "does not exist"),
        ("notes.txt", "no exported network"),
        ("empty", "neither a run directory nor"),
        ("broken.onnx", "cannot be opened"),
        ("none.onnx", "cannot be opened|not written by nin export"),
    ):
        with pytest.raises(ExportError, match=said) as caught:
            nin.Predictor(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_damaged_run_says_so(run):
    (run.path / "run.json").write_text("{}")
    with pytest.raises(RunError, match="format None"):
        nin.Predictor(run.path)


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
        (lambda _: "{", "no JSON"),
        (lambda _: "[]", "no record"),
        (lambda d: json.dumps({**d, "format": 99}), "format 99"),
        (lambda d: json.dumps({**d, "classes": 3}), "not a list of names"),
        (lambda d: json.dumps({**d, "classes": ["a"]}), "fewer than two"),
        (lambda d: json.dumps({**d, "input_shape": [8, 8]}), "input_shape"),
        (lambda d: json.dumps({**d, "input_shape": [8, True, 1]}), "input_shape"),
        (lambda d: json.dumps({**d, "maps": "yes"}), "maps is neither"),
        (lambda d: json.dumps({**d, "fit": "stretch"}), "its fit is 'stretch', not squash or crop"),
        (lambda d: json.dumps({**d, "fit": [1] * 999}), "its fit is "),
        (lambda d: json.dumps({**d, "fit": None}), "its fit is None"),
    ],
)
def test_a_strangers_description_is_checked(exported, tmp_path, change, said):
    with pytest.raises(ExportError, match=said):
        nin.Predictor(rewritten(exported, tmp_path, change))


def test_a_file_from_before_there_was_a_choice_sees_all(exported, tmp_path, real_digits):
    def without(description):
        assert description.pop("fit") == "squash"
        return json.dumps(description)

    old, new = nin.Predictor(rewritten(exported, tmp_path, without)), nin.Predictor(exported)
    assert old.fit == new.fit == "squash"
    wide = np.repeat(real_digits, 2, axis=2)
    a, b = (one.predict(wide).probabilities for one in (old, new))
    assert (a == b).all()


def test_a_file_whose_description_does_not_fit_its_network(exported, tmp_path):
    path = rewritten(exported, tmp_path, lambda d: json.dumps({**d, "classes": ["a", "b"]}))
    with pytest.raises(ExportError, match="2 classes"):
        nin.Predictor(path)


def test_a_run_to_be_opened_often_becomes_a_file(run, tmp_path, real_digits):
    path = as_onnx(run.path, tmp_path)
    assert path == tmp_path / "model.onnx"
    assert as_onnx(path, tmp_path / "elsewhere") == path
    one = fast_predictor(run.path)
    assert one.format == "onnx"
    np.testing.assert_allclose(
        one.predict(real_digits).probabilities, run.predict(real_digits), atol=1e-6
    )
    nin.export(run)
    assert as_onnx(run.path, tmp_path / "elsewhere") == run.path / "model.onnx"


def test_batches_do_not_show(exported, real_digits, monkeypatch):
    one = nin.Predictor(exported)
    whole = one.predict(real_digits, maps=True)
    monkeypatch.setattr(predictor, "BATCH", 7)
    parts = one.predict(real_digits, maps=True)
    np.testing.assert_allclose(whole.probabilities, parts.probabilities, atol=1e-6)
    assert parts.maps.shape == whole.maps.shape


def test_the_description_names_no_path_of_this_machine(exported):
    text = json.dumps(nin.Predictor(exported).description)
    assert str(Path.home()) not in text
    assert "/tmp" not in text
    assert not zipfile.is_zipfile(exported)
