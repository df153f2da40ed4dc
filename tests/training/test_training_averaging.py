"""Averages of the weights: what is evaluated, saved and recorded; that training goes on without."""

import keras
import numpy as np
import pytest
from safetensors.numpy import load_file

import nin
from nin.errors import RunError
from nin.models import Classifier
from nin.training.averaging import averaged_variables

pytestmark = pytest.mark.every_backend

MOMENTUM = 0.7


def number(variable):
    return keras.ops.convert_to_numpy(variable.value)


class Linear(Classifier):
    """The smallest classifier there is."""

    def __init__(self, lr=0.5, num_classes=10):
        super().__init__()
        self.save_hyperparameters()
        self.net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(num_classes)])

    def configure_optimizers(self):
        return keras.optimizers.SGD(self.lr, use_ema=True, ema_momentum=MOMENTUM)


class ByHand(keras.callbacks.Callback):
    """Averages weights after every step, and asks about the validation images after an epoch."""

    def __init__(self, images, labels):
        super().__init__()
        self.images, self.labels = images, labels
        self.mean = None
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        nin.backends.current().sync(self.model)
        now = [number(variable) for variable in self.model.trainable_variables]
        if self.mean is None:
            self.mean = now
        self.mean = [MOMENTUM * a + (1 - MOMENTUM) * b for a, b in zip(self.mean, now, strict=True)]

    def on_epoch_end(self, epoch, logs=None):
        kernel, bias = self.mean
        logits = self.images.reshape(len(self.images), -1) @ kernel + bias
        losses = np.log(np.exp(logits).sum(axis=1)) - logits[range(len(logits)), self.labels]
        self.losses.append(losses.mean())


@pytest.mark.slow
def test_the_averages_are_validated_and_are_what_is_left_in_the_end():
    data = nin.Digits(limit=96, batch_size=16)
    images, labels = data.test.images / 255, data.test.labels
    watch = ByHand(images.astype(np.float32), labels)
    trainer = nin.Trainer(3, initialize=False, callbacks=[watch], verbose=False)
    model = Linear()
    trainer.fit(model, data)
    np.testing.assert_allclose(trainer.history["val_loss"], watch.losses, rtol=1e-4)
    for variable, mean in zip(model.trainable_variables, watch.mean, strict=True):
        np.testing.assert_allclose(number(variable), mean, rtol=1e-4, atol=1e-6)


class Peek(keras.callbacks.Callback):
    """Asks the run for its network before the first epoch and before the second."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 0:
            with pytest.raises(RunError) as caught:
                nin.load(self.path).evaluate()
            self.said = str(caught.value)
        else:
            self.n = nin.load(self.path).evaluate().n


@pytest.mark.slow
@pytest.mark.usefixtures("tiny")
def test_record_and_kept_weights_are_those_of_the_averages(tmp_path):
    recipe = nin.RECIPES["digits"].revised(
        epochs=2,
        limit=96,
        batch_size=16,
        width=0.1,
        image_size=8,
        precision="float32",
        ema_momentum=MOMENTUM,
    )
    peek = Peek(tmp_path / "run")
    run = nin.train(recipe, tmp_path / "run", callbacks=[peek])
    assert "its first epoch has not ended" in peek.said
    assert peek.n == 359, "the best network so far predicts while training goes on"
    row = run.metrics()[run.record["result"]["epoch"] - 1]
    held = run.images.open().validation_split
    assert nin.evaluate(nin.load(run.path).model, held, run.classes).loss == pytest.approx(
        row["val_loss"], rel=1e-4
    )
    assert run.evaluate().loss == pytest.approx(run.record["result"]["loss"], rel=1e-4)
    kept, last = load_file(run.weights_path), load_file(run.checkpoint_path)
    means = {name: value for name, value in last.items() if name.startswith("optimizer.")}
    for name, value in kept.items():
        assert not np.array_equal(value, last[name]), "training goes on with the weights themselves"
        assert any(np.array_equal(value, mean) for mean in means.values())


def test_without_averages_there_is_nothing_to_exchange():
    model = Linear()
    model.build((None, 2, 2, 1))
    model.compile(optimizer=keras.optimizers.SGD(0.1))
    assert averaged_variables(model) == []


def test_callbacks_see_and_bring_back_what_was_validated(tmp_path):
    class Back(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.first = self.model.get_weights()

        def on_train_end(self, logs=None):
            self.model.set_weights(self.first)

    data, back, file = nin.Digits(limit=96, batch_size=16), Back(), tmp_path / "b.keras"
    best = keras.callbacks.ModelCheckpoint(file, save_best_only=True)
    trainer = nin.Trainer(2, initialize=False, callbacks=[back, best], verbose=False)
    model = Linear()
    trainer.fit(model, data)
    for now, first in zip(model.get_weights(), back.first, strict=True):
        np.testing.assert_array_equal(now, first)
    saved = keras.saving.load_model(file)
    lowest = min(trainer.history["val_loss"])
    found = nin.evaluate(saved, data.val, data.classes)
    assert found.loss == pytest.approx(lowest, rel=1e-4)


def test_a_scaled_loss_has_averages_too():
    model = Linear()
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5, use_ema=True))
    model.compile(optimizer=optimizer)
    model.build((None, 8, 8, 1))
    optimizer.build(model.trainable_variables)
    assert len(averaged_variables(model)) == len(model.trainable_variables)


def test_an_optimizer_has_its_last_word():
    class Several(Linear):
        def configure_optimizers(self):
            self.inner = keras.optimizers.SGD(self.lr, use_ema=True, ema_momentum=MOMENTUM)
            return keras.optimizers.MultiOptimizer(lambda _: self.inner)

    model = Several()
    nin.Trainer(2, initialize=False, verbose=False).fit(model, nin.Digits(limit=96, batch_size=16))
    found = model.inner._model_variables_moving_average
    for variable, average in zip(model.trainable_variables, found, strict=True):
        np.testing.assert_array_equal(number(variable), number(average))


def test_a_backup_keeps_the_weights_that_training_goes_on_with():
    class Backup(keras.callbacks.BackupAndRestore):
        def _save_model(self):
            self.kept = number(self.model.trainable_variables[0])

    class Last(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            nin.backends.current().sync(self.model)
            self.raw = number(self.model.trainable_variables[0])

    last, backup = Last(), Backup("unused", delete_checkpoint=False)
    trainer = nin.Trainer(1, initialize=False, callbacks=[last, backup], verbose=False)
    trainer.fit(Linear(), nin.Digits(limit=96, batch_size=16))
    np.testing.assert_array_equal(backup.kept, last.raw)
