"""The best epoch is kept; record, weights and picture are of one moment."""

import random

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file
from same_training import assert_same_training
from stopping import stop_at

import nin
from nin.errors import RunError
from nin.training.runs.run import Run
from nin.training.runs.weights import differ_from_file, save_variables, weights

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny")]

#: A rate at which the held-out loss goes up and down.
RECIPE = nin.RECIPES["digits"].revised(
    precision="float32",
    epochs=8,
    limit=120,
    batch_size=16,
    width=0.3,
    image_size=8,
    learning_rate=0.03,
    schedule="constant",
)


class Remember(keras.callbacks.Callback):
    """Keeps the weights of every epoch."""

    def __init__(self):
        super().__init__()
        self.epochs = []

    def on_epoch_end(self, epoch, logs=None):
        self.epochs.append({name: np.array(w.value) for name, w in weights(self.model).items()})


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    remember = Remember()
    run = nin.train(RECIPE, tmp_path_factory.mktemp("best") / "run", callbacks=[remember])
    return run, remember.epochs


def test_weights_and_record_are_those_of_the_lowest_held_out_loss(trained):
    run, epochs = trained
    losses = [row["val_loss"] for row in run.metrics()]
    best = int(np.argmin(losses))
    assert best < len(losses) - 1, "a test in which the last is best shows nothing"
    assert run.record["result"]["epoch"] == best + 1
    kept, last = load_file(run.weights_path), load_file(run.checkpoint_path)
    for name, value in epochs[best].items():
        np.testing.assert_array_equal(kept[name], value)
        np.testing.assert_array_equal(last[name], epochs[-1][name])
    evaluation = nin.load(run.path).evaluate()
    assert evaluation.accuracy == run.record["result"]["accuracy"]
    at_once = run.evaluate()
    assert (at_once.confusion == evaluation.confusion).all()


def test_going_on_can_still_replace_the_best(trained, tmp_path, monkeypatch):
    run, _ = trained
    best = run.record["result"]["epoch"]
    with monkeypatch.context() as patch:
        stop_at(patch, 8 * (best - 1) - 3)
        with pytest.raises(KeyboardInterrupt):
            nin.train(RECIPE, tmp_path / "run")
    assert_same_training(nin.resume(tmp_path / "run"), run)


def row(epoch, loss, **more):
    return {"epoch": epoch, "seconds": 1.0, "val_loss": loss, **more}


@pytest.mark.parametrize(
    ("rows", "best"),
    [
        ([], None),
        ([row(1, 0.5), row(2, 0.4), row(3, 0.4), row(4, 0.6)], 2),
        ([row(1, None), row(2, 0.4), row(3, float("nan"))], 2),
        ([row(1, None), row(2, None)], 2),
        ([{"epoch": 1, "seconds": 1.0}, {"epoch": 2, "seconds": 2.0}], 2),
    ],
)
def test_the_best_epoch(tmp_path, rows, best):
    run = Run(tmp_path, {"data": {"splits": {"train": {}, "validation": {}}}, "recipe": {}})
    assert run.best_epoch(rows) == best


def test_test_images_choose_nothing(tmp_path):
    run = Run(tmp_path, {"data": {"splits": {"train": {}, "test": {}}}, "recipe": {}})
    assert run.best_epoch([row(1, 0.1), row(2, 0.5)]) == 2
    trained = nin.train(RECIPE.revised(validation=0, epochs=2), tmp_path / "run")
    assert trained.record["result"]["epoch"] == 2


def test_patience_ends_a_training_and_it_stays_ended(trained, tmp_path, monkeypatch):
    losses = [row["val_loss"] for row in trained[0].metrics()]
    best = next(i for i in range(7) if losses[i + 1] >= min(losses[: i + 1]))
    recipe = RECIPE.revised(patience=1)
    run = nin.train(recipe, tmp_path / "whole")
    assert len(run.metrics()) == best + 2
    assert run.record["result"]["epoch"] == best + 1
    assert run.record["state"] == "finished"
    with pytest.raises(RunError, match="because no later one was better"):
        nin.resume(run.path, epochs=20)
    # Killed when all is trained, and before it is evaluated.
    with monkeypatch.context() as patch:
        patch.setattr("nin.training.fit_run.final_result", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            nin.train(recipe, tmp_path / "run")
    assert_same_training(nin.resume(tmp_path / "run"), run)


class Halve(keras.callbacks.Callback):
    """Changes the weights when training ends, as averaging does."""

    def on_train_end(self, logs=None):
        for weight in self.model.trainable_weights:
            weight.assign(weight / 2)


@pytest.mark.parametrize(
    ("callback", "keeps_epoch"),
    [
        (lambda: keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True), True),
        (Halve, False),
    ],
)
def test_what_a_callback_leaves_is_what_is_evaluated_and_saved(tmp_path, callback, keeps_epoch):
    run = nin.train(RECIPE, tmp_path / "run", callbacks=[callback()])
    result = run.record["result"]
    assert (result["epoch"] is not None) is keeps_epoch
    assert result["epoch"] == (run.best_epoch() if keeps_epoch else None)
    saved = nin.load(run.path).evaluate()
    assert saved.accuracy == result["accuracy"]
    assert saved.loss == pytest.approx(result["loss"], rel=1e-6)
    in_memory = {name: np.array(w.value) for name, w in weights(run.model).items()}
    for name, value in load_file(run.weights_path).items():
        np.testing.assert_array_equal(in_memory[name], value)


class Last(keras.callbacks.Callback):
    """Brings back weights of another moment than the best."""

    def on_train_begin(self, logs=None):
        self.first = self.model.get_weights()

    def on_train_end(self, logs=None):
        self.model.set_weights(self.first)


def test_where_the_recipe_averages_no_callback_takes_the_place_of_the_averages(tmp_path):
    run = nin.train(RECIPE.revised(ema_momentum=0.5), tmp_path / "run", callbacks=[Last()])
    assert run.record["result"]["epoch"] == run.best_epoch()
    assert run.record["result"]["accuracy"] > 0.3


def test_weights_that_are_no_numbers_are_those_of_a_file_that_has_them(tmp_path):
    variables = {"w": keras.Variable([1.0, float("nan")])}
    save_variables(tmp_path / "w.safetensors", variables)
    assert not differ_from_file(tmp_path / "w.safetensors", variables)
    variables["w"].assign([2.0, float("nan")])
    assert differ_from_file(tmp_path / "w.safetensors", variables)


def random_state():
    kind, keys, *rest = np.random.get_state()
    return random.getstate(), kind, keys.tobytes(), rest


def test_global_random_numbers_are_left_alone(tmp_path):
    recipe = RECIPE.revised(epochs=1)
    random.seed(7)
    np.random.seed(7)
    before = random_state()
    nin.train(recipe, tmp_path / "run")
    assert random_state() == before
    nin.resume(tmp_path / "run", epochs=2)
    assert random_state() == before

    class Fail(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        nin.train(recipe, tmp_path / "other", callbacks=[Fail()])
    assert random_state() == before
