"""Any network that has a name is trained, evaluated, resumed and exported under it."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from photographs import folder
from same_training import assert_same_training
from stopping import stop_at

import nin
from nin.errors import InputSizeError, NinError, RecipeError, UnknownNameError
from nin.maps import explain
from nin.models import googlenet, named_net
from nin.models.blocks import dense_head
from nin.models.geometry import has_class_maps, smallest_size
from nin.models.resnet import RESNET18
from nin.networks.lookup import NETWORKS, find_network
from nin.networks.rivals import RIVALS
from nin.training.preflight import check
from nin.training.recipes import RECIPES
from nin.training.starting_recipe import choose

#: Those without weights to start from.
FRESH = [name for name in NETWORKS if not find_network(name).pretrained]
#: A quarter of VGG-11 is as `narrow` as the whole; presets of NiN differ in numbers alone, and
#: `book` and `mnist` are trained all over these tests.
DIFFERENT = [name for name in RIVALS if name != "vgg11-quarter"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    return folder(tmp_path_factory.mktemp("photos"), ("train", "test"), each=6)


@pytest.fixture
def once(monkeypatch):
    """So few steps are hopeless to the health watch: each restart would be compiled anew."""
    monkeypatch.setattr("nin.training.restart.MOST", 0)


@pytest.fixture
def narrow(monkeypatch):
    """Networks of the published kinds of layers with few weights, and few blocks."""
    # With fewer channels oneDNN's gradients on maps of one cell are not always finite.
    inception = googlenet.inception
    monkeypatch.setattr(
        "nin.models.googlenet.inception",
        lambda c1, *others: (
            inception(c1, *others) if c1 in (64, 192, 384) else keras.layers.Activation("linear")
        ),
    )
    # A block of each kind: one that keeps size and channels, and one that changes both.
    blocks = tuple((1, channels) for _, channels in RESNET18[:2])
    monkeypatch.setattr("nin.models.resnet.RESNET18", blocks)
    monkeypatch.setattr("nin.models.densenet.DENSE_BLOCKS", (1, 1))
    for module in ("alexnet", "vgg"):
        path = f"nin.models.{module}.dense_head"
        monkeypatch.setattr(path, lambda classes: dense_head(classes, hidden=(8, 8)))
    for name, rival in RIVALS.items():
        if arch := rival.arguments.get("arch"):
            thin = rival._replace(arguments={"arch": tuple((number, 4) for number, _ in arch)})
            monkeypatch.setitem(RIVALS, name, thin)


def small(name):
    """Options for the shortest training of a small twin."""
    side = max(find_network(name).smallest, 12)
    width = {} if name in RIVALS else {"width": 0.05}
    plain = {"flip": False, "shift": 0, "precision": "float32"}
    return {"preset": name, "image_size": side, "epochs": 1, "batch_size": 4, **plain, **width}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_is_known_of_a_network_before_it_is_made_is_so(name):
    model, known = named_net(name)[0], find_network(name)
    assert known.smallest == smallest_size(model.net)
    assert known.layers == len(model.net.layers)
    assert known.has_maps == has_class_maps(model.net)
    assert known.num_classes == model.num_classes


@pytest.mark.slow
@pytest.mark.usefixtures("narrow", "once")
@pytest.mark.parametrize("name", [*DIFFERENT, "cifar10"])
def test_it_is_trained_evaluated_and_exported(name, photos, tmp_path):
    run = nin.train(photos, tmp_path / "run", **small(name))
    record, known = nin.load(run.path).record, find_network(name)
    assert (record["state"], record["recipe"]["preset"]) == ("finished", name)
    assert (record["result"]["split"], record["result"]["n"]) == ("test", 12)

    done = nin.export(run)
    assert done.parity.holds
    predictor = nin.Predictor(done.path)
    images = nin.ImageFolder(
        photos, image_size=run.input_shape[0], resize_mode=run.resize_mode
    ).test.images
    probabilities = predictor.predict(images).probabilities
    np.testing.assert_allclose(probabilities, run.predict(images), atol=1e-3)
    file = sorted((photos / "test").rglob("*.png"))[0]
    if known.has_maps:
        (row,) = explain(predictor, [file], out=tmp_path / "maps.png")
        assert row["map_shape"][2] == 2
    else:
        with pytest.raises(NinError, match="has no class maps"):
            explain(predictor, [file], out=tmp_path / "maps.png")


@pytest.mark.slow
@pytest.mark.usefixtures("narrow", "once")
def test_a_network_with_batch_normalisation_resumes_to_the_bit(photos, tmp_path, monkeypatch):
    options = {**small("resnet18"), "epochs": 2, "flip": True}
    unbroken = nin.train(photos, tmp_path / "unbroken", **options)
    with monkeypatch.context() as patch:
        stop_at(patch, 4)
        with pytest.raises(KeyboardInterrupt):
            nin.train(photos, tmp_path / "run", **options)
    assert_same_training(nin.resume(tmp_path / "run"), unbroken)


@pytest.mark.slow
@pytest.mark.usefixtures("once")
def test_training_starts_from_another_run(photos, tmp_path):
    first = nin.train(photos, tmp_path / "first", **small("lenet"))
    again = nin.train(photos, tmp_path / "again", init=first.path, epochs=1, batch_size=4)
    assert (again.recipe.preset, again.input_shape) == ("lenet", first.input_shape)
    assert again.metrics()[0]["loss"] <= first.metrics()[0]["loss"] + 0.1


@pytest.mark.parametrize("name", FRESH)
@pytest.mark.parametrize("what", ["digits", "fashion", "mnist", "chapter", "folder"])
def test_its_defaults_fit_it(name, what, photos):
    recipe = choose(photos if what == "folder" else what, preset=name)
    check(recipe)
    network = find_network(name)
    assert recipe.preset == ("book" if name == "nin" else name)
    assert recipe.image_size >= network.smallest
    assert recipe.data == (str(photos) if what == "folder" else RECIPES.get(what, recipe).data)
    if name in RIVALS:
        assert (recipe.width, recipe.dropout) == (1, None)
        sgd = what == "chapter"
        assert recipe.learning_rate == (0.05 if sgd else RIVALS[name].learning_rate)
        assert recipe.image_size <= (224 if sgd else 128)
    assert recipe.shift <= recipe.image_size // 8


def test_a_recipe_of_the_same_network_stays_as_it_is():
    for name, recipe in RECIPES.items():
        if recipe.data in ("digits", "fashion-mnist"):
            assert choose(name, preset=recipe.preset) == recipe


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"preset": "resent"}, UnknownNameError, "did you mean 'resnet18'"),
        (
            {"preset": "vgg11", "image_size": 31},
            InputSizeError,
            "vgg11 cannot take images of 31",
        ),
        ({"preset": "lenet", "crop_size": 40}, RecipeError, "crop_size=40: lenet ends in dense"),
        ({"preset": "resnet18", "width": 0.5}, RecipeError, "width=0.5: resnet18 has one width"),
        (
            {"preset": "resnet18", "dropout": 0.5},
            RecipeError,
            "dropout=0.5: resnet18 has",
        ),
        (
            {"preset": "resnet18", "batch_norm": True},
            RecipeError,
            "batch_norm=True: resnet18 cannot change it: only presets of NiN have stages to change",
        ),
        ({"preset": "lenet", "pooling": "max"}, RecipeError, "pooling=max: lenet cannot change it"),
        (
            {"preset": "efficientnet-lite0", "pooling": "average", "finetune": True},
            RecipeError,
            "pooling=average: efficientnet-lite0 cannot change it: pretrained weights",
        ),
        ({"preset": "resnet18", "finetune": True}, RecipeError, "has no pretrained weights"),
        ({"preset": "densenet", "freeze": 36}, RecipeError, "the network has 36 layers"),
    ],
)
def test_what_it_cannot_do_is_one_line(photos, tmp_path, options, error, said):
    with pytest.raises(error, match=said) as caught:
        nin.train(photos, tmp_path / "run", **options)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()
