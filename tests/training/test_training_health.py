"""The health watch names what goes wrong, when it goes wrong, and stops what cannot recover."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import nin
from nin.training import restart
from nin.training.health import FIRST_LOOK, PATIENCE, HealthWatch

pytestmark = pytest.mark.slow

CLASSES = ("ant", "bee", "cat")


def data(n=600):
    rng = np.random.default_rng(0)
    labels = (np.arange(n) % 3).astype("int32")
    images = rng.random((n, 4, 4, 1)).astype("float32") * 0.2
    images[np.arange(n), labels] += 0.7
    return images, labels


def model(bias=0.0, lr=0.1):
    keras.utils.set_random_seed(0)

    class Tiny(nin.Classifier):
        def __init__(self):
            super().__init__()
            self.lr = lr
            self.net = keras.Sequential(
                [
                    keras.layers.Conv2D(3, 4, bias_initializer=keras.initializers.Constant(bias)),
                    keras.layers.Activation("relu"),
                    keras.layers.GlobalAveragePooling2D(),
                ]
            )

    return Tiny()


def watch(net, epochs=4, optimizer=None, labels=None, *, initialized=False):
    images, truth = data()
    truth = truth if labels is None else labels
    reported = []
    health = HealthWatch(images[:60], CLASSES, reported.append, initialized=initialized)
    if not net.built:
        net.build((None, 4, 4, 1))
    net.compile(optimizer or net.configure_optimizers(), jit_compile=False)
    net.fit(images, truth, batch_size=20, epochs=epochs, verbose=0, callbacks=[health])
    assert reported == health.findings
    return health


@pytest.mark.every_backend
def test_a_healthy_training_is_left_in_peace():
    health = watch(model(bias=1.0))
    assert health.findings == []
    assert health.died is None


@pytest.mark.every_backend
def test_dead_for_good_is_stopped_and_said():
    net = model(bias=-100.0)
    health = watch(net, epochs=50)
    assert [finding.kind for finding in health.findings] == ["dead"]
    assert "every gradient is exactly zero" in health.died
    assert "ln 3" in health.died
    assert int(net.optimizer.iterations) <= 4 * FIRST_LOOK


@pytest.mark.every_backend
def test_a_silent_class_is_named():
    net = model(bias=1.0)
    net.build((None, 4, 4, 1))
    net.net.layers[0].bias.assign([1.0, -100.0, 1.0])
    health = watch(net)
    silent = [finding for finding in health.findings if finding.kind == "silent class"]
    assert len(silent) == 1
    assert ": bee;" in silent[0].message


def indifferent():
    net = model(lr=1e-6)
    net.build((None, 4, 4, 1))
    kernel, bias = net.net.layers[0].weights
    kernel.assign(keras.ops.zeros(kernel.shape))
    bias.assign([3.0, 2.0, 1.0])
    return net


def test_predictions_that_are_the_same_again_are_named_at_the_first_look():
    health = watch(indifferent(), initialized=True)
    (finding,) = health.findings
    assert (finding.step, finding.kind) == (FIRST_LOOK, "same answer")
    assert finding.message.endswith(": lower the learning rate")


def test_weights_that_are_not_ours_may_take_their_time():
    health = watch(indifferent(), epochs=6)
    (finding,) = health.findings
    assert (finding.step, finding.kind) == (PATIENCE, "no answer yet")
    assert "begin with Trainer's own initial weights (model.is_fresh = True)" in finding.message
    assert finding.kind not in restart.HOPELESS


def test_a_network_of_one_output_has_no_classes_to_compare():
    class Yes(nin.Classifier):
        def __init__(self):
            super().__init__()
            self.lr = 0.1
            self.net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(1)])

        def loss(self, Y_hat, Y, averaged=True):
            losses = keras.ops.square(Y_hat[:, 0] - keras.ops.cast(Y, "float32"))
            return keras.ops.mean(losses) if averaged else losses

    assert watch(Yes(), initialized=True).findings == []


def test_training_steps_may_report_no_loss():
    class Own(type(model())):
        def train_step(self, data):
            return {"my_loss": super().train_step(data)["loss"]}

    net = Own()
    net.net.layers[0].bias_initializer = keras.initializers.Constant(1.0)
    assert watch(net).died is None


@pytest.mark.every_backend
def test_a_training_of_one_step_is_looked_at_too():
    net = model(bias=-100.0)
    images, labels = data(20)
    health = HealthWatch(images, CLASSES, initialized=True)
    net.build((None, 4, 4, 1))
    net.compile(net.configure_optimizers(), jit_compile=False)
    net.fit(images, labels, batch_size=20, epochs=1, verbose=0, callbacks=[health])
    assert [(finding.step, finding.kind) for finding in health.findings] == [(1, "dead")]
    assert "start" not in health.died, "what is in force already is not recommended"


def test_zero_on_half_of_the_images_is_nearly_dead():
    net = model(lr=0.0)
    net.build((None, 4, 4, 1))
    images = data()[0]
    # Bright images push every map below zero, dark ones leave it above.
    net.net.layers[0].kernel.assign(keras.ops.full((4, 4, 1, 3), -1.0))
    sums = np.sort(images[:60].sum(axis=(1, 2, 3)))
    net.net.layers[0].bias.assign([float(sums[30])] * 3)
    health = watch(net, epochs=1)
    (finding,) = health.findings
    assert finding.kind == "nearly dead"
    assert "zero on 50% of the images" in finding.message or "48%" in finding.message


def test_gradients_may_vanish_where_nothing_is_left_to_learn():
    net = model(lr=1e-12)
    net.build((None, 4, 4, 1))
    labels = np.zeros(600, "int32")
    net.net.layers[0].bias.assign([50.0, 1.0, 1.0])
    assert watch(net, labels=labels).findings == []


def test_a_plateau_is_named():
    net = model(lr=1e-6)
    net.build((None, 4, 4, 1))
    kernel, bias = net.net.layers[0].weights
    kernel.assign(kernel * 0.3)
    bias.assign([1.0, 1.0, 1.0])
    health = watch(net, labels=np.random.default_rng(1).integers(0, 3, 600, "int32"))
    plateau = [finding for finding in health.findings if finding.kind == "plateau"]
    assert len(plateau) == 1
    assert "ln 3 = 1.099" in plateau[0].message
    assert plateau[0].step >= 80


@pytest.mark.every_backend
def test_a_loss_that_is_no_number_is_stopped():
    health = watch(model(bias=float("nan")), epochs=50)
    assert [finding.kind for finding in health.findings] == ["not finite"]
    assert "lower the learning rate" in health.died


@pytest.mark.parametrize(("norm", "advised"), [(None, True), (1.0, False)])
def test_what_is_in_force_is_not_advised(norm, advised):
    optimizer = keras.optimizers.SGD(0.1, global_clipnorm=norm)
    health = watch(model(bias=float("nan")), epochs=2, optimizer=optimizer)
    assert health.died.startswith("a loss or a weight is no longer a finite number")
    assert ("or clip gradients" in health.died) is advised


@pytest.mark.every_backend
def test_weights_that_are_no_numbers_are_seen_even_where_the_loss_hides_them():
    net = model(bias=1.0)
    net.build((None, 4, 4, 1))
    health = HealthWatch(data()[0][:8], CLASSES)
    net.compile(net.configure_optimizers())
    health.set_model(net)
    health.on_train_begin()
    net.net.layers[0].bias.assign([np.nan, 1.0, 1.0])
    if keras.backend.backend() == "jax":
        net.jax_state_sync = lambda: None
    health._look({"loss": 1.0986})
    assert health.findings[0].kind == "not finite"
    assert net.stop_training


@pytest.mark.every_backend
def test_layers_that_do_not_move_are_named():
    health = watch(model(bias=1.0, lr=1e-12))
    vanished = [finding for finding in health.findings if finding.kind == "vanished gradients"]
    assert len(vanished) == 1
    assert "1 of 1 layers" in vanished[0].message
    assert vanished[0].step == FIRST_LOOK


def test_a_learning_rate_that_has_faded_moves_nothing_and_that_is_meant():
    fading = keras.optimizers.schedules.PiecewiseConstantDecay([25], [0.1, 1e-12])
    health = watch(model(bias=1.0), optimizer=keras.optimizers.SGD(fading))
    assert health.findings == []


def test_nor_does_one_that_had_faded_before_the_training_was_resumed():
    fading = keras.optimizers.schedules.PiecewiseConstantDecay([25], [0.1, 1e-12])
    optimizer = keras.optimizers.SGD(fading)
    optimizer.iterations.assign(500)
    assert watch(model(bias=1.0), optimizer=optimizer).findings == []


def test_findings_are_in_step_order_and_said_once():
    health = watch(model(bias=1.0, lr=1e-12), epochs=20)
    kinds = [finding.kind for finding in health.findings]
    assert len(kinds) == len(set(kinds))
    steps = [finding.step for finding in health.findings]
    assert steps == sorted(steps)


def test_parts_of_a_batch_are_no_steps():
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=25)
    assert watch(model(bias=1.0), optimizer=optimizer).findings == []


def test_steps_are_those_of_the_optimiser():
    parts = keras.optimizers.SGD(0.1, gradient_accumulation_steps=4)
    assert watch(model(bias=-100.0), optimizer=parts).findings[0].step == FIRST_LOOK


def test_a_training_that_something_else_ends_is_looked_at():
    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    net, (images, labels) = model(bias=-100.0), data(20)
    health = HealthWatch(images, CLASSES)
    net.build((None, 4, 4, 1))
    net.compile(net.configure_optimizers(), jit_compile=False)
    net.fit(images, labels, batch_size=20, epochs=50, verbose=0, callbacks=[health, Stop()])
    assert [finding.kind for finding in health.findings] == ["dead"]


def test_one_image_says_nothing_of_others():
    net, (images, labels) = model(bias=1.0), data()
    health = HealthWatch(images[:1], CLASSES)
    net.build((None, 4, 4, 1))
    net.compile(net.configure_optimizers(), jit_compile=False)
    net.fit(images, labels, batch_size=20, epochs=1, verbose=0, callbacks=[health])
    assert health.findings == []
