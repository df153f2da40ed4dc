"""What `nin.train` takes, and that it comes to the same as on the command line."""

from __future__ import annotations

import typing
from pathlib import Path

import pytest
from photographs import folder

import nin
from nin.cli.entry_point import run
from nin.data.balance import PREFERRED
from nin.errors import DataError, NinError, RecipeError, RunError, UnknownNameError
from nin.training import dispatch
from nin.training.recipe import Recipe
from nin.training.recipe_choice import chosen_fields, recipe_of
from nin.training.recipe_fields import RecipeFields
from nin.training.starting_recipe import choose


@pytest.fixture
def photos(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return folder(tmp_path / "pictures", ("train", "test"), each=3)


@pytest.fixture
def trained(monkeypatch):
    """Recipes that `nin train` has asked for, in place of their training."""
    recipes = []

    def note(recipe, out, **_):
        recipes.append((recipe, out))
        raise NinError("noted")

    monkeypatch.setattr(dispatch, "train", note)
    return recipes


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize(
    ("line", "what", "options"),
    [
        ("", None, {}),
        ("fashion", "fashion", {}),
        ("fashion --epochs 3 --lr 0.1", "fashion", {"epochs": 3, "learning_rate": 0.1}),
        ("--data mnist", None, {"data": "mnist"}),
        ("mnist", "mnist", {}),
        ("pictures", "pictures", {}),
        ("pictures", Path("pictures"), {}),
        ("./pictures --finetune", "./pictures", {"finetune": True}),
        ("pictures --preset resnet18", "pictures", {"preset": "resnet18"}),
        ("pictures --preset nin --no-flip", "pictures", {"preset": "nin", "flip": False}),
        ("digits --preset vgg11 --seed 3", "digits", {"preset": "vgg11", "seed": 3}),
        ("book --balance auto", "book", {"balance": "auto"}),
    ],
)
def test_the_same_recipe_as_on_the_command_line(trained, line, what, options):
    assert run(["train", *line.split()]) == 2
    assert trained == [(recipe_of(what, options), None)]


def test_a_recipe_stays_what_it_is():
    recipe = nin.RECIPES["digits"].revised(epochs=2)
    assert recipe_of(recipe, {}) == recipe
    assert recipe_of(recipe, {"epochs": 3, "limit": None}) == recipe.revised(epochs=3)
    assert recipe_of(recipe, {"preset": "lenet"}).image_size == 28


def test_a_path_is_a_folder_whatever_it_is_called(photos):
    for name in ("digits", "fashion", "cifar10"):
        photos.rename(photos.parent / name)
        made = recipe_of(Path(name), {})
        assert (made.data, made.preset) == (f"./{name}", nin.RECIPES["photos"].preset)
        (photos.parent / name).rename(photos)


@pytest.mark.usefixtures("photos")
def test_images_that_are_open_stand_for_their_folder_and_arguments():
    change = nin.Augmentation(rotation=5)
    data = nin.ImageFolder("pictures", image_size=64, limit=4, seed=7, augmentation=change)
    made = recipe_of(data, {"preset": "mnist", "seed": 8})
    expected = {"image_size": 64, "limit": 4, "seed": 8, "rotation": 5}
    assert {name: getattr(made, name) for name in expected} == expected
    assert made.data == "pictures"
    plain = recipe_of(nin.ImageFolder("pictures", batch_size=8), {})
    assert plain == recipe_of("pictures", {}).revised(batch_size=8)
    digits = recipe_of(nin.Digits(resize=(12, 12), limit=50, balance="weights"), {})
    assert (digits.data, digits.image_size, digits.limit) == ("digits", 12, 50)
    assert digits.balance == PREFERRED == "weights"


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: nin.ImageFolder("pictures", grey=True), r"ImageFolder\(grey=True\)"),
        (lambda: nin.ImageFolder("pictures", test=0.3), r"ImageFolder\(test=0.3\)"),
        (lambda: nin.Digits(resize=(12, 10)), r"Digits\(resize=\(12, 10\)\)"),
        (type("Mine", (nin.Digits,), {}), "Mine cannot be opened again by its name"),
    ],
)
@pytest.mark.usefixtures("photos")
def test_images_that_a_run_could_not_open_again_are_refused(make, said):
    with pytest.raises(NinError, match=said):
        recipe_of(make(), {})


@pytest.mark.parametrize(
    ("what", "options", "error", "said"),
    [
        ("fahsion", {}, UnknownNameError, "did you mean 'fashion'"),
        ("fashion", {"epoch": 3}, UnknownNameError, "unknown argument 'epoch': did you mean"),
        ("fashion", {"epochs": 0}, RecipeError, "recipe: epochs=0"),
        ("no/such/folder", {}, DataError, "no/such/folder: no such folder$"),
        ("./pictur", {}, DataError, "no such folder: did you mean pictures?"),
        ("pictur", {}, DataError, "no such folder: did you mean pictures?"),
        ("nin", {}, NinError, "nin is a network: give it as preset=nin, beside a recipe"),
        (Path("fahsion"), {}, DataError, "fahsion: no such folder$"),
        ("pictures", {"data": "digits"}, NinError, "two data sets, pictures and digits: give one"),
        (nin.RECIPES["photos"], {"epochs": 3}, RecipeError, "^recipe: epochs: a frozen network is"),
        ("pictures", {"init": "nosuchrun"}, RunError, "not a run directory"),
        (
            "pictures",
            {"epochs": 3, "finetune": False},
            RecipeError,
            "^recipe: epochs: a frozen network is not trained by",
        ),
    ],
)
@pytest.mark.usefixtures("photos")
def test_what_cannot_be_chosen_is_one_line(what, options, error, said):
    with pytest.raises(error, match=said) as caught:
        nin.train(what, **options)
    assert "\n" not in str(caught.value)
    assert not Path("runs").exists()


def test_every_field_of_a_recipe_is_an_argument():
    assert [*RecipeFields.__annotations__] == [*Recipe.model_fields]
    hints = typing.get_type_hints(RecipeFields)
    for name, field in Recipe.model_fields.items():
        taken, needed = typing.get_args(hints[name]), typing.get_args(field.annotation)
        assert type(None) in taken
        assert set(needed or [field.annotation]) <= {*taken, *typing.get_args(taken[0])}


@pytest.mark.parametrize("options", [{"epochs": 3}, {"learning_rate": 0.01}, {"rotation": 10}])
@pytest.mark.usefixtures("photos")
def test_what_belongs_to_gradients_means_fine_tuning(options):
    recipe = recipe_of("pictures", options)
    assert recipe == recipe_of("pictures", {**options, "finetune": True})
    assert recipe.finetune
    assert not recipe_of("pictures", {"seed": 3}).finetune
    assert recipe_of("pictures", {}, settings=["callbacks"]).finetune


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize("settings", [{"callbacks": [object()]}, {"devices": 2}])
def test_callbacks_and_devices_imply_fine_tuning(settings, monkeypatch):
    def note(recipe, *_, **__):
        raise NinError(f"fine-tuned: {recipe.finetune}")

    monkeypatch.setattr(dispatch, "check", note)
    with pytest.raises(NinError, match="fine-tuned: True"):
        nin.train("pictures", **settings)


@pytest.mark.parametrize("make", [Path, nin.ImageFolder])
@pytest.mark.parametrize("what", ["book", None])
def test_images_beside_a_recipe_that_are_called_like_a_published_set(photos, what, make):
    photos.rename(photos.parent / "digits")
    assert recipe_of(what, {"data": make("digits")}).data == "./digits"


def test_a_folders_own_arguments_stay_where_fine_tuning_is_implied(photos):
    made = recipe_of(nin.ImageFolder(photos, seed=7, limit=4), {"epochs": 2})
    assert (made.finetune, made.seed, made.limit) == (True, 7, 4)


def test_save_every_means_fine_tuning_here_too(photos, monkeypatch):
    seen = []

    def note(recipe, *_, **__):
        seen.append(recipe.finetune)
        raise NinError("noted")

    monkeypatch.setattr(dispatch, "check", note)
    with pytest.raises(NinError, match="noted"):
        nin.train(photos, save_every=5)
    assert seen == [True]


@pytest.mark.parametrize(("name", "value"), [("devices", 1), ("save_every", 5)])
def test_a_frozen_recipe_refuses_what_concerns_steps(photos, name, value):
    with pytest.raises(RecipeError, match=f"not trained by gradients: leave out {name}"):
        nin.train(nin.RECIPES["photos"].revised(data=str(photos)), **{name: value})


def test_how_a_folder_is_divided_means_no_fine_tuning(photos):
    assert not recipe_of(str(photos), {"split_by": "position"}).finetune


def test_a_shift_is_of_the_size_that_is_given(photos):
    given = {"preset": "book", "image_size": 67}
    assert recipe_of(str(photos), given).shift == 14 * 67 // 224
    assert recipe_of(str(photos), {**given, "shift": 14}).shift == 14
    small = recipe_of(str(photos), {"finetune": True, "image_size": 144})
    assert small.crop_size == 224 * 144 // 288


def test_what_was_chosen_are_options_and_what_images_or_a_recipe_were_given(photos):
    augmented = nin.ImageFolder(photos, image_size=64, augmentation=nin.Augmentation(shift=20))
    assert chosen_fields(str(photos), {"lr": None, "epochs": 3}) == {"epochs"}
    for what, options in ((augmented, {}), (None, {"data": augmented})):
        assert {"shift", "image_size"} <= chosen_fields(what, options)
        assert "crop_size" not in chosen_fields(what, options)
    assert "crop_size" in chosen_fields(nin.RECIPES["photos"], {})


def test_another_network_takes_the_recipe_from_scratch(photos):
    recipe = nin.RECIPES["photos"].revised(data=str(photos), seed=3)
    made = recipe_of(recipe, {"preset": "book"})
    usual = recipe_of(str(photos), {"preset": "book"})
    for name in ("learning_rate", "least_steps", "crop", "crop_size", "validation"):
        assert getattr(made, name) == getattr(usual, name)
    assert made.seed == 3


def test_pixels_are_scaled_whichever_way(photos):
    own = nin.RECIPES["photos"].revised(data=str(photos))
    small = own.revised(image_size=112)
    assert recipe_of(small, {"preset": "lenet"}).shift == 1
    assert recipe_of(own, {"preset": "book", "image_size": 67}).shift == 4
    init = own.revised(image_size=144)
    assert choose(str(photos), finetune=True, init=init).crop_size == 112
