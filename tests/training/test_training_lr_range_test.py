"""The range test of learning rates: what it does to a network, suggests, and leaves behind."""

import random

import keras
import numpy as np
import photographs
import pytest

import nin as d2l
from nin.errors import NinError, RecipeError, TrainingDiedError
from nin.training.lr_range_test import HIGHEST, LOWEST, STEPS

pytestmark = pytest.mark.slow

LEARNS = {"preset": "lenet", "limit": 200}


class Nan(d2l.LeNet):
    """Its loss is never finite."""

    def loss(self, Y_hat, Y, averaged=True):
        return super().loss(Y_hat, Y, averaged) * np.nan


class ByHand(d2l.LeNet):
    """Trained by a loop by hand."""

    def training_step(self, batch):
        return super().training_step(batch)


@pytest.fixture(scope="module")
def found():
    return d2l.lr_find("digits", **LEARNS)


@pytest.mark.every_backend
def test_rates_rise_by_one_factor_until_the_loss_diverges(found):
    assert len(found.rates) == len(found.losses) <= STEPS
    assert found.rates[0] == LOWEST
    assert np.allclose(np.diff(np.log(found.rates)), np.log(HIGHEST / LOWEST) / (STEPS - 1))
    assert np.isfinite(found.losses).all()
    # From a network that is right by chance to one that has learnt something, and beyond.
    assert found.losses[0] == pytest.approx(np.log(10), abs=0.3)
    assert found.smoothed.min() < 0.95 * found.smoothed[0]
    assert 1e-4 < found.suggestion < 1
    assert found.own == d2l.Recipe.model_validate(_recipe()).learning_rate


def _recipe():
    from nin.training.recipe_choice import recipe_of

    return recipe_of("digits", LEARNS).model_dump()


@pytest.mark.every_backend
def test_the_same_again_and_the_random_states_of_others_are_left_alone(found):
    random.seed(1)
    np.random.seed(2)
    before = random.getstate(), np.random.get_state()[1].tolist()
    again = d2l.lr_find("digits", **LEARNS)
    assert again.losses == found.losses
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


def test_accumulated_batches_are_the_same_steps(found):
    parts = d2l.lr_find("digits", **LEARNS, accumulate=2)
    assert parts.losses[:40] == pytest.approx(found.losses[:40], rel=1e-3)


def test_a_model_of_ones_own_keeps_its_weights(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(2)], name="own"
    )
    before = [weight.copy() for weight in own.get_weights()]
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = rng.integers(0, 99, (40, 8, 8), np.uint8) + 100 * y[:, None, None].astype(np.uint8)
    found = d2l.lr_find((x, y), preset=own, batch_size=16, out="there/rates.png")
    assert found.suggestion is not None
    assert all(map(np.array_equal, own.get_weights(), before))
    # No run, and one picture.
    assert [path.name for path in tmp_path.rglob("*")] == ["there", "rates.png"]
    assert (tmp_path / "there/rates.png").read_bytes().startswith(b"\x89PNG")


def test_a_network_that_is_fine_tuned_begins_with_a_fitted_head(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("nin.training.lr_range_test.STEPS", 3)
    folder = photographs.folder(tmp_path / "stripes", ("train",))
    found = d2l.lr_find(folder, finetune=True, image_size=32, freeze=20, batch_size=4)
    assert found.losses[0] < 0.65, "of two classes: chance is 0.69"
    assert {path.name for path in tmp_path.iterdir()} == {"stripes"}


def test_what_has_no_learning_rate_is_refused(tmp_path):
    folder = photographs.folder(tmp_path / "stripes", ("train",))
    with pytest.raises(RecipeError, match="no learning rate: add finetune=True, or train another"):
        d2l.lr_find(folder)


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"preset": Nan}, TrainingDiedError, "not finite at the first step"),
        ({"preset": ByHand}, NinError, "ByHand has a training_step of its own"),
        ({"out": "rates.jpg"}, NinError, r"out=rates.jpg: the picture is a .png"),
        ({"out": "file/rates.png"}, NinError, "cannot write the picture: file is not a folder"),
        ({"out": "folder.png"}, NinError, "cannot write the picture: it is a folder"),
    ],
)
def test_refusals(tmp_path, monkeypatch, options, kind, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(kind, match=said):
        d2l.lr_find("digits", **{"limit": 64, **LEARNS, **options})
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder.png"}


def test_a_picture_of_somebody_else_stays(tmp_path):
    (tmp_path / "mine.png").write_bytes(b"kept")
    with pytest.raises(NinError, match="not marked as a range test's"):
        d2l.lr_find("digits", **LEARNS, out=tmp_path / "mine.png")
    assert (tmp_path / "mine.png").read_bytes() == b"kept"
