"""The book's first models learn what is known beforehand."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import nin
from nin.errors import BackendError


@pytest.mark.every_backend
@pytest.mark.parametrize("kind", [nin.LinearRegression, nin.LinearRegressionScratch])
def test_the_weights_of_a_line_are_found(kind):
    keras.utils.set_random_seed(0)
    data = nin.SyntheticRegressionData(w=nin.tensor([2, -3.4]), b=4.2, num_val=40)
    model = kind(lr=0.1) if kind is nin.LinearRegression else kind(2, lr=0.1)
    nin.Trainer(max_epochs=3, verbose=False).fit(model, data)
    w, b = model.get_weights()
    np.testing.assert_allclose(w[:, 0], [2, -3.4], atol=0.02)
    np.testing.assert_allclose(b, [4.2], atol=0.02)


@pytest.mark.every_backend
def test_arrays_in_numpys_own_precision_are_trained_on():
    class Line(nin.DataModule):
        def __init__(self):
            super().__init__()
            self.batch_size = 20
            random = np.random.default_rng(0)
            self.X = random.normal(size=(200, 2))
            self.y = self.X @ np.array([[2.0], [-3.4]]) + 4.2

        def get_dataloader(self, train):
            return self.get_tensorloader((self.X, self.y), train)

    model = nin.LinearRegression(lr=0.1)
    nin.Trainer(max_epochs=5, verbose=False).fit(model, Line())
    w, _ = model.get_w_b()
    np.testing.assert_allclose(w[:, 0], [2, -3.4], atol=0.02)


@pytest.mark.parametrize(
    "make", [lambda: nin.LinearRegression(lr=0.1), lambda: nin.LinearRegressionScratch(2, lr=0.1)]
)
def test_it_is_saved_and_loaded_without_custom_objects(make, tmp_path):
    model, X = make(), nin.tensor([[1.0, 2.0]])
    before = nin.numpy(model(X))
    model.save(tmp_path / "line.keras")
    again = keras.saving.load_model(tmp_path / "line.keras")
    assert again.lr == 0.1
    np.testing.assert_array_equal(nin.numpy(again(X)), before)


@pytest.mark.every_backend
@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_a_sample_s_weight_is_for_its_own_loss_alone(shape):
    model = nin.LinearRegressionScratch(1, lr=0.1)
    model.compile("sgd")
    model.set_weights([np.ones((1, 1)), np.zeros(1)])
    x, y, weights = nin.tensor([[2.0], [4.0]]), nin.zeros((2, 1)), nin.tensor([1.0, 0.0])
    weights = keras.ops.reshape(weights, shape)
    loss = model.compute_loss(x, y, model(x), weights)
    assert float(nin.numpy(loss)) == pytest.approx((2 + 0) / 2)


def test_cross_entropy_is_that_of_the_labels():
    y_hat = np.array([[0.1, 0.9], [0.5, 0.5]], np.float32)
    found = float(nin.cross_entropy(y_hat, np.array([1, 0])))
    assert found == pytest.approx(-(np.log(0.9) + np.log(0.5)) / 2, rel=1e-5)


@pytest.mark.skipif(nin.num_gpus() > 0, reason="there is a GPU")
def test_a_gpu_that_is_not_there():
    with pytest.raises(BackendError, match=r"gpu\(0\): there are 0 GPUs here: use try_gpu\(0\)"):
        nin.gpu()
    assert len(nin.try_all_gpus()) == 1
