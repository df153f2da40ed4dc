"""`balance`: how to make up for classes of unequal size in training."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from nin.errors import DataError

#: ``"weights"``: the loss of an image is weighted inversely to the size of its class.
#: ``"sampling"``: each epoch draws its images with replacement, all classes equally likely.
Balance = Literal["none", "weights", "sampling"]

#: How to balance where no way is named.
PREFERRED: Balance = "weights"


def check_balance(balance: str) -> None:
    """Refuse a name that is not one of `Balance`.

    Raises:
        DataError: it is not.
    """
    if balance not in get_args(Balance):
        raise DataError(f"balance must be one of {', '.join(get_args(Balance))}, not {balance!r}")


def balancing_weights(labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return a weight for each image, so that all classes that occur have the same total weight.

    The mean weight is 1.

    Args:
        labels: (n,), n at least 1.

    Returns:
        (n,): n / (number of classes × images of its class).
    """
    _, position, counts = np.unique(labels, return_inverse=True, return_counts=True)
    weights: NDArray[np.float64] = len(labels) / (len(counts) * counts)
    return weights[position]
