"""A pretrained network and one trained from scratch, on the same held-out pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest

import nin
from nin.data.storage.picture_store import TARS
from nin.training.transfer_learning.from_scratch import (
    ScratchComparison,
    compare_with_scratch,
    is_worth_trying,
    mcnemar,
)
from nin.training.transfer_learning.head import Candidate, Head


def head(accuracy: float) -> Head:
    candidates = (Candidate(0.1, (accuracy,) * 5, (1.0,) * 5),) if accuracy else ()
    return Head(np.zeros((2, 2), np.float32), np.zeros(2, np.float32), 0.1, candidates)


@pytest.mark.parametrize(
    ("accuracy", "images", "worth"),
    [
        (0.6, 60, True),
        (0.89, 400, True),
        (0.9, 60, False),
        (0.6, 3_000, False),
        (0.6, 59, False),
        (0.0, 90, False),
    ],
    ids=["few and poor", "more", "good already", "many", "few", "not cross-validated"],
)
def test_it_is_tried_where_there_is_something_to_gain_and_it_is_cheap(accuracy, images, worth):
    assert is_worth_trying(head(accuracy), ["a.png"] * images) is worth


@pytest.mark.parametrize("path", ["s3://bucket/a.png", "shards/train-0.tar/a.png"])
def test_what_is_no_file_of_its_own_is_not_laid_out_anew(path, monkeypatch):
    monkeypatch.setattr(TARS, "divided", lambda name: name.split("/") if ".tar" in name else None)
    assert not is_worth_trying(head(0.6), [path] * 90)


def test_the_difference_is_tested_on_the_pictures_that_one_of_them_alone_named():
    one = np.array([True] * 12 + [False] * 3 + [True] * 20)
    other = np.array([False] * 12 + [True] * 3 + [True] * 20)
    assert mcnemar(one, other) == binomtest(3, 15).pvalue == mcnemar(other, one)
    assert mcnemar(one, one) == 1.0


@pytest.mark.parametrize(
    ("pretrained", "other", "p", "words"),
    [
        (20, 38, 0.001, "50% by the pretrained network, 95% by one trained from scratch at 67 px,"),
        (20, 38, 0.001, "which is better: train with --preset book"),
        (38, 20, 0.001, "pretraining is better here"),
        (30, 31, 0.9, "too few to tell which is better; --preset book trains from scratch"),
    ],
)
def test_it_says_which_was_better_and_how_to_get_the_other(pretrained, other, p, words):
    assert words in ScratchComparison(40, pretrained, other, p, 67, 9.0).in_words()


@pytest.fixture
def squares(tmp_path):
    """Red and green squares on noise, in random order of their names."""
    rng = np.random.default_rng(0)
    paths, labels = [], rng.permutation(np.repeat([0, 1], 20)).astype(np.int32)
    for number, label in enumerate(labels):
        pixels = rng.integers(0, 256, (72, 72, 3), np.uint8)
        pixels[10:60, 10:60] = (220, 40, 40) if label else (40, 200, 60)
        paths.append(str(tmp_path / f"{rng.integers(10**9)}-{number}.png"))
        Image.fromarray(pixels).save(paths[-1])
    return paths, labels


@pytest.mark.slow
def test_where_features_say_nothing_training_from_scratch_is_better(
    squares, tmp_path, monkeypatch, capfd
):
    short = nin.RECIPES["scratch"].revised(least_steps=60, width=0.5)
    monkeypatch.setitem(nin.RECIPES, "scratch", short)
    paths, labels = squares
    noise = np.random.default_rng(1).normal(size=(40, 8)).astype(np.float32)
    record = {"recipe": nin.RECIPES["photos"].model_dump(mode="json"), "classes": ["a", "b"]}
    found = compare_with_scratch(nin.Run(tmp_path, record), noise, labels, paths)
    assert found is not None
    assert found.n == 12
    assert found.pretrained < found.from_scratch >= 11
    assert capfd.readouterr() == ("", "")


def test_pictures_that_cannot_be_divided_or_read_are_not_compared(tmp_path):
    record = {"recipe": nin.RECIPES["photos"].model_dump(mode="json"), "classes": ["a", "b"]}
    run = nin.Run(tmp_path, record)
    features = np.eye(4, dtype=np.float32)
    lonely = np.array([0, 0, 0, 1], np.int32)
    assert compare_with_scratch(run, features, lonely, ["missing.png"] * 4) is None
    features = np.vstack([features] * 4)
    missing = [str(tmp_path / f"missing-{n}.png") for n in range(16)]
    assert compare_with_scratch(run, features, np.tile([0, 1], 8).astype(np.int32), missing) is None
