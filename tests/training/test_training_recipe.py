"""Recipes: frozen, printable, and refused when they cannot work."""

import contextlib
import json
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nin.data import NAMED, Augmentation
from nin.data.balance import PREFERRED
from nin.errors import NinError, RecipeError, UnknownNameError
from nin.models import PRESETS
from nin.training import RECIPES, Recipe, find_recipe
from nin.training.recipe_choice import recipe_of
from nin.training.runs.dataset import open_images
from nin.training.starting_recipe import choose

ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.lists(st.integers(), max_size=3)
    | st.dictionaries(st.text(max_size=3), st.integers(), max_size=3)
    | st.sampled_from([10**400, 2**32, "1", "nan", 1e308])
)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_comes_back_from_its_own_json(name):
    made = find_recipe(name)
    assert made.name == name
    assert Recipe.parse(json.loads(json.dumps(made.model_dump()))) == made
    assert Recipe.parse(json.loads(made.model_dump_json())) == made
    assert made.preset in PRESETS
    assert f"epochs={made.epochs}" in repr(made)


@pytest.mark.parametrize("field", Recipe.model_fields)
def test_a_recipe_is_frozen(field):
    made = find_recipe("digits")
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, field, getattr(made, field))
    with pytest.raises(ValidationError, match="frozen"):
        delattr(made, field)
    assert hash(made) == hash(find_recipe("digits"))


def test_a_record_from_when_images_could_grow():
    values = find_recipe("digits").model_dump(mode="json")
    assert Recipe.parse({**values, "smaller_first": []}) == find_recipe("digits")
    with pytest.raises(RecipeError, match="smaller_first: training on growing images is no longer"):
        Recipe.parse({**values, "smaller_first": [8]})


def test_a_revised_recipe_is_another_one():
    made = find_recipe("digits")
    assert made.revised(epochs=3).epochs == 3
    assert made.epochs == RECIPES["digits"].epochs != 3
    assert made.revised() == made
    assert made.revised(limit=9).revised(limit=None) == made


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": 0}, "epochs=0"),
        ({"epochs": "many"}, "epochs='many'"),
        ({"epochs": 1.5}, "epochs=1.5"),
        ({"epochs": 10**7}, "epochs=10000000"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"learning_rate": 0}, "learning_rate=0"),
        ({"learning_rate": float("nan")}, "learning_rate=nan"),
        ({"learning_rate": float("inf")}, "learning_rate=inf"),
        ({"width": 0}, "width=0"),
        ({"width": 5}, "width=5"),
        ({"dropout": 1}, "dropout=1"),
        ({"dropout": -0.1}, "dropout=-0.1"),
        ({"image_size": 0}, "image_size=0"),
        ({"image_size": 4097}, "image_size=4097"),
        ({"optimizer": "adam"}, "optimizer='adam'"),
        ({"resize_mode": "stretch"}, "resize_mode='stretch'"),
        ({"schedule": "step"}, "schedule='step'"),
        ({"momentum": 1}, "momentum=1"),
        ({"weight_decay": -1}, "weight_decay=-1"),
        ({"warmup": -1}, "warmup=-1"),
        ({"clip_norm": -1}, "clip_norm=-1"),
        ({"shift": -1}, "shift=-1"),
        ({"shift": 257}, "shift=257"),
        ({"flip": "perhaps"}, "flip='perhaps'"),
        ({"crop": 0}, "crop=0"),
        ({"rotation": 181}, "rotation=181"),
        ({"brightness": 1.1}, "brightness=1.1"),
        ({"contrast": -1}, "contrast=-1"),
        ({"saturation": 2}, "saturation=2"),
        ({"erasing": -0.5}, "erasing=-0.5"),
        ({"balance": "equal"}, "balance='equal'"),
        ({"validation": 1}, "validation=1"),
        ({"validation": -0.1}, "validation=-0.1"),
        ({"limit": 0}, "limit=0"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": 2**32}, "seed=4294967296"),
        ({"colour": "blue"}, "colour='blue': extra inputs are not permitted"),
        ({"name": 3}, "name=3"),
        ({"data": ["a"] * 1000}, "data=["),
    ],
)
def test_a_value_that_cannot_work_is_named_in_one_short_line(change, said):
    with pytest.raises(RecipeError) as caught:
        find_recipe("digits").revised(**change)
    message = str(caught.value)
    assert message.startswith(f"recipe: {said}")
    assert len(message.splitlines()) == 1
    assert len(message) < 200


def test_a_field_is_known_by_its_earlier_name():
    recipe = find_recipe("digits")
    cropped = recipe.revised(resize_mode="crop")
    earlier = {"fit" if name == "resize_mode" else name: value for name, value in cropped}
    assert Recipe.parse(earlier) == cropped == Recipe(**earlier)
    assert recipe.revised(fit="crop") == recipe_of(recipe, {"fit": "crop"}) == cropped


@pytest.mark.parametrize("value", [None, 3, "digits", [], float("nan")])
def test_what_is_no_table_is_no_recipe(value):
    with pytest.raises(RecipeError, match=r"^recipe: .*"):
        Recipe.parse(value)


@pytest.mark.parametrize("field", ["name", "data", "epochs", "batch_size", "learning_rate"])
def test_a_missing_value_is_named(field):
    values = {**find_recipe("digits").model_dump()}
    del values[field]
    with pytest.raises(RecipeError, match=f"^recipe: {field}: field required$"):
        Recipe.parse(values)


@given(field=st.sampled_from([*Recipe.model_fields, "odd"]), value=ODD)
@settings(deadline=None, max_examples=400)
def test_any_value_is_taken_or_refused_and_what_is_taken_can_be_written(field, value):
    values = {**find_recipe("digits").model_dump(), field: value}
    with contextlib.suppress(RecipeError):
        made = Recipe.parse(values)
        assert Recipe.parse(json.loads(json.dumps(made.model_dump(), allow_nan=False))) == made


def test_an_unknown_recipe():
    with pytest.raises(UnknownNameError, match="did you mean 'digits'"):
        find_recipe("digit")


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "svhn", "mnist", "fashion28"])
def test_the_papers_networks_are_trained_as_published(name):
    recipe = find_recipe(name)
    preset = PRESETS["mnist" if name == "fashion28" else name]
    assert (recipe.width, recipe.batch_norm, recipe.pooling, recipe.init) == (1, False, None, None)
    assert preset == PRESETS[recipe.preset]
    assert preset.input_shape[0] == recipe.image_size
    assert recipe.flip == (name not in ("svhn", "mnist")), "no digit is mirrored"
    if name != "fashion28":
        assert choose(None, name) == choose(name, None) == recipe


def test_every_published_set_has_a_recipe():
    assert set(NAMED) == {recipe.data for recipe in RECIPES.values()} & set(NAMED)
    assert choose(None, "fashion-mnist").name == "fashion"
    assert choose("cifar10", data="pictures").revised(data="pictures").preset == "cifar10"


def test_which_recipe_is_chosen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    (tmp_path / "cats").mkdir()
    assert choose(None, None) is find_recipe("digits")
    assert choose("digits", None) is find_recipe("digits")
    assert choose("fashion", "mnist") is find_recipe("fashion")
    assert choose(None, "fashion-mnist") is find_recipe("fashion")
    assert (choose(None, "cifar10").name, choose(None, "cifar10").data) == ("cifar10", "cifar10")
    for chosen in (choose("cats", None), choose(None, "cats/"), choose("./cats", None)):
        assert (chosen.name, chosen.epochs) == ("cats", find_recipe("photos").epochs)
    assert choose("./digits", None).data == "./digits"
    assert choose("./digits", None).preset == find_recipe("photos").preset
    assert choose(".", None).name == tmp_path.name
    with pytest.raises(NinError, match="did you mean 'photos'"):
        choose("photo", None)


def test_a_recipe_has_every_change_of_the_augmentation_and_none_by_default():
    made = Recipe(name="plain", data="digits", epochs=1, batch_size=1, learning_rate=1)
    for field in fields(Augmentation):
        assert getattr(made, field.name) == field.default
    assert open_images(made).augmentation is None
    changed = open_images(made.revised(rotation=5, erasing=0.25)).augmentation
    assert changed == Augmentation(rotation=5, erasing=0.25)


def test_balance_without_saying_how_is_the_preferred_way():
    made = find_recipe("digits")
    assert made.balance == "none"
    assert made.revised(balance=True).balance == made.revised(balance="auto").balance == PREFERRED
    assert made.revised(balance="sampling").revised(balance=False).balance == "none"
    assert open_images(made.revised(balance="sampling")).balance == "sampling"


@pytest.mark.parametrize("name", ["digits", "fashion", "scratch", "book", "chapter"])
def test_recipes_change_images_as_they_always_did(name):
    made = find_recipe(name)
    used = {each: getattr(made, each) for each in ("shift", "flip")}
    assert (
        used
        == {
            "digits": {"shift": 1, "flip": False},
            "fashion": {"shift": 1, "flip": True},
            "scratch": {"shift": 14, "flip": True},
            "book": {"shift": 0, "flip": True},
            "chapter": {"shift": 0, "flip": False},
        }[name]
    )
    assert made.balance == "none"


@pytest.mark.parametrize(
    "name",
    ["digits", "fashion", "book", "fashion28", "fashion28-deep", "cifar10", "cifar10-deep"],
)
def test_a_recipe_states_what_its_record_holds(name):
    """The accuracy in the module's docstring is the mean and the deviation of the record."""
    root = Path(__file__).parents[2]
    file = f"results/{name}.json"
    accuracy = json.loads((root / file).read_text())["summary"]["accuracy"]
    spread = "" if accuracy["sd"] is None else f" ± {accuracy['sd']:.3f}"
    stated = f"{accuracy['mean']:.3f}{spread} (n = {accuracy['n']}, {file})"
    said = [path.read_text() for path in (root / "src/nin/training/recipes").glob("*.py")]
    assert any(stated in " ".join(text.split()) for text in said)
