"""Experiment trackers are ordinary Keras callbacks: they see each epoch and change nothing."""

import keras
import photographs
import pytest
from same_training import assert_same_training

import nin
from nin.errors import RecipeError

pytestmark = pytest.mark.slow

RECIPE = nin.RECIPES["digits"].revised(
    epochs=3, limit=96, batch_size=16, width=0.2, image_size=8, warmup=0
)


class Record(keras.callbacks.Callback):
    """Keeps what trackers are given; stops a training at a step, as Ctrl-C does."""

    def __init__(self, stop=None):
        super().__init__()
        self.epochs, self.stop = {}, stop

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == self.stop:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        self.epochs[epoch] = dict(logs)


@pytest.fixture(scope="module")
def untracked(tmp_path_factory):
    return nin.train(RECIPE, tmp_path_factory.mktemp("trackers") / "untracked")


def test_a_resumed_training_takes_callbacks(untracked, tmp_path):
    first, second = Record(stop=9), Record()
    with pytest.raises(KeyboardInterrupt):
        nin.train(RECIPE, tmp_path / "run", callbacks=[first], save_every=0)
    run = nin.resume(tmp_path / "run", callbacks=[second])
    assert_same_training(run, untracked)
    assert [*first.epochs, *second.epochs] == [0, 1, 2]
    seen = {**first.epochs, **second.epochs}
    for row in run.metrics():
        assert seen[row["epoch"] - 1]["val_loss"] == row["val_loss"]


def test_a_frozen_network_calls_nothing_back_and_says_so(tmp_path):
    stripes = photographs.folder(tmp_path / "stripes", each=3)
    recipe = nin.RECIPES["photos"].revised(data=str(stripes))
    with pytest.raises(RecipeError, match="a frozen one is not: leave them out, or train with fin"):
        nin.train(recipe, tmp_path / "run", callbacks=[Record()])
    assert not (tmp_path / "run").exists()


def test_tensorboard(untracked, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    from tensorboard.util.tensor_util import make_ndarray

    board = keras.callbacks.TensorBoard(tmp_path / "logs", histogram_freq=1, update_freq=2)
    run = nin.train(RECIPE, tmp_path / "run", callbacks=[board])
    assert_same_training(run, untracked)
    for part, name in (("train", "loss"), ("validation", "val_loss")):
        events = accumulator.EventAccumulator(str(tmp_path / "logs" / part)).Reload()
        written = [
            (event.step + 1, float(make_ndarray(event.tensor_proto)))
            for event in events.Tensors("epoch_loss")
        ]
        assert written == [(row["epoch"], pytest.approx(row[name])) for row in run.metrics()]


@pytest.mark.slow
def test_what_a_tracker_adds_to_the_logs_does_not_number_the_epochs(tmp_path):
    add = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(epoch=epoch))
    run = nin.train(RECIPE, tmp_path / "run", callbacks=[add])
    assert [row["epoch"] for row in run.metrics()] == [*range(1, RECIPE.epochs + 1)]
