"""The book's cells, and the faults of the book's package that must not come back."""

from __future__ import annotations

import math
from itertools import chain

import keras
import numpy as np
import pytest

import nin
from nin.data import Batches, ImageData, Split
from nin.errors import BackendError, InputSizeError, NinError
from nin.training.calibration import calibration_batch

pytestmark = pytest.mark.slow


class Toy(ImageData):
    """Four classes that differ in which quarter of the image is bright."""

    def __init__(self, n=60, batch_size=16, **arguments):
        super().__init__("toy", tuple("abcd"), (8, 8, 1), batch_size, **arguments)
        self.n = n

    def load(self, part):
        rng = np.random.default_rng(0 if part == "train" else 1)
        labels = np.arange(self.n, dtype=np.int32) % 4
        images = rng.integers(0, 60, (self.n, 8, 8, 1))
        for image, label in zip(images, labels, strict=True):
            row, column = divmod(int(label), 2)
            image[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] += 180
        return {part: Split(images.astype(np.uint8), labels)}


class Small(nin.Classifier):
    """A NiN small enough for every test."""

    def __init__(self, lr=0.1, num_classes=4, dropout=0.0):
        super().__init__()
        self.save_hyperparameters()
        self.net = keras.Sequential(
            [
                nin.nin_block(8, 3, 2, "same"),
                keras.layers.Dropout(dropout),
                nin.nin_block(num_classes, 3, 1, "same"),
                keras.layers.GlobalAveragePooling2D(),
                keras.layers.Flatten(),
            ]
        )


def quiet(epochs=1, **arguments):
    return nin.Trainer(max_epochs=epochs, verbose=False, **arguments)


def test_a_model_is_prepared_once_and_from_one_calibration_batch(monkeypatch):
    taken, compiled = [], []
    take, compile_model = calibration_batch, nin.Trainer.compile_model
    monkeypatch.setattr(
        "nin.training.trainer.calibration_batch", lambda data: taken.append(data) or take(data)
    )
    monkeypatch.setattr(
        nin.Trainer,
        "compile_model",
        lambda self, model: compiled.append(model) or compile_model(self, model),
    )
    trainer, model, data = quiet(), Small(), Toy()
    trainer.prepare_model(model, data)
    trainer.fit(model, data)
    assert (len(taken), len(compiled)) == (1, 1)
    trainer.fit(model, data)
    assert (len(taken), len(compiled)) == (2, 2)


def test_its_optimizer_is_for_each_model_anew():
    keras.utils.set_random_seed(0)
    trainer = quiet(optimizer=keras.optimizers.Adam(0.003))
    one, other, data = Small(), Small(), Toy()
    trainer.fit(one, data)
    trainer.fit(one, data)
    assert int(one.optimizer.iterations) == 8, "it goes on"
    trainer.fit(other, data)
    assert int(other.optimizer.iterations) == 4
    assert other.optimizer.learning_rate == one.optimizer.learning_rate


@pytest.mark.every_backend
def test_stopped_in_its_first_step_it_can_be_trained():
    class Stopping(keras.layers.Layer):
        stops = True

        def call(self, X, training=None):
            if training and self.stops:
                raise KeyboardInterrupt
            return X

    model, stopping = Small(), Stopping()
    model.net.add(stopping)
    trainer = quiet()
    with pytest.raises(KeyboardInterrupt):
        trainer.fit(model, Toy())
    stopping.stops = False
    trainer.fit(model, Toy())
    assert len(trainer.history["loss"]) == 1


def test_what_a_network_lacks_is_named_as_its_own_class_names_it():
    with pytest.raises(NinError, match=r"3 outputs, and .* 4 classes: make it with num_outputs=4$"):
        quiet().fit(nin.SoftmaxRegression(num_outputs=3, lr=0.1), Toy())


def test_a_training_step_may_report_what_it_likes():
    class Own(Small):
        def train_step(self, data):
            return {"my_loss": super().train_step(data)["loss"]}

    trainer = nin.Trainer(max_epochs=1)
    trainer.fit(Own(), Toy())
    assert trainer.health.findings == []
    assert trainer.history["my_loss"]


@pytest.mark.every_backend
def test_it_learns():
    keras.utils.set_random_seed(0)
    trainer, model = quiet(15), Small()
    trainer.fit(model, Toy(n=120))
    assert trainer.history["val_accuracy"][-1] > 0.9
    assert trainer.history["accuracy"][-1] > 0.9
    assert all(rate > 0 for rate in trainer.history["images_per_second"])


@pytest.mark.every_backend
def test_dropout_and_batch_norm_are_in_training_mode():
    seen = []

    class Spy(keras.layers.Layer):
        def call(self, x, training=None):
            seen.append(training)
            return x

    class Net(Small):
        def __init__(self):
            super().__init__()
            first, *others = self.net.layers
            self.norm = keras.layers.BatchNormalization()
            self.net = keras.Sequential([first, self.norm, Spy(), *others])

    model = Net()
    quiet().fit(model, Toy())
    assert True in seen  # while training
    assert False in seen or None in seen  # while validating
    assert np.any(keras.ops.convert_to_numpy(model.norm.moving_mean))


@pytest.mark.every_backend
def test_dropout_acts_only_while_training():
    x = np.random.default_rng(0).random((4, 8, 8, 1), dtype="float32")
    model = Small(dropout=0.5)
    once, again = (keras.ops.convert_to_numpy(model(x, training=False)) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    wet, other = (keras.ops.convert_to_numpy(model.net.layers[1](x, training=True)) for _ in "ab")
    assert not np.array_equal(wet, other)


@pytest.mark.every_backend
def test_means_are_exact_over_a_short_last_batch():
    model = Small()
    trainer = quiet(initialize=False)
    data = Toy(n=37)  # 16 + 16 + 5
    trainer.fit(model, data)
    result = nin.evaluate(model, data.test, data.classes)
    assert trainer.history["val_loss"][0] == pytest.approx(result.loss, rel=1e-5)
    assert trainer.history["val_accuracy"][0] == pytest.approx(result.accuracy)


def test_samples_are_shuffled_not_batches(monkeypatch):
    served = {}
    serve = Batches.__getitem__

    def watched(loader, index):
        images, labels = serve(loader, index)
        if loader.shuffle:
            served.setdefault(loader.epoch, {})[index] = [image.tobytes() for image in images]
        return images, labels

    monkeypatch.setattr(Batches, "__getitem__", watched)
    quiet(3).fit(Small(), Toy(n=32, batch_size=8))
    first, second = (served[epoch] for epoch in sorted(served)[-2:])
    everything = [set(chain.from_iterable(batches.values())) for batches in (first, second)]
    assert everything[0] == everything[1]
    assert len(everything[0]) == 32
    together = [{frozenset(batch) for batch in batches.values()} for batches in (first, second)]
    assert not together[0] & together[1]


@pytest.mark.every_backend
def test_loss_is_the_method_and_is_what_is_minimised():
    class Shifted(Small):
        def loss(self, Y_hat, Y, averaged=True):
            return super().loss(Y_hat, Y, averaged) + 100.0

    model, trainer = Shifted(), quiet()
    trainer.fit(model, Toy())
    assert 100 < trainer.history["loss"][0] < 104
    assert 100 < trainer.history["val_loss"][0] < 104
    logits = model(np.zeros((2, 8, 8, 1), np.uint8))
    loss = model.loss(logits, np.array([0, 1]))
    assert keras.ops.convert_to_numpy(loss) > 100


def test_configure_optimizers_is_asked():
    class Adam(Small):
        def configure_optimizers(self):
            return keras.optimizers.Adam(self.lr)

    model = Adam(lr=0.02)
    quiet(gradient_clip_val=1.5).fit(model, Toy())
    assert isinstance(model.optimizer, keras.optimizers.Adam)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)
    assert model.optimizer.global_clipnorm == 1.5


@pytest.mark.every_backend
def test_labels_that_are_shares_are_refused_by_a_loss_of_numbers_and_taken_by_others():
    class Numbers(Small):
        def loss(self, Y_hat, Y, averaged=True):
            losses = keras.losses.sparse_categorical_crossentropy(Y, Y_hat, from_logits=True)
            return keras.ops.mean(losses) if averaged else losses

    data = nin.Digits(limit=32, augmentation=nin.Augmentation(mixup=0.3, label_smoothing=0.1))
    with pytest.raises(NinError, match=r"Numbers\.loss takes labels as numbers.*mixup"):
        quiet().fit(Numbers(num_classes=10), data)
    trainer = quiet()
    trainer.fit(Small(num_classes=10), data)
    assert 0 <= trainer.history["accuracy"][-1] <= 1
    assert data.visualize(next(iter(data.train_dataloader()))) is not None


@pytest.mark.every_backend
def test_steps_can_be_called_by_hand():
    model = Small()
    images, labels = next(iter(Toy().train_dataloader()))
    loss = keras.ops.convert_to_numpy(model.training_step((images, labels)))
    other = keras.ops.convert_to_numpy(model.validation_step((images, labels)))
    assert loss == pytest.approx(other)
    assert 0 < loss < 5


@pytest.mark.every_backend
def test_the_model_takes_stored_images_and_resizes_inside():
    data = Toy(resize=(12, 12))
    model = Small()
    quiet().fit(model, data)
    assert model.preprocessing.size == (12, 12)
    mean, std = data.statistics()
    assert model.preprocessing.mean == pytest.approx(mean)
    assert model.preprocessing.std == pytest.approx(std)
    assert model.predict(data.test.images, verbose=0).shape == (60, 4)


@pytest.mark.every_backend
def test_start_false_leaves_keras_weights_and_plain_scaling():
    keras.utils.set_random_seed(3)
    untouched = Small()
    untouched.build((None, 8, 8, 1))
    keras.utils.set_random_seed(3)
    model = Small()
    quiet(initialize=False).prepare_model(model, Toy())
    for ours, keras_own in zip(model.get_weights(), untouched.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, keras_own)
    assert model.preprocessing.mean == (0.0,)


def test_a_trained_model_keeps_its_weights():
    model, data = Small(), Toy()
    quiet(2).fit(model, data)
    before = model.get_weights()
    quiet().prepare_model(model, data)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_it_says_in_one_line_what_it_changes(capsys):
    nin.Trainer(max_epochs=1).fit(Small(), Toy())
    out, err = capsys.readouterr()
    assert out == ""
    first, *others = err.strip().splitlines()
    assert "standardised" in first
    assert "initial weights" in first
    assert "initialize=False" in first
    assert len(others) == 1
    assert others[0].startswith("epoch 1/1  loss")
    assert "Figure" not in err


def test_readers_own_data_module():
    class Own(nin.DataModule):
        def __init__(self):
            super().__init__()
            self.batch_size = 8
            rng = np.random.default_rng(0)
            self.X = rng.random((20, 8, 8, 1), dtype="float32")
            self.y = rng.integers(0, 4, 20).astype("int32")

        def get_dataloader(self, train):
            return self.get_tensorloader((self.X, self.y), train)

    trainer, model = quiet(2), Small()
    trainer.fit(model, Own())
    assert len(trainer.history["loss"]) == 2


@pytest.mark.every_backend
def test_more_gpus_than_there_are():
    with pytest.raises(BackendError, match=r"num_gpus=64.*one GPU: num_gpus=1"):
        nin.Trainer(max_epochs=1, num_gpus=64)


@pytest.mark.every_backend
def test_one_gpu_is_used_where_there_is_one(capsys):
    trainer = nin.Trainer(max_epochs=1, num_gpus=1)
    trainer.fit(Small(), Toy())
    note = "num_gpus=1, but there is no GPU here: training without one"
    assert (note in capsys.readouterr().err) == (nin.num_gpus() == 0)


@pytest.mark.every_backend
def test_try_gpu_trains():
    with nin.try_gpu():
        model = Small()
        quiet().fit(model, Toy())
    assert math.isfinite(sum(float(np.sum(w)) for w in model.get_weights()))


def test_unbalanced_classes_are_said(capsys):
    class Lopsided(Toy):
        def load(self, part):
            images, labels = super().load(part)[part]
            keep = (labels != 3) | (np.arange(len(labels)) < 8)
            return {part: Split(images[keep], labels[keep])}

    nin.Trainer(max_epochs=1).fit(Small(), Lopsided())
    assert "'a' has 15 training images and 'd' only 2" in capsys.readouterr().err


def test_a_forward_that_keeps_it_from_preparing_is_named(capsys):
    class Passing(Small):
        def forward(self, X):
            return self.net(X)

    trainer = nin.Trainer(max_epochs=1)
    trainer.fit(Passing(), Toy())
    assert capsys.readouterr().err.startswith("Passing has a forward of its own")
    assert not trainer.health.initialized


@pytest.mark.every_backend
def test_blocks_that_are_layers_of_ones_own():
    class Block(keras.layers.Layer):
        def __init__(self, channels):
            super().__init__()
            self.conv = keras.layers.Conv2D(channels, 3, activation="relu")

        def call(self, x):
            return self.conv(x)

    class Own(nin.Classifier):
        def __init__(self, lr=0.1):
            super().__init__()
            self.save_hyperparameters()
            average = keras.layers.GlobalAveragePooling2D()
            self.net = keras.Sequential([Block(8), Block(4), average])

    quiet().fit(Own(), Toy())


def test_a_refused_fit_leaves_nothing_for_the_next():
    trainer = quiet()
    with pytest.raises(InputSizeError):
        trainer.fit(nin.NiN(num_classes=4), Toy())
    colours = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8)
    trainer.fit(Small(), (colours, np.arange(40) % 4))


def test_more_outputs_than_classes_will_do_and_fewer_will_not():
    quiet().fit(Small(num_classes=6), Toy())
    with pytest.raises(NinError, match=r"3 outputs.* of 4 classes"):
        quiet(initialize=False).fit(Small(num_classes=3), Toy())


@pytest.mark.parametrize("initialize", [True, False])
def test_outputs_are_counted_whatever_the_class_says_of_them(initialize):
    class Lying(nin.Classifier):
        def __init__(self, num_classes, lr=0.1):
            super().__init__()
            self.save_hyperparameters()
            self.net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(3)])

    for claimed in (4, None):
        with pytest.raises(NinError, match=r"3 outputs.* of 4 classes"):
            quiet(initialize=initialize).fit(Lying(claimed), Toy())
    table = [nin.Stage((4,), 3), nin.Stage((3,), 3)]
    with pytest.raises(NinError, match=r"3 outputs.* of 4 classes"):
        quiet(initialize=initialize).fit(nin.NiN(num_classes=4, stages=table, lr=0.1), Toy())


def test_labels_may_be_shares_of_fewer_classes_than_there_are_outputs():
    smoothed = nin.Augmentation(label_smoothing=0.2)
    quiet().fit(Small(num_classes=6), Toy(augmentation=smoothed))


def test_a_callback_hears_once_of_a_training_that_goes_on_within_an_epoch():
    heard = []

    class Listens(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            heard.append("begin")

        def on_epoch_end(self, epoch, logs=None):
            heard.append(epoch)

        def on_train_end(self, logs=None):
            heard.append("end")

    trainer = quiet(3, callbacks=[Listens(), keras.callbacks.History()])
    trainer.fit(Small(), Toy(), initial_epoch=0, initial_batch=2)
    assert heard == ["begin", 0, 1, 2, "end"]
    assert len(trainer.history["loss"]) == 3
    heard.clear()

    class Stops(Listens):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    quiet(3, callbacks=[Stops()]).fit(Small(), Toy(), initial_epoch=0, initial_batch=2)
    assert heard == ["begin", "end"]


@pytest.mark.parametrize("initialize", [True, False])
def test_how_trained_weights_see_images_stays_as_it_was_said(initialize):
    class Trained(nin.Classifier):
        def __init__(self, lr=0.1):
            super().__init__()
            self.save_hyperparameters()
            layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(4)]
            self.net = keras.Sequential(layers)

    model = Trained()
    model.preprocessing.configure(None, (0.5,), (0.25,))
    quiet(initialize=initialize).fit(model, Toy())
    assert (model.preprocessing.mean, model.preprocessing.std) == ((0.5,), (0.25,))


def test_a_loss_of_ones_own_may_take_fewer_outputs_and_classes_may_be_unknown():
    class Own(Small):
        def loss(self, Y_hat, Y, averaged=True):
            losses = keras.ops.square(Y_hat[:, 0] - keras.ops.cast(Y, "float32"))
            return keras.ops.mean(losses) if averaged else losses

    quiet(initialize=False).fit(Own(num_classes=1), Toy())

    class Unnamed(nin.DataModule):
        def __init__(self, classes=None, batch_size=16):
            super().__init__()
            self.save_hyperparameters()

        def get_dataloader(self, train):
            return self.get_tensorloader((Toy().train.images, Toy().train.labels), train)

    quiet(initialize=False).fit(Small(), Unnamed())


def test_a_scaled_loss_is_clipped_too():
    class Scaled(Small):
        def configure_optimizers(self):
            return keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(self.lr))

    model = Scaled()
    quiet(gradient_clip_val=1.5).fit(model, Toy())
    assert model.optimizer.inner_optimizer.global_clipnorm == 1.5


def test_clipping_twice_is_refused():
    optimizer = keras.optimizers.SGD(0.1, clipnorm=50.0)
    with pytest.raises(NinError, match="gradient_clip_val has no effect"):
        quiet(gradient_clip_val=1.0, optimizer=optimizer).fit(Small(), Toy())


def test_without_initialize_images_are_seen_as_was_said():
    model = Small()
    model.preprocessing.configure(None, (0.5,), (0.25,))
    quiet(initialize=False).fit(model, Toy())
    assert (model.preprocessing.mean, model.preprocessing.std) == ((0.5,), (0.25,))


def test_what_a_reader_calls_augmentation_is_his_own():
    class Own(nin.DataModule):
        def __init__(self, batch_size=16, augmentation=True, classes=10):
            super().__init__()
            self.save_hyperparameters()

        def get_dataloader(self, train):
            return self.get_tensorloader((Toy().train.images, Toy().train.labels), train)

    quiet().fit(Small(), Own())


def test_the_name_of_a_class_may_hold_any_letter():
    kind = type("Réseau", (Small,), {})
    quiet().fit(kind(), Toy())
    assert kind().name == "rseau"


def test_a_loss_that_ignores_weights_is_refused():
    class Averaged(nin.LeNet):
        def loss(self, Y_hat, Y, averaged=True):
            return super().loss(Y_hat, Y)

    with pytest.raises(NinError, match="one loss per sample"):
        quiet().fit(Averaged(), nin.Digits(limit=64, resize=(28, 28), balance="weights"))


def test_images_are_seen_as_the_data_says_after_an_init():
    data, model = nin.Digits(limit=64, resize=(28, 28)), nin.NiN(preset="mnist", width=0.1)
    model.apply_init([data.train.images[:1]], lambda _: None)
    quiet().fit(model, data)
    assert model.preprocessing.size == (28, 28)


def test_a_call_of_ones_own_is_told(capsys):
    class Mine(Small):
        def call(self, X, training=None):
            return self.net(self.preprocessing(X), training=training)

    trainer = nin.Trainer(max_epochs=1)
    trainer.fit(Mine(), Toy())
    assert "Mine has a call of its own" in " ".join(capsys.readouterr().err.split())
    assert not trainer.health.initialized
