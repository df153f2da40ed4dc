"""Linear and softmax regression, the book's first models, and SGD from scratch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
from keras import ops

from nin.hyperparameters import HyperParameters
from nin.models import Classifier, Module

#: Standard deviation of the initial weights.
SIGMA = 0.01


class SGD(HyperParameters):
    """Plain stochastic gradient descent (*Dive into Deep Learning*, section 3.4).

    `nin.Trainer` takes it from `configure_optimizers` like an optimiser of Keras.

    Args:
        lr: the learning rate.

    Example:
        >>> import keras
        >>> weight = keras.Variable([1.0, 2.0])
        >>> nin.SGD(lr=0.5).apply_gradients([(keras.ops.ones(2), weight)])
        >>> nin.numpy(weight).tolist()
        [0.5, 1.5]
    """

    lr: float

    def __init__(self, lr: float) -> None:
        self.save_hyperparameters()

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> None:
        """Move each variable against its gradient.

        Args:
            grads_and_vars: pairs of a gradient and the variable that it belongs to.
        """
        for gradient, variable in grads_and_vars:
            variable.assign_sub(self.lr * gradient)


class LinearRegressionScratch(Module):
    """Linear regression from scratch (*Dive into Deep Learning*, section 3.4).

    Args:
        num_inputs: number of inputs.
        lr: learning rate of the SGD that `configure_optimizers` gives.
        sigma: standard deviation of the initial weights.

    Example:
        >>> model = nin.LinearRegressionScratch(2, lr=0.03)
        >>> data = nin.SyntheticRegressionData(w=nin.tensor([2, -3.4]), b=4.2)
        >>> nin.Trainer(max_epochs=10, verbose=False).fit(model, data)
        >>> [round(float(weight), 1) for weight in nin.numpy(model.w)[:, 0]]
        [2.0, -3.4]
    """

    lr: float

    def __init__(self, num_inputs: int, lr: float, sigma: float = SIGMA) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.w = keras.Variable(keras.random.normal((num_inputs, 1), stddev=sigma), name="w")
        self.b = keras.Variable(ops.zeros(1), name="b")
        self.built = True

    def forward(self, X: Any) -> Any:
        """Inputs of shape (n, inputs) → predictions of shape (n, 1)."""
        return ops.matmul(X, self.w) + self.b

    def loss(self, Y_hat: Any, Y: Any, averaged: bool = True) -> Any:
        """Half the squared error of predictions `Y_hat` against `Y`, both of shape (n, 1)."""
        losses = ops.square(Y_hat - Y) / 2
        return ops.mean(losses) if averaged else losses

    def configure_optimizers(self) -> SGD:
        """SGD from scratch, at `lr`."""
        return SGD(self.lr)


class LinearRegression(Module):
    """Linear regression with a layer of Keras (*Dive into Deep Learning*, section 3.5).

    Args:
        lr: learning rate of the plain SGD that `configure_optimizers` gives.

    Example:
        >>> model = nin.LinearRegression(lr=0.03)
        >>> data = nin.SyntheticRegressionData(w=nin.tensor([2, -3.4]), b=4.2)
        >>> nin.Trainer(max_epochs=10, verbose=False).fit(model, data)
        >>> w, b = model.get_w_b()
        >>> [round(float(weight), 1) for weight in w[:, 0]]
        [2.0, -3.4]
    """

    def __init__(self, lr: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        narrow = keras.initializers.RandomNormal(stddev=SIGMA)
        self.net = keras.layers.Dense(1, kernel_initializer=narrow)

    def loss(self, Y_hat: Any, Y: Any, averaged: bool = True) -> Any:
        """The squared error of predictions `Y_hat` against `Y`, both of shape (n, 1)."""
        losses = ops.square(Y_hat - Y)
        return ops.mean(losses) if averaged else losses

    def get_w_b(self) -> tuple[Any, Any]:
        """The weights, of shape (inputs, 1), and the bias, of shape (1,), as arrays."""
        w, b = self.get_weights()
        return w, b


class SoftmaxRegression(Classifier):
    """One dense layer from pixels to logits (*Dive into Deep Learning*, section 4.5).

    Args:
        num_outputs: number of logits.
        lr: learning rate of the plain SGD that `configure_optimizers` gives.

    Example:
        >>> model = nin.SoftmaxRegression(num_outputs=10, lr=0.1)
        >>> nin.Trainer(max_epochs=5, verbose=False).fit(model, nin.Digits())
        >>> nin.evaluate(model, nin.Digits().test, nin.Digits().classes).accuracy > 0.8
        True
    """

    def __init__(self, num_outputs: int, lr: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(num_outputs)])


def cross_entropy(y_hat: Any, y: Any) -> Any:
    """The mean negative logarithm of the probability given to each sample's true class.

    *Dive into Deep Learning*, section 4.4.

    Args:
        y_hat: (n, classes), probabilities.
        y: (n,), integer labels.

    Example:
        >>> y_hat = nin.tensor([[0.1, 0.3, 0.6], [0.3, 0.2, 0.5]])
        >>> round(float(nin.cross_entropy(y_hat, nin.tensor([0, 2]))), 4)
        1.4979
    """
    chosen = ops.sum(y_hat * ops.one_hot(y, y_hat.shape[-1]), axis=-1)
    return -ops.mean(ops.log(chosen))
