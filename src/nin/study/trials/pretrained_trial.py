"""A trial of a network with pretrained weights: fits its head, or fine-tunes it."""

from __future__ import annotations

import contextlib
import functools
import io
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nin.data import ImageFolder
from nin.data.decode_many import unreadable
from nin.data.split import Part
from nin.errors import DataError
from nin.pretrained import FeatureExtractor, load_trunk
from nin.study.trials.row import pack
from nin.study.trials.trial import Outcome, Trial
from nin.training.dispatch import train_on
from nin.training.health import FATAL
from nin.training.recipe import Recipe
from nin.training.transfer_learning.feature_cache import FeatureCache, View, compute_features
from nin.training.transfer_learning.head import Head, fit_head


def train_pretrained(trial: Trial, callbacks: Sequence[Any] = ()) -> Outcome:
    """Train once.

    With a frozen trunk, the validation accuracy is that of cross-validation in the training part,
    unless the trial is evaluated on the validation part.

    Args:
        trial: its network has pretrained weights.
        callbacks: further Keras callbacks, used only in fine-tuning.

    Raises:
        DataError: there are too few photographs to hold any out, or some cannot be read.
    """
    return _finetuned(trial, callbacks) if trial.recipe.finetune else _frozen(trial)


def _frozen(trial: Trial) -> Outcome:
    began, recipe = time.monotonic(), trial.recipe
    data = trial.images()
    assert isinstance(data, ImageFolder)
    features, labels = _features(recipe, data, "train")
    head = fit_head(features, labels, len(data.classes), balance=recipe.balance != "none")
    seconds = time.monotonic() - began
    evaluated: dict[str, Any] = {"accuracy": None, "n": 0}
    if trial.evaluated_on is not None:
        features, labels = _features(recipe, data, trial.evaluated_on)
        correct = head.logits(features).argmax(axis=1) == labels
        accuracy = float(correct.mean())
        evaluated = {
            "accuracy": accuracy if trial.looks_at_test else None,
            "n": len(labels),
            "correct": pack(correct),
        }
    held_out = accuracy if trial.evaluated_on == "validation" else _cross_validated(head, data)
    return Outcome(
        validation=held_out, **evaluated, curve=[held_out], seconds=round(seconds, 3), died=False
    )


def _cross_validated(head: Head, data: ImageFolder) -> float:
    if (chosen := head.chosen) is None:
        raise DataError(f"{data.name} has a class of one photograph, of which none can be held out")
    return float(np.mean(chosen.accuracy))


def _features(recipe: Recipe, data: ImageFolder, part: Part) -> tuple[Any, Any]:
    """(n, channels) and (n,): the trunk's features of a part, and its labels."""
    trunk = load_trunk(recipe.preset)
    view = View(trunk.digest, data.image_shape[0], recipe.resize_mode, data.bit_depth)
    files = data.files(part)
    name = f"{trunk.digest[:12]}-{view.size}-{view.resize_mode}"
    cache = FeatureCache(Path(_kept().name) / name, view)
    found = compute_features(files.paths, FeatureExtractor(trunk), cache)
    if found.faults:
        raise unreadable(list(found.faults.values()))
    return found.features, files.labels


@functools.cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    """Where this process keeps features, until it ends: trials with the same view share them."""
    return tempfile.TemporaryDirectory(prefix="nin-features-")


def _finetuned(trial: Trial, callbacks: Sequence[Any]) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="nin-trial-") as scratch:
        with contextlib.redirect_stderr(io.StringIO()):
            data = trial.images()
            run = train_on(trial.recipe, data, Path(scratch) / "run", callbacks=callbacks)
        rows = [row for row in run.metrics() if row["epoch"] > 0]
        curve = [row["val_accuracy"] for row in rows]
        result = run.record["result"]
        assert result is not None
        best = run.best_epoch()
        kept = next((row for row in run.metrics() if row["epoch"] == best), rows[-1])
        test_result: dict[str, Any] = {"accuracy": None, "n": 0}
        if trial.looks_at_test:
            found = run.evaluate()
            assert found.probabilities is not None
            correct = found.probabilities.argmax(axis=1) == found.labels
            test_result = {"accuracy": found.accuracy, "n": found.n, "correct": pack(correct)}
        return Outcome(
            validation=kept["val_accuracy"],
            **test_result,
            curve=curve,
            seconds=result["seconds"],
            died=any(each["kind"] in FATAL for each in run.record["health"]),
        )
