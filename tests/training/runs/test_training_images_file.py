"""Runs on arrays: what they keep, and that they need nothing else."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import nin
from nin.data.in_memory.npz_file import read_npz
from nin.errors import DataError, NinError, RecipeError, RunError
from nin.exporting.quantization import images_apart
from nin.training.runs.images_file import ARRAYS

QUICK = {"preset": "lenet", "epochs": 1, "image_size": 12}
CLASSES = ["zero", "one", "two"]


@pytest.fixture(scope="module")
def arrays():
    """Digits 0, 1 and 2, as somebody might have them: floats, and texts for labels."""
    images, labels = nin.Digits().train
    chosen = np.flatnonzero(labels < 3)[:90]
    return images[chosen, ..., 0] / 255, np.array(CLASSES)[labels[chosen]]


@pytest.fixture(scope="module")
def small_run(arrays, tmp_path_factory):
    folder = tmp_path_factory.mktemp("arrays")
    return nin.train(arrays, folder / "run", classes=CLASSES, **QUICK)


def test_the_run_keeps_its_images_and_what_they_are(small_run, arrays):
    kept = read_npz(small_run.path / ARRAYS)
    assert [*kept.parts] == ["train", "validation", "test"]
    assert sum(len(labels) for _, labels, _ in kept.parts.values()) == 90
    assert kept.classes == CLASSES == small_run.record["classes"]
    data = nin.ImageArrays(*arrays, classes=CLASSES)
    assert small_run.record["data"]["fingerprint"] == data.fingerprint()
    assert small_run.record["data"]["source"] == "arrays in memory"
    assert small_run.record["recipe"]["data"].startswith("arrays@")
    with pytest.warns(UserWarning, match="images of arrays@.* used in training"):
        assert small_run.evaluate(small_run.recipe.data).n > small_run.evaluate().n


def test_another_process_can_evaluate_it_and_go_on(small_run, monkeypatch):
    monkeypatch.setattr("nin.data.sources._opened", {})
    run = nin.load(small_run.path)
    found = run.evaluate()
    assert (found.part, found.n) == ("test", small_run.record["result"]["n"])
    assert found.accuracy == small_run.record["result"]["accuracy"]
    assert len(run.images.trained().split.labels) == 72
    again = nin.resume(small_run.path, epochs=2)
    assert [row["epoch"] for row in again.metrics()] == [1, 2]


def test_what_was_trained_on_is_counted_among_other_arrays(small_run, arrays):
    x, y = arrays
    data = nin.ImageArrays(*arrays, classes=CLASSES)
    tested = {image.tobytes() for image in data.test.images}
    every = nin.ImageArrays.for_evaluation(arrays, CLASSES).test.images
    count = sum(image.tobytes() not in tested for image in every[:20])
    assert 0 < count < 20
    found = small_run.images.for_evaluation((x[:20], y[:20]))
    assert found.trained_on == count
    assert f"{count} images of arrays used in training" in found.notes()[0]
    new = small_run.images.for_evaluation((x[:20] ** 2, y[:20]))
    assert (new.trained_on, new.notes()) == (0, [])


def test_other_arrays_are_refused_and_the_same_are_taken(small_run, arrays):
    x, y = arrays
    before = (small_run.path / "run.json").read_bytes()
    for other in ((x[::-1], y), (x[:60], y[:60]), (x[:, :6], y)):
        with pytest.raises(RunError, match=r"these are not the images that .*/run was trained on"):
            nin.resume(small_run.path, epochs=9, data=other)
    assert (small_run.path / "run.json").read_bytes() == before
    assert small_run.images.open((x, y)).fingerprint() == small_run.record["data"]["fingerprint"]


@pytest.mark.filterwarnings("ignore:.* images of arrays used in training")
def test_other_arrays_can_evaluate_it(small_run, arrays):
    x, y = arrays
    found = small_run.evaluate((x[:20], y[:20]))
    assert (found.part, found.n, found.classes) == ("all", 20, tuple(CLASSES))
    numbers = np.array([CLASSES.index(name) for name in y[:20]])
    assert small_run.evaluate((x[:20], numbers)).accuracy == found.accuracy
    ones = y == "one"
    assert small_run.evaluate((x[ones], y[ones])).largest_class == ("one", 1.0)
    with pytest.raises(DataError, match="y: 'four' is not one of the classes, which are 'zero'"):
        small_run.evaluate((x[:1], ["four"]))
    with pytest.raises(RunError, match="arrays has 3 channels, the run was trained on 1"):
        small_run.evaluate((np.zeros((2, 8, 8, 3)), [0, 1]))


def test_a_file_of_arrays_is_named_and_not_kept(arrays, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x, y = arrays
    np.savez("three.npz", images=x, labels=y)
    run = nin.train("three.npz", **QUICK)
    assert (run.path, run.record["recipe"]["data"]) == (Path("runs/three-1"), "three.npz")
    assert not (run.path / ARRAYS).exists()
    own = run.evaluate()
    (tmp_path / "elsewhere").mkdir()
    moved = Path("three.npz").rename("elsewhere/renamed.npz")
    assert run.evaluate(moved).names == own.names
    np.savez("three.npz", images=x[::-1], labels=y)
    with pytest.raises(RunError, match=r"three.npz no longer holds the images that runs/three-1"):
        nin.resume(run.path, epochs=2)
    np.savez("test.npz", x_test=x[:7], y_test=y[:7])
    with pytest.warns(UserWarning, match="it is not known how many images of test.npz were used"):
        found = run.evaluate("test.npz")
    assert (found.part, found.n) == ("all", 7)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"preset": "efficientnet-lite1"}, RecipeError, "preset=efficientnet-lite1: its head is"),
        ({"stream": True}, RecipeError, r"stream=True: .* is held in memory"),
        ({"groups": [1, 2]}, DataError, "groups: must have one key for each of the 90 images"),
        ({"classes": ["zero"]}, DataError, "y: 'one', 'two' is not one of the classes"),
        ({"folds": 3, "fold": 3}, RecipeError, "fold=3 must be below folds=3"),
    ],
)
def test_what_arrays_cannot_be_trained_with_is_one_line(arrays, options, error, said, tmp_path):
    with pytest.raises(error, match=said) as caught:
        nin.train(arrays, tmp_path / "run", **{**QUICK, **options})
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("given", [(1, 2, 3, 4), (np.zeros((4, 8, 8)),), np.zeros((4, 8, 8)), 3j])
def test_what_is_no_data_is_one_line(given):
    said = r"a tuple of .: give|images without labels|given as complex"
    with pytest.raises(NinError, match=said):
        nin.Trainer(max_epochs=1).fit(nin.LeNet(), given)


def test_classes_are_those_of_arrays():
    with pytest.raises(DataError, match="classes: they are given by the names of the folders"):
        nin.train("digits", classes=["a"])


def test_int8_is_calibrated_on_what_the_run_keeps(small_run, monkeypatch):
    monkeypatch.setattr("nin.data.sources._opened", {})
    calibration, evaluated = images_apart(nin.load(small_run.path), None)
    assert len(calibration)
    seen = {image.tobytes() for image in calibration}
    assert not seen & {image.tobytes() for image in evaluated.images}


class Pairs(keras.utils.PyDataset):
    """Batches of five, from a generator of random numbers that goes on."""

    def __init__(self, arrays):
        super().__init__(workers=0)
        self.x, self.y = arrays[0], np.array([CLASSES.index(name) for name in arrays[1]])
        self.random = np.random.default_rng(0)

    def __len__(self):
        return 6

    def __getitem__(self, index):
        chosen = self.random.choice(len(self.y), 5)
        return self.x[chosen], self.y[chosen]


def test_a_loader_is_trained_on_without_the_promise(arrays, tmp_path, capsys):
    loaders = (Pairs(arrays), Pairs(arrays))
    run = nin.train(loaders, tmp_path / "run", classes=CLASSES, **QUICK)
    assert run.record["data"]["exact"] is False
    assert run.record["data"]["source"] == "a Pairs"
    assert "neither exact resume nor the same result" in capsys.readouterr().err
    found = nin.load(run.path).evaluate()
    assert (found.part, found.n) == ("validation", 30)
    with pytest.raises(RunError, match=r"which no run keeps: continue in Python: nin.resume"):
        nin.resume(run.path, epochs=2)
    again = nin.resume(run.path, epochs=2, data=loaders)
    assert [row["epoch"] for row in again.metrics()] == [1, 2]
    with pytest.raises(RunError, match="these are not the images"):
        nin.resume(run.path, epochs=3, data=(Colours(arrays), Colours(arrays)))


class Colours(Pairs):
    def __getitem__(self, index):
        x, y = super().__getitem__(index)
        return np.stack([x] * 3, -1), y
