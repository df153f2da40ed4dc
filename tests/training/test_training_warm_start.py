"""What a network takes over from a run: every layer that fits, class maps by the class's name."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from keras.ops import convert_to_numpy
from photographs import folder
from safetensors.numpy import load_file

import nin as d2l
from nin.errors import RunError
from nin.models import NiN
from nin.training.recipe_choice import recipe_of
from nin.training.runs.weights import weights
from nin.training.warm_start import warm_start

pytestmark = pytest.mark.slow

CLASSES = tuple("0123456789")


@pytest.fixture(scope="module", params=["mnist", "book"])
def run(request, tmp_path_factory):
    """`mnist` ends in one convolution to class maps, `book` in three from one to the next."""
    if request.param == "book" and d2l.backends.choose() != "tensorflow":
        pytest.skip("one network shows it there")
    size = {"mnist": 16, "book": 67}[request.param]
    recipe = d2l.RECIPES["digits"].revised(
        preset=request.param, width=0.05, image_size=size, epochs=1, limit=60
    )
    return d2l.train(recipe, tmp_path_factory.mktemp("runs") / "digits")


def network(run, classes, **changes):
    arguments = {"preset": run.record["recipe"]["preset"], "width": 0.05, **changes}
    model = NiN(num_classes=len(classes), **arguments)
    model.build((None, 67, 67, 1))
    return model


def values(model):
    return {name: convert_to_numpy(weight.value) for name, weight in weights(model).items()}


@pytest.mark.every_backend
def test_the_same_classes_take_everything(run):
    model = network(run, CLASSES)
    line = warm_start(model, CLASSES, run)
    theirs = load_file(run.weights_path)
    assert all(np.array_equal(value, theirs[name]) for name, value in values(model).items())
    assert line.startswith(f"from {run.path}: ")
    assert "new" not in line
    assert model.preprocessing.mean == pytest.approx(run.record["model"]["preprocessing"]["mean"])


def test_classes_go_by_name(run):
    classes = ("7", "x", "3")
    model = network(run, classes)
    fresh = values(model)
    line = warm_start(model, classes, run)
    assert line.endswith("; class maps of 7, 3 kept, of x new")
    theirs, ours = load_file(run.weights_path), values(model)
    last = max(int(name.partition(".")[0]) for name in ours)
    kernel, bias = f"{last}.conv2d.kernel", f"{last}.conv2d.bias"
    if ours[kernel].ndim == 4 and theirs[kernel].shape[2] == len(CLASSES):
        assert ours[kernel][0, 0, 0, 2] == theirs[kernel][0, 0, 7, 3]
        assert ours[kernel][0, 0, 1, 1] == fresh[kernel][0, 0, 1, 1]
    else:
        np.testing.assert_array_equal(ours[kernel][..., 0], theirs[kernel][..., 7])
        np.testing.assert_array_equal(ours[kernel][..., 1], fresh[kernel][..., 1])
    assert ours[bias].tolist() == [theirs[bias][7], fresh[bias][1], theirs[bias][3]]


def test_nothing_that_fits_is_refused_and_nothing_is_changed(run):
    model = network(run, CLASSES, width=0.2)
    before = values(model)
    with pytest.raises(RunError, match="no layer of its network fits this one"):
        warm_start(model, ("a", "b", *CLASSES[2:]), run)
    after = values(model)
    assert all(np.array_equal(after[name], before[name]) for name in before)


@pytest.mark.parametrize("images", ["arrays", "folder"])
def test_the_network_is_as_there(images, run, tmp_path):
    of_network = {"depth": 2, "batch_norm": True, "pooling": "average", "dropout": 0.1}
    record = {**run.record, "recipe": {**run.record["recipe"], **of_network}}
    (tmp_path / "run").mkdir()
    (tmp_path / "run/run.json").write_text(json.dumps(record))
    if images == "arrays":
        what = (np.zeros((40, 16, 16, 1), np.uint8), np.arange(40) % 2)
    else:
        what = str(folder(tmp_path / "photos"))
    recipe = recipe_of(what, {"init": str(tmp_path / "run")})
    assert (recipe.preset, recipe.width) == (run.recipe.preset, 0.05)
    assert {name: getattr(recipe, name) for name in of_network} == of_network


def test_a_training_goes_on_from_it(run, tmp_path):
    recipe = d2l.Recipe.parse(run.record["recipe"])
    one = recipe.revised(init=str(run.path), learning_rate=1e-9, warmup=0)
    again = d2l.train(one, tmp_path / "again")
    theirs = load_file(run.weights_path)
    for name, value in load_file(again.weights_path).items():
        np.testing.assert_allclose(value, theirs[name], atol=1e-6)


def test_images_of_other_channels_are_standardised_as_they_are(run):
    model = NiN(num_classes=10, preset=run.record["recipe"]["preset"], width=0.05)
    model.preprocessing.configure(mean=[0.1, 0.2, 0.3], std=[0.5, 0.5, 0.5])
    model.build((None, 67, 67, 3))
    record = {**run.record["model"]["preprocessing"], "mean": [0.1, 0.2], "std": [1.0, 1.0]}
    there = SimpleNamespace(
        path=run.path,
        classes=run.classes,
        weights_path=run.weights_path,
        record={"model": {"preprocessing": record}},
    )
    warm_start(model, CLASSES, there)
    assert model.preprocessing.mean == pytest.approx([0.1, 0.2, 0.3])


def test_the_classes_of_dense_logits_go_by_name_too(tmp_path):
    run = d2l.train("digits", tmp_path / "run", preset="lenet", epochs=1, limit=60)
    classes = (*run.classes[1:], "x")
    model = d2l.LeNet(num_classes=10)
    model.preprocessing.configure((28, 28))
    model.build((None, *run.input_shape))
    last = [each for each in model.net.layers if hasattr(each, "units")][-1]
    fresh = convert_to_numpy(last.kernel)
    line = warm_start(model, classes, run)
    (name,) = [name for name, each in weights(model).items() if each is last.kernel]
    theirs, ours = load_file(run.weights_path)[name], convert_to_numpy(last.kernel)
    np.testing.assert_array_equal(ours[:, 0], theirs[:, 1])
    np.testing.assert_array_equal(ours[:, 9], fresh[:, 9])
    assert line.endswith("of x new")


@pytest.mark.slow
def test_layers_of_another_network_are_no_class_maps(tmp_path):
    other = [d2l.Stage((4,), 3), d2l.Stage((4,), 3), d2l.Stage((0,), 3)]
    run = d2l.train("digits", tmp_path / "run", preset=other, epochs=1, limit=60, image_size=8)
    model = NiN(num_classes=10, stages=[d2l.Stage((4,), 3), d2l.Stage((0, 0), 1)])
    model.build((None, 8, 8, 1))
    before = values(model)
    warm_start(model, CLASSES, run)
    for name in ("2.conv2d.kernel", "4.conv2d.kernel"):
        np.testing.assert_array_equal(values(model)[name], before[name])
