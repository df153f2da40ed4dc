"""The head is the optimum of a convex problem, chosen by what it says of photographs left out."""

import warnings

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score

from nin.training.transfer_learning.head import CANDIDATES, FOLDS, USUAL, fit_head


def clouds(classes, each, channels=6, apart=1.0, seed=0):
    """Features around a centre for each class, and labels, mixed."""
    random = np.random.default_rng(seed)
    centres = random.normal(0, apart, (classes, channels))
    labels = random.permutation(np.repeat(np.arange(classes), each)).astype(np.int32)
    features = centres[labels] + random.normal(0, 1, (len(labels), channels))
    return features.astype(np.float32), labels


def objective(weights, features, labels, classes, C):
    """What scikit-learn minimises, a photograph, and its gradient; in double precision.

    Its two classes have one column of weights, so that each of ours counts double.
    """
    kernel, bias = np.split(weights.reshape(-1, classes), [features.shape[1]])
    log_probabilities = log_softmax(features.astype(np.float64) @ kernel + bias, axis=1)
    n, twice = len(labels), 2 if classes == 2 else 1
    loss = -log_probabilities[np.arange(n), labels].mean() + twice * (kernel**2).sum() / (2 * C * n)
    wrong = np.exp(log_probabilities) - np.eye(classes)[labels]
    slopes = features.T @ wrong / n + twice * kernel / (C * n)
    return loss, np.concatenate([slopes, wrong.mean(axis=0, keepdims=True)]).ravel()


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_the_fit_is_the_optimum(classes):
    features, labels = clouds(classes, 15)
    head = fit_head(features, labels, classes)
    ours = np.concatenate([head.kernel, head.bias[None]]).astype(np.float64).ravel()
    problem = (features, labels, classes, head.C)
    loss, slope = objective(ours, *problem)
    begun, first = objective(np.zeros_like(ours), *problem)
    assert np.abs(first).max() > 0.1
    assert np.abs(slope).max() < 2e-3
    best = minimize(objective, np.zeros_like(ours), problem, "BFGS", jac=True, tol=1e-8)
    assert loss - best.fun < 1e-4 * (begun - best.fun)
    theirs = features @ best.x.reshape(-1, classes)[:-1] + best.x.reshape(-1, classes)[-1]
    np.testing.assert_allclose(
        softmax(head.logits(features), axis=1), softmax(theirs, axis=1), atol=0.01
    )


@pytest.mark.parametrize("classes", [2, 4])
def test_probabilities_are_scikit_learns(classes):
    features, labels = clouds(classes, 20)
    head = fit_head(features, labels, classes)
    assert head.kernel.shape == (6, classes)
    assert head.bias.shape == (classes,)
    assert (head.kernel.dtype, head.bias.dtype) == (np.float32, np.float32)
    theirs = LogisticRegression(C=head.C, tol=1e-3, max_iter=2000).fit(features, labels)
    np.testing.assert_allclose(
        softmax(head.logits(features), axis=1), theirs.predict_proba(features), atol=1e-5
    )


def test_two_maps_are_each_others_opposite():
    head = fit_head(*clouds(2, 10), 2)
    assert np.array_equal(head.kernel[:, 0], -head.kernel[:, 1])
    assert head.bias[0] == -head.bias[1]


@pytest.mark.slow
def test_the_strength_is_the_one_that_predicts_photographs_left_out_best():
    features, labels = clouds(3, 20, apart=0.4)
    head = fit_head(features, labels, 3)
    assert tuple(each.C for each in head.candidates) == CANDIDATES
    parts = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    losses = {}
    for each in head.candidates:
        model = LogisticRegression(C=each.C, tol=1e-3, max_iter=2000)
        expected = -cross_val_score(model, features, labels, cv=parts, scoring="neg_log_loss")
        assert each.loss == pytest.approx(expected, rel=1e-3)
        right = cross_val_score(model, features, labels, cv=parts)
        assert each.accuracy == pytest.approx(right)
        losses[each.C] = np.mean(each.loss)
    assert min(losses, key=losses.__getitem__) == head.C


def test_small_classes_count_as_much_as_large_ones_where_that_is_wanted():
    features, labels = clouds(2, 40, apart=0.5)
    kept = np.sort(np.r_[np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)[:8]])
    features, labels = features[kept], labels[kept]
    plain, fair = (fit_head(features, labels, 2, balance=balance) for balance in (False, True))
    theirs = LogisticRegression(C=fair.C, tol=1e-3, max_iter=2000, class_weight="balanced")
    np.testing.assert_allclose(
        softmax(fair.logits(features), axis=1),
        theirs.fit(features, labels).predict_proba(features),
        atol=1e-5,
    )
    found = [(head.logits(features).argmax(axis=1) == 1).sum() for head in (plain, fair)]
    assert found[0] < 8 < found[1]


def test_noise_is_held_back_and_what_is_clear_is_not():
    features, labels = clouds(2, 40, apart=0)
    assert min(CANDIDATES) == fit_head(features, labels, 2).C
    features, labels = clouds(2, 40, apart=4)
    assert max(CANDIDATES) == fit_head(features, labels, 2).C


@pytest.mark.parametrize(("fewest", "folds"), [(2, 2), (4, 4), (5, 5), (9, 5)])
def test_no_more_folds_than_the_smallest_class_has_photographs(fewest, folds):
    features, labels = clouds(2, 12)
    kept = np.sort(np.r_[np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)[:fewest]])
    head = fit_head(features[kept], labels[kept], 2)
    assert {len(each.loss) for each in head.candidates} == {folds}
    assert {len(each.accuracy) for each in head.candidates} == {folds}


@pytest.mark.parametrize("classes", [2, 3])
def test_one_photograph_of_a_class_is_enough_for_a_fit_without_a_choice(classes):
    features, labels = clouds(classes, 8, apart=5)
    kept = np.sort(np.r_[np.flatnonzero(labels), np.flatnonzero(labels == 0)[:1]])
    corners = np.eye(classes, dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        head = fit_head(features[kept], labels[kept], classes)
        alone = fit_head(
            np.eye(classes, dtype=np.float32), np.arange(classes, dtype=np.int32), classes
        )
    assert (head.C, head.candidates) == (USUAL, ())
    assert (head.logits(features[kept]).argmax(axis=1) == labels[kept]).all()
    assert np.isfinite(alone.kernel).all()
    assert (alone.logits(corners).argmax(axis=1) == range(classes)).all()


def test_chance_has_no_part_in_it():
    features, labels = clouds(3, 10)
    np.random.seed(0)
    first = fit_head(features, labels, 3)
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    second = fit_head(features, labels, 3)
    assert np.array_equal(before, np.random.get_state()[1])
    assert np.array_equal(first.kernel, second.kernel)
    assert np.array_equal(first.bias, second.bias)
    assert (first.C, first.candidates) == (second.C, second.candidates)


@pytest.mark.parametrize("classes", [2, 4])
def test_other_names_for_the_classes_change_nothing_else(classes):
    features, labels = clouds(classes, 15)
    order = np.roll(np.arange(classes), 1)
    head, other = fit_head(features, labels, classes), fit_head(features, order[labels], classes)
    assert head.C == other.C
    np.testing.assert_allclose(
        softmax(other.logits(features), axis=1)[:, order],
        softmax(head.logits(features), axis=1),
        atol=5e-3,
    )


def test_features_that_never_vary_and_large_ones():
    features, labels = clouds(2, 10, apart=3)
    odd = np.hstack([features, np.zeros((20, 1), np.float32), np.full((20, 1), 6, np.float32)])
    head = fit_head(odd, labels, 2)
    assert np.isfinite(head.kernel).all()
    assert np.abs(head.kernel[-2]).max() == 0
    assert (head.logits(odd).argmax(axis=1) == labels).mean() > 0.9


def test_one_photograph_per_class_is_no_reason_to_warn():
    features, labels = clouds(30, 1)
    head = fit_head(features, labels, 30)
    assert (head.C, head.candidates) == (USUAL, ())
    assert (head.logits(features).argmax(axis=1) == labels).mean() > 0.5
