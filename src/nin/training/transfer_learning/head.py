"""The head on a frozen trunk: class maps fitted to their optimum, with nothing left to chance.

If the trunk is frozen, a 1×1 convolution to class maps and their average over positions amount to
multinomial logistic regression on the means of the trunk's maps: a convex problem with one
solution, which L-BFGS finds in seconds, whatever the seed.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: The values tried for scikit-learn's `C`, the inverse of the strength of L2 regularisation.
CANDIDATES = (0.01, 0.03, 0.1, 0.3, 1.0)
#: The value used if there are too few photographs to choose by.
USUAL = 0.1
#: Folds of cross-validation: each is predicted by a head fitted to the others.
FOLDS = 5


class Candidate(NamedTuple):
    """How one strength of regularisation did on photographs that were left out of the fit.

    Attributes:
        C: the inverse of the strength.
        accuracy: share of correct predictions, one value per fold.
        loss: mean cross-entropy in nats, one value per fold.
    """

    C: float
    accuracy: tuple[float, ...]
    loss: tuple[float, ...]


class Head(NamedTuple):
    """A 1×1 convolution to class maps.

    Attributes:
        kernel: (channels, classes), float32.
        bias: (classes,), float32.
        C: the inverse of the strength of its regularisation.
        candidates: the values of `C` tried; empty if there were too few photographs.
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    C: float
    candidates: tuple[Candidate, ...]

    @property
    def chosen(self) -> Candidate | None:
        """The candidate that was taken; None if there were too few photographs to try any."""
        return next((each for each in self.candidates if each.C == self.C), None)

    def logits(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Logits (n, classes) for features (n, channels)."""
        logits: NDArray[np.float32] = features @ self.kernel + self.bias
        return logits


def fit_head(
    features: NDArray[np.float32],
    labels: NDArray[np.int32],
    classes: int,
    *,
    balance: bool = False,
) -> Head:
    """The head that predicts best, with its regularisation chosen by cross-validation.

    The strength with the smallest loss over `FOLDS` folds of the photographs is used; the folds
    depend only on the order of the labels.

    Args:
        features: (n, channels).
        labels: (n,), each class at least once.
        classes: number of classes.
        balance: whether small classes count as much as large ones.
    """
    candidates = _cross_validated(features, labels, classes, balance)
    C = min(candidates, key=lambda each: float(np.mean(each.loss))).C if candidates else USUAL
    return Head(*_fitted(features, labels, C, balance), C, candidates)


def _cross_validated(
    features: NDArray[np.float32], labels: NDArray[np.int32], classes: int, balance: bool
) -> tuple[Candidate, ...]:
    from sklearn.model_selection import StratifiedKFold

    folds = min(FOLDS, int(np.bincount(labels, minlength=classes).min()))
    if folds < 2:
        return ()
    parts = list(StratifiedKFold(folds, shuffle=True, random_state=0).split(features, labels))

    def tried(C: float) -> Candidate:
        scores = [
            _scores(_fitted(features[kept], labels[kept], C, balance), features[held], labels[held])
            for kept, held in parts
        ]
        accuracy, loss = zip(*scores, strict=True)
        return Candidate(C, accuracy, loss)

    return tuple(map(tried, CANDIDATES))


def _fitted(
    features: NDArray[np.float32], labels: NDArray[np.int32], C: float, balance: bool
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    weight = "balanced" if balance else None
    model = LogisticRegression(C=C, tol=1e-3, max_iter=2000, class_weight=weight)
    with warnings.catch_warnings(), threadpool_limits(1, "blas"):
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "The number of unique classes")  # One picture of each.
        model.fit(features, labels)
    kernel, bias = model.coef_.T, model.intercept_
    if kernel.shape[1] == 1:  # For two classes scikit-learn keeps only their difference.
        kernel, bias = np.hstack([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    return kernel.astype(np.float32), bias.astype(np.float32)


def _scores(
    head: tuple[NDArray[np.float32], NDArray[np.float32]],
    features: NDArray[np.float32],
    labels: NDArray[np.int32],
) -> tuple[float, float]:
    """Accuracy and mean cross-entropy."""
    from scipy.special import log_softmax

    kernel, bias = head
    log_probabilities: Any = log_softmax((features @ kernel + bias).astype(np.float64), axis=1)
    right = float((log_probabilities.argmax(axis=1) == labels).mean())
    return right, float(-log_probabilities[np.arange(len(labels)), labels].mean())
