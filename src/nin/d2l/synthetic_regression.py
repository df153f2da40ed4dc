"""`SyntheticRegressionData`: inputs and labels of a linear function, with noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import ops

from nin.data import DataModule

if TYPE_CHECKING:
    from nin.data import Batches


class SyntheticRegressionData(DataModule):
    """Random inputs X and labels y = Xw + b + noise (*Dive into Deep Learning*, section 3.3).

    Args:
        w: (inputs,), the weights.
        b: the bias.
        noise: standard deviation of the noise.
        num_train: number of training samples.
        num_val: number of validation samples.
        batch_size: samples per batch.

    Attributes:
        X: (num_train + num_val, inputs), normally distributed.
        y: (num_train + num_val, 1).

    Example:
        >>> data = nin.SyntheticRegressionData(w=nin.tensor([2, -3.4]), b=4.2)
        >>> X, y = next(iter(data.train_dataloader()))
        >>> X.shape, y.shape, len(data.train_dataloader())
        ((32, 2), (32, 1), 32)
    """

    w: Any
    b: float
    num_train: int
    num_val: int
    batch_size: int

    def __init__(
        self,
        w: Any,
        b: float,
        noise: float = 0.01,
        num_train: int = 1000,
        num_val: int = 1000,
        batch_size: int = 32,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        w = ops.cast(ops.reshape(w, (-1, 1)), "float32")
        samples = num_train + num_val
        self.X = keras.random.normal((samples, w.shape[0]))
        self.y = ops.matmul(self.X, w) + b + keras.random.normal((samples, 1), stddev=noise)

    def get_dataloader(self, train: bool) -> Batches:
        """Return the batches of the training or of the validation samples."""
        part = slice(0, self.num_train) if train else slice(self.num_train, None)
        return self.get_tensorloader((self.X, self.y), train, part)
