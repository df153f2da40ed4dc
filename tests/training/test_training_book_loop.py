"""The book's own loop: for hooks that a reader overrides, and for the loop that the book prints."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import ops

import nin
from nin.errors import DataError, NinError
from nin.training.custom_hooks import is_compilable
from nin.training.loaders import Loaders

pytestmark = pytest.mark.slow


@pytest.fixture
def line():
    """Sixty points of a line."""
    keras.utils.set_random_seed(0)
    return nin.SyntheticRegressionData(np.array([2.0, -3.4]), 4.2, num_train=60, num_val=30)


def quiet(epochs=2, **arguments):
    return nin.Trainer(max_epochs=epochs, verbose=False, **arguments)


class Stepped(nin.LinearRegression):
    """Gives its loss by a step of its own, and plots something beside it."""

    def training_step(self, batch):
        loss = self.loss(self(*batch[:-1]), batch[-1])
        self.plot("loss", loss, train=True)
        self.plot("root", ops.sqrt(loss), train=True)
        return loss


@pytest.mark.every_backend
def test_a_step_of_its_own_is_trained_with_and_plots(line):
    model, trainer = Stepped(lr=0.1), quiet(8)
    trainer.fit(model, line)
    loss = trainer.history["loss"]
    assert loss[-1] < loss[0] / 10
    assert trainer.history["root"][0] < loss[0]
    assert trainer.history["val_loss"][-1] < loss[0]
    assert set(trainer.board.points) == {"train_loss", "train_root", "val_loss"}
    assert [x for x, _ in trainer.board.points["val_loss"]] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert model.trainer is None


@pytest.mark.every_backend
def test_the_loop_by_hand_takes_the_steps_of_the_compiled_one(line):
    weights = []
    for kind in (nin.LinearRegression, Stepped):
        keras.utils.set_random_seed(3)
        model = kind(lr=0.05)
        model(line.X[:1])
        quiet(1, gradient_clip_val=0.5).fit(model, line)
        weights.append(model.get_weights()[0])
    np.testing.assert_allclose(*weights, rtol=1e-4)


@pytest.mark.every_backend
def test_dropout_and_moving_means_act_in_the_loop_by_hand():
    class Normed(nin.Classifier):
        def __init__(self, lr=0.1):
            super().__init__()
            self.save_hyperparameters()
            self.norm = keras.layers.BatchNormalization()
            self.net = keras.Sequential([keras.layers.Flatten(), self.norm, keras.layers.Dense(10)])
            self.modes = set()

        def training_step(self, batch):
            self.modes.add(self._mode)
            return super().training_step(batch)

        def validation_step(self, batch):
            self.modes.add(self._mode)
            super().validation_step(batch)

    model, trainer = Normed(), quiet(1)
    trainer.fit(model, nin.Digits(limit=64, batch_size=32))
    assert model.modes == {True, False}
    assert np.any(ops.convert_to_numpy(model.norm.moving_mean))
    assert trainer.history.keys() >= {"loss", "val_loss", "val_accuracy"}


def test_a_step_has_to_return_the_loss(line):
    class Forgetful(nin.LinearRegression):
        def training_step(self, batch):
            super().training_step(batch)

    with pytest.raises(NinError, match=r"Forgetful\.training_step has to return the loss"):
        quiet().fit(Forgetful(lr=0.1), line)


@pytest.mark.every_backend
def test_a_trainer_of_ones_own_is_asked(line):
    class Halved(nin.Trainer):
        def prepare_data(self, data):
            super().prepare_data(data)
            self.val_dataloader = None

        def prepare_model(self, model):
            self.asked = model

        def prepare_batch(self, batch):
            return [half[: len(half) // 2] for half in super().prepare_batch(batch)]

    sizes = []

    class Sized(nin.LinearRegression):
        def loss(self, Y_hat, Y, averaged=True):
            sizes.append(len(Y))
            return super().loss(Y_hat, Y, averaged)

    trainer, model = Halved(max_epochs=1, verbose=False), Sized(lr=0.1)
    trainer.fit(model, line)
    assert sizes == [16, 14]
    assert trainer.asked is model
    assert "val_loss" not in trainer.history


@pytest.mark.every_backend
def test_the_from_scratch_sgd_trains_in_either_loop(line):
    class Eager(nin.LinearRegressionScratch):
        def training_step(self, batch):
            return super().training_step(batch)

    for kind in (nin.LinearRegressionScratch, Eager):
        model, trainer = kind(2, lr=0.1), quiet(8)
        trainer.fit(model, line)
        assert trainer.history["loss"][-1] < trainer.history["loss"][0] / 10


def test_what_configure_optimizers_returns_is_checked(line):
    for wrong, said in ((None, "returned nothing"), (3, "returned a builtins int")):
        model = nin.LinearRegression(lr=0.1)
        object.__setattr__(model, "configure_optimizers", lambda wrong=wrong: wrong)
        with pytest.raises(NinError, match=f"LinearRegression.configure_optimizers {said}: return"):
            quiet().fit(model, line)


def test_a_generator_is_no_loader(line):
    class Once(nin.DataModule):
        def get_dataloader(self, train):
            yield line.X, line.y

    with pytest.raises(DataError, match="Once returns a generator, which has no length"):
        quiet().fit(nin.LinearRegression(lr=0.1), Once())


def test_what_has_no_graph_runs_batch_by_batch():
    """The book reshapes by ``X.shape[0]``, which is not known in a graph."""

    class Reshaped(nin.Classifier):
        def __init__(self, lr=0.1):
            super().__init__()
            self.save_hyperparameters()
            self.dense = keras.layers.Dense(10)

        def forward(self, X):
            return self.dense(ops.reshape(X, (int(X.shape[0]), -1)))

    model, trainer = Reshaped(), quiet()
    data = nin.Digits(limit=64)
    trainer.fit(model, data)
    assert trainer.history["loss"][-1] < trainer.history["loss"][0]
    assert model.run_eagerly == (keras.backend.backend() == "tensorflow")
    assert is_compilable(nin.NiN(preset="mnist"), data.train_dataloader())


def test_a_second_fit_draws_curves_of_its_own(line):
    model, trainer = Stepped(lr=0.1), quiet(2)
    trainer.fit(model, line)
    first = trainer.board
    trainer.fit(Stepped(lr=0.1), line)
    assert trainer.board is not first
    assert [x for x, _ in trainer.board.points["val_loss"]] == [1, 2]


def test_an_interrupted_training_keeps_what_it_knows(line):
    class Press(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise KeyboardInterrupt

    trainer, model = quiet(5, callbacks=[Press()]), nin.LinearRegression(lr=0.1)
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(model, line)
    assert len(trainer.history["loss"]) == 2
    assert model.trainer is None
    trainer.callbacks = []
    trainer.fit(model, line)  # the cell is run again
    assert len(trainer.history["loss"]) == 5


@pytest.mark.every_backend
def test_clipping_of_ones_own_is_used(line):
    class Stopped(nin.Trainer):
        def clip_gradients(self, grad_clip_val, grads):
            assert grad_clip_val == 0.5
            return [0 * each for each in grads]

    model = nin.LinearRegression(lr=0.1)
    model(line.X[:1])
    before = model.get_weights()[0]
    Stopped(max_epochs=1, gradient_clip_val=0.5, verbose=False).fit(model, line)
    np.testing.assert_array_equal(model.get_weights()[0], before)


def test_it_says_when_the_loop_of_the_book_trains(line, capsys):
    nin.Trainer(max_epochs=1).fit(Stepped(lr=0.1), line)
    assert "without the health watch: a hook has been replaced" in capsys.readouterr().err


def test_the_board_is_filled_in_a_script_too(line):
    model, trainer = nin.LinearRegression(lr=0.1), quiet(2)
    trainer.fit(model, line)
    last = model.board.data["val_loss"][-1]
    assert (last.x, last.y) == (2, pytest.approx(trainer.history["val_loss"][-1]))


@pytest.mark.every_backend
@pytest.mark.parametrize(
    "make",
    [
        lambda: {"optimizer": keras.optimizers.SGD(0.05, loss_scale_factor=128.0)},
        lambda: {"penalty": keras.regularizers.L2(0.5)},
        lambda: {"activity": keras.regularizers.L2(0.5)},
    ],
)
def test_a_scaled_loss_and_penalties_count_alike_in_both_loops(line, make):
    class Passing(nin.Trainer):
        def prepare_batch(self, batch):
            return super().prepare_batch(batch)

    class Penalised(nin.Module):
        def __init__(self, optimizer=None, penalty=None, activity=None):
            super().__init__()
            self.own = optimizer or keras.optimizers.SGD(0.05)
            self.net = keras.layers.Dense(
                1, kernel_regularizer=penalty, activity_regularizer=activity
            )

        def loss(self, Y_hat, Y, averaged=True):
            losses = ops.square(Y_hat - Y)
            return ops.mean(losses) if averaged else losses

        def configure_optimizers(self):
            return self.own

    found = []
    for kind in (nin.Trainer, Passing):
        keras.utils.set_random_seed(3)
        model = Penalised(**make())
        trainer = kind(max_epochs=1, verbose=False)
        trainer.fit(model, line)
        found.append((model.get_weights()[0], trainer.history["val_loss"][0]))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-4)
    assert found[0][1] == pytest.approx(found[1][1], rel=1e-3)


def test_an_optimizer_of_ones_own_gets_all_weights_at_once(line):
    sizes = []

    class Own(nin.SGD):
        def apply_gradients(self, grads_and_vars):
            pairs = list(grads_and_vars)
            sizes.append(len(pairs))
            super().apply_gradients(pairs)

    class Model(Stepped):
        def configure_optimizers(self):
            return Own(self.lr)

    quiet(1).fit(Model(lr=0.1), line)
    assert set(sizes) == {2}


def test_a_loader_whose_length_is_not_known(line):
    class Unknown:
        def __len__(self):
            raise TypeError("The dataset length is unknown.")

        def __iter__(self):
            yield line.X, line.y

    class Own(nin.DataModule):
        def get_dataloader(self, train):
            return Unknown()

    with pytest.raises(DataError, match="has no length"):
        quiet().fit(nin.LinearRegression(lr=0.1), Own())


@pytest.mark.every_backend
@pytest.mark.filterwarnings("ignore:Gradients do not exist")
def test_clipping_of_ones_own_is_of_the_loss_itself(line):
    class Own(nin.Trainer):
        def clip_gradients(self, grad_clip_val, grads):
            assert all(each is not None for each in grads)
            return super().clip_gradients(grad_clip_val, grads)

    class Spare(nin.LinearRegression):
        def __init__(self, lr):
            super().__init__(lr)
            self.unused = keras.Variable([1.0], name="unused")

    found = []
    for factor in (None, 128.0):
        keras.utils.set_random_seed(3)
        model = Spare(lr=0.05)
        model(line.X[:1])
        optimizer = keras.optimizers.SGD(0.05, loss_scale_factor=factor)
        Own(1, gradient_clip_val=0.5, optimizer=optimizer, verbose=False).fit(model, line)
        found.append(keras.ops.convert_to_numpy(model.net.kernel))
    np.testing.assert_allclose(*found, rtol=1e-4)


def test_an_epoch_that_was_interrupted_is_not_counted(line):
    losses, fails = [], [True]

    class Failing(nin.LinearRegression):
        def training_step(self, batch):
            loss = super().training_step(batch)
            losses.append(float(loss))
            return loss

        def validation_step(self, batch):
            if fails:
                raise RuntimeError("not yet")
            return super().validation_step(batch)

    model, trainer = Failing(lr=0.1), quiet(1)
    with pytest.raises(RuntimeError, match="not yet"):
        trainer.fit(model, line)
    fails.clear()
    first = len(losses)
    trainer.fit(model, line)
    sizes = [len(labels) for _, labels in line.train_dataloader()]
    expected = np.average(losses[first:], weights=sizes)
    assert trainer.history["loss"] == [pytest.approx(expected, rel=1e-5)]


def test_a_loss_with_one_entry_is_drawn(line):
    class Listed(Stepped):
        def training_step(self, batch):
            loss = ops.reshape(self.loss(self(*batch[:-1]), batch[-1]), (1,))
            self.plot("loss", loss, train=True)
            return ops.mean(loss)

    trainer = quiet(1)
    trainer.fit(Listed(lr=0.1), line)
    assert np.isfinite(trainer.history["loss"]).all()


def test_a_loop_of_ones_own_leaves_no_mode_behind(line):
    class Books(nin.Trainer):
        def fit_epoch(self):
            self.model.training = True

    model = nin.LinearRegression(lr=0.1)
    Books(max_epochs=1, verbose=False).fit(model, line)
    assert model.training is False


def test_images_of_an_unknown_loader_are_counted():
    loader = [(np.zeros((32, 2)), np.zeros(32))] * 3
    assert Loaders(loader, None).num_samples == 96
