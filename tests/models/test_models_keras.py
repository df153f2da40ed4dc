"""Networks under Keras's own hands: summary, compile, fit, evaluate, predict."""

import keras
import numpy as np
import pytest

from nin.models import Classifier, LeNet, Module, NiN


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def small(**arguments):
    return NiN(preset="mnist", width=0.05, num_classes=3, dropout=0.0, **arguments)


def cross_entropy(logits, labels):
    logits = np.asarray(logits, np.float64)
    highest = logits.max(1, keepdims=True)
    log_sums = np.log(np.exp(logits - highest).sum(1)) + highest[:, 0]
    return log_sums - logits[np.arange(len(labels)), labels]


@pytest.fixture
def data(images):
    return images(7, (14, 14, 1)), np.array([0, 1, 2, 2, 1, 0, 2])


class Line(Module):
    """One number in, one out; the loss is a parabola."""

    def __init__(self, lr=0.1, penalty=None):
        super().__init__()
        self.save_hyperparameters()
        self.net = keras.Sequential(
            [
                keras.layers.Dense(
                    1,
                    use_bias=False,
                    kernel_initializer="ones",
                    kernel_regularizer=penalty and keras.regularizers.L2(penalty),
                )
            ]
        )

    def loss(self, Y_hat, Y, averaged=True):
        losses = keras.ops.square(Y_hat - Y)[:, 0]
        return keras.ops.mean(losses) if averaged else losses


ONES, THREES = np.ones((4, 1), "float32"), np.full((4, 1), 3, "float32")


@pytest.mark.every_backend
def test_own_loss_is_what_training_minimises():
    model = Line()
    model.compile(optimizer=model.configure_optimizers())
    history = model.fit(ONES, THREES, batch_size=4, epochs=1, verbose=0).history
    assert history == {"loss": [4.0]}
    # d/dw (w - 3)² = -4 at w = 1, and the learning rate is 0.1.
    np.testing.assert_allclose(numbers(model.net.layers[0].kernel), [[1.4]], rtol=1e-6)


@pytest.mark.every_backend
def test_regularisers_count_in_the_loss():
    model = Line(penalty=0.5)
    model.compile(optimizer=model.configure_optimizers())
    assert model.evaluate(ONES, THREES, verbose=0) == pytest.approx(4.5)
    history = model.fit(ONES, THREES, batch_size=4, epochs=1, verbose=0).history
    assert history["loss"] == [pytest.approx(4.5)]
    # d/dw ((w - 3)² + w²/2) = -3 at w = 1.
    np.testing.assert_allclose(numbers(model.net.layers[0].kernel), [[1.3]], rtol=1e-6)


@pytest.mark.every_backend
def test_sample_weights_weigh_the_own_loss():
    weights = np.array([0, 0, 1, 3], "float32")
    targets = np.array([[9], [9], [3], [2]], "float32")
    model = Line()
    model.compile(optimizer=model.configure_optimizers())
    history = model.fit(ONES, targets, sample_weight=weights, batch_size=4, verbose=0).history
    assert history["loss"] == [pytest.approx((1 * 4 + 3 * 1) / 4)]
    # The mean of weight · 2 · (w - y) is (1·(-4) + 3·(-2)) / 4 = -2.5 at w = 1.
    np.testing.assert_allclose(numbers(model.net.layers[0].kernel), [[1.25]], rtol=1e-6)


@pytest.mark.slow
def test_sample_weights_mean_what_they_mean_to_keras(data):
    x, y = data
    weights = np.linspace(0.1, 2, len(y)).astype("float32")
    model = small()
    model.compile()
    own = model.evaluate(x, y, sample_weight=weights, verbose=0)
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    given = model.evaluate(x, y, sample_weight=weights, verbose=0)
    expected = (cross_entropy(model.predict(x, verbose=0), y) * weights).mean()
    assert own == pytest.approx(expected, rel=1e-5)
    assert given == pytest.approx(expected, rel=1e-5)


@pytest.mark.slow
def test_loss_given_to_compile_goes_before_the_own(data):
    x, y = data

    def constant(_, y_pred):
        return 0 * y_pred[:, 0] + 7

    model = small()
    model.compile(optimizer="sgd", loss=constant)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(7)
    model.compile(optimizer="sgd")
    own = cross_entropy(model.predict(x, verbose=0), y).mean()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(own, rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("loss", [None, "mse"])
def test_loss_remains_the_method(data, loss):
    x, y = data
    model = Line() if loss else small()
    x, y = (ONES, THREES) if loss else (x, y)
    before = model.loss
    model.compile(optimizer="sgd", loss=loss)
    assert model.loss == before
    model.fit(x, y, verbose=0)
    assert model.loss == before
    assert np.isfinite(numbers(model.loss(model(x), y)))


@pytest.mark.every_backend
@pytest.mark.parametrize("column", [False, True])
def test_loss_and_accuracy_of_a_classifier_against_numpy(column):
    logits = np.random.default_rng(3).normal(0, 3, (6, 4)).astype("float32")
    labels = np.array([0, 3, 1, 2, 3, 0])
    given = labels[:, None] if column else labels
    model = Classifier()
    expected = cross_entropy(logits, labels)
    got = numbers(model.loss(logits, given, averaged=False))
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    assert float(model.loss(logits, given)) == pytest.approx(expected.mean(), rel=1e-5)
    right = logits.argmax(1) == labels
    assert 0 < right.sum() < 6
    np.testing.assert_array_equal(numbers(model.accuracy(logits, given, averaged=False)), right)
    assert float(model.accuracy(logits, given)) == pytest.approx(right.mean())


@pytest.mark.slow
def test_evaluate_counts_every_image_once(data):
    x, y = data
    model = small()
    model.compile(metrics=["accuracy"])
    loss, accuracy = model.evaluate(x, y, batch_size=3, verbose=0)
    logits = model.predict(x, batch_size=2, verbose=0)
    assert logits.shape == (7, 3)
    assert logits.dtype == "float32"
    assert loss == pytest.approx(cross_entropy(logits, y).mean(), rel=1e-5)
    assert accuracy == pytest.approx((logits.argmax(1) == y).mean())


@pytest.mark.slow
def test_fit_reports_what_keras_always_reports(data):
    x, y = data
    model = small()
    model.compile(optimizer="adam", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=4, epochs=2, validation_data=(x, y), verbose=0).history
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert all(len(values) == 2 for values in history.values())


def test_dropout_is_on_in_fit_and_off_elsewhere(images):
    x = images(4, (14, 14, 1))
    model = NiN(preset="mnist", width=0.2, num_classes=3)
    model.build((None, 14, 14, 1))
    *_, kernel, bias = model.trainable_weights
    kernel.assign(keras.ops.abs(kernel))
    bias.assign([0.1, 0.2, 0.3])  # No class is dead: dropout shows.
    np.testing.assert_array_equal(numbers(model(x)), numbers(model(x)))
    assert not np.array_equal(numbers(model(x, training=True)), numbers(model(x, training=True)))
    batch = (x, np.zeros(4, "int32"))
    assert float(model.training_step(batch)) != float(model.training_step(batch))
    assert float(model.validation_step(batch)) == float(model.validation_step(batch))


def test_steps_of_a_loop_by_hand_give_the_loss(data):
    x, y = data
    model = small()
    expected = cross_entropy(numbers(model(x)), y).mean()
    assert float(model.training_step((x, y))) == pytest.approx(expected, rel=1e-5)
    assert float(model.validation_step((x, y))) == pytest.approx(expected, rel=1e-5)


def test_summary_counts_the_weights():
    lines = []
    model = LeNet()
    model.build((None, 28, 28, 1))
    model.summary(print_fn=lines.append)
    assert "61,706" in "\n".join(map(str, lines))


@pytest.mark.every_backend
def test_optimiser_is_plain_sgd_at_the_learning_rate():
    optimizer = small(lr=0.25).configure_optimizers()
    assert isinstance(optimizer, keras.optimizers.SGD)
    assert float(optimizer.learning_rate) == 0.25
    assert optimizer.momentum == 0
    assert optimizer.weight_decay is None
    assert float(LeNet().configure_optimizers().learning_rate) == pytest.approx(0.1)


@pytest.mark.every_backend
def test_what_a_subclass_forgot_is_named():
    class Forgetful(Classifier):
        pass

    class Lossless(Module):
        pass

    with pytest.raises(AttributeError, match=r"^Forgetful has no learning rate: set self\.lr"):
        Forgetful().configure_optimizers()
    with pytest.raises(NotImplementedError, match=r"^Lossless needs a method loss"):
        Lossless().loss(1, 2)


@pytest.mark.every_backend
def test_forward_may_be_written_by_hand():
    class Doubling(Module):
        def forward(self, X):
            return 2 * X

    np.testing.assert_array_equal(numbers(Doubling()(ONES)), 2 * ONES)
