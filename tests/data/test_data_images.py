"""`DataModule` and `ImageData`: parts, loaders, statistics, description, pictures in a grid."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nin.data import Augmentation, DataModule, ImageData, Split
from nin.data.image_statistics import imbalance, mean_and_std
from nin.errors import DataError


class Tiny(ImageData):
    """Nine training and six test images of 4×5 in three classes."""

    def __init__(self, parts=("train", "test"), **settings):
        super().__init__("tiny", ("a", "b", "c"), (4, 5, 3), **{"batch_size": 4, **settings})
        self.parts, self.read = parts, []

    def load(self, part):
        self.read.append(part)
        count = 9 if part == "train" else 6
        rng = np.random.default_rng(count)
        images = rng.integers(0, 256, (count, 4, 5, 3), dtype=np.uint8)
        return {part: Split(images, (np.arange(count) % 3).astype(np.int32))}


class Line(DataModule):
    """A reader's own subclass that ignores root and num_workers."""

    def __init__(self, batch_size=4):
        self.save_hyperparameters()

    def get_dataloader(self, train):
        rows = slice(0, 10) if train else slice(10, None)
        return self.get_tensorloader((np.arange(16.0), np.arange(16)), train, rows)


def test_the_books_base_class_keeps_its_arguments_and_asks_to_be_overridden():
    data = DataModule()
    assert (data.root, data.num_workers) == ("../data", 4)
    with pytest.raises(DataError, match=r"DataModule must define get_dataloader\(self, train\)"):
        data.train_dataloader()
    with pytest.raises(DataError, match=r"must set self\.batch_size"):
        data.get_tensorloader((np.zeros(3), np.zeros(3)), train=True)


@pytest.mark.every_backend
def test_a_readers_subclass_gets_batches_of_its_arrays():
    data = Line()
    assert data.hparams == {"batch_size": 4}
    train = np.concatenate([y for _, y in data.train_dataloader()])
    assert sorted(train) == list(range(10))
    assert train.tolist() != list(range(10))
    assert [y.tolist() for _, y in data.val_dataloader()] == [[10, 11, 12, 13], [14, 15]]
    with pytest.raises(DataError, match="not 3 arrays"):
        data.get_tensorloader((np.zeros(3),) * 3, train=True)


def test_parts_are_read_when_asked_for_and_once():
    data = Tiny()
    assert data.read == []
    assert data.test is data.test
    assert data.read == ["test"]
    assert len(data.train.labels) == 9
    assert data.read == ["test", "train"]


def test_a_subclass_must_say_what_it_holds():
    with pytest.raises(DataError, match="must define load"):
        ImageData("x", ("a", "b"), (1, 1, 1)).train  # noqa: B018


def test_an_absent_part_says_how_to_have_it():
    data = Tiny(parts=("train",))
    with pytest.raises(DataError, match="tiny has no validation images: hold some out"):
        data.val_dataloader()
    with pytest.raises(DataError, match="tiny has no test images"):
        data.test_dataloader()


def test_the_test_part_stands_in_for_an_absent_validation_part():
    data = Tiny()
    assert (data.val_dataloader().images == data.test.images).all()
    both = Tiny(parts=("train", "validation", "test"))
    assert both.val_dataloader().images is both.validation_split.images


def test_only_training_batches_are_shuffled_and_augmented():
    change = Augmentation(1)
    data = Tiny(augmentation=change, seed=7)
    train, test = data.train_dataloader(), data.test_dataloader()
    assert (train.shuffle, train.augmentation, train.seed) == (True, change, 7)
    assert (test.shuffle, test.augmentation) == (False, None)
    assert data.get_dataloader(train=True).num_samples == 9


@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 99))
def test_statistics_agree_with_floating_point(count, channels, seed):
    shape = (count, 3, 4, channels)
    images = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    mean, std = mean_and_std(images)
    scaled = images / 255
    np.testing.assert_allclose(mean, scaled.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(std, scaled.std(axis=(0, 1, 2)), rtol=1e-9, atol=1e-12)


def test_statistics_count_every_chunk(monkeypatch):
    monkeypatch.setattr("nin.data.image_statistics.CHUNK", 2)
    data = Tiny()
    scaled = data.train.images / 255
    np.testing.assert_allclose(data.statistics()[0], scaled.mean(axis=(0, 1, 2)))


def test_the_fingerprint_knows_names_pixels_and_labels():
    prints = {Tiny().fingerprint(), Tiny().fingerprint()}
    assert len(prints) == 1
    for change in ("name", "classes", "images", "labels", "parts"):
        data = Tiny()
        data.train, data.test  # noqa: B018
        if change == "name":
            data.name = "other"
        elif change == "classes":
            data.classes = ("a", "c", "b")
        elif change == "parts":
            data.parts = ("train",)
        else:
            array = getattr(data.test, change)
            array.flat[0] += 1
        prints.add(data.fingerprint())
    assert len(prints) == 6


def test_the_description_is_json_with_counts():
    described = json.loads(json.dumps(Tiny().describe()))
    assert described["splits"]["train"] == {"images": 9, "per_class": {"a": 3, "b": 3, "c": 3}}
    assert described["image_shape"] == [4, 5, 3]
    assert described["classes"] == ["a", "b", "c"]
    assert len(described["fingerprint"]) == 64


def test_imbalance_is_said_above_three_to_one():
    assert imbalance({"cat": 30, "dog": 10}) is None
    assert Tiny().imbalance() is None
    assert imbalance({"cat": 31, "dog": 10}) == (
        "'cat' has 31 training images and 'dog' only 10: accuracy will favour 'cat'"
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch_size": 0}, "batch_size must be 1 or more, not 0"),
        ({"limit": 0}, "limit must be 1 or more, not 0"),
        ({"seed": -1}, "seed must be 0 or more, not -1"),
        ({"resize": (0, 4)}, "resize must be 1 or more, not 0"),
        ({"validation": 1.0}, "validation must be 0 or more and below 1, not 1"),
    ],
)
def test_arguments_out_of_range_are_refused(settings, words):
    with pytest.raises(DataError, match=words):
        Tiny(**settings)


def test_labels_have_names():
    data = Tiny()
    assert data.text_labels(np.array([2, 0])) == ["c", "a"]
    for wrong in (3, -1):
        with pytest.raises(DataError, match=f"label {wrong}: tiny has 3 classes"):
            data.text_labels([wrong])


def shown(figure):
    return [axis.images[0].get_array() for axis in figure.axes if axis.images]


def test_visualize_draws_titled_images():
    data = Tiny()
    figure = data.visualize((data.test.images, data.test.labels), nrows=2, ncols=2)
    assert [axis.get_title() for axis in figure.axes] == ["a", "b", "c", "a"]
    np.testing.assert_allclose(shown(figure)[1], data.test.images[1] / 255, rtol=1e-6)
    assert len(shown(data.visualize([data.test.images, data.test.labels], ncols=10))) == 6


def test_visualize_takes_grey_floats_and_titles():
    grey = np.linspace(-3, 5, 32, dtype=np.float32).reshape(2, 4, 4, 1)
    figure = Tiny().visualize((grey, [0, 1]), labels=["x", "y"])
    assert [axis.get_title() for axis in figure.axes][:2] == ["x", "y"]
    assert shown(figure)[0].shape == (4, 4)
    assert shown(figure)[0].min() == 0
    assert shown(figure)[1].max() == 1
    with pytest.raises(DataError, match="images must be"):
        Tiny().visualize((np.zeros((2, 3, 4, 4)), [0, 1]))


@pytest.mark.every_backend
def test_visualize_takes_tensors():
    import keras

    images = keras.ops.full((2, 4, 4, 3), 0.5)
    figure = Tiny().visualize((images, keras.ops.array([1, 2])))
    assert [axis.get_title() for axis in figure.axes][:2] == ["b", "c"]
    assert (shown(figure)[0] == 0.5).all()


def test_a_notebook_shows_a_grid_once_in_each_cell(monkeypatch):
    shell = SimpleNamespace(kernel=object(), execution_count=1)
    pictures = []
    display = SimpleNamespace(Image=bytes, display=pictures.append)
    ipython = SimpleNamespace(get_ipython=lambda: shell, version_info=(9, 0))
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    data = Tiny()
    figure = data.visualize((data.test.images, data.test.labels))
    assert pictures[0].startswith(b"\x89PNG")
    figure._ipython_display_()  # what IPython does with the last value of the cell
    assert len(pictures) == 1
    shell.execution_count = 2
    figure._ipython_display_()
    assert len(pictures) == 2
    del shell.kernel
    with pytest.raises(NotImplementedError):
        figure._ipython_display_()
