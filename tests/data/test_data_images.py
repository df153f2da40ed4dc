"""`ImageData`: parts, loaders, fingerprint, description, pictures in a grid."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from nin.data import Augmentation, ImageData, Split
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
    assert Tiny().imbalance() is None


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
