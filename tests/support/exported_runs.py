"""Fixtures: a trained run to be exported, its file, and images to ask about."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from sklearn.datasets import load_digits

import nin


@pytest.fixture(scope="session")
def first_run(tmp_path_factory):
    recipe = nin.RECIPES["digits"].revised(limit=300, epochs=2)
    return nin.train(recipe, tmp_path_factory.mktemp("first") / "digits")


@pytest.fixture
def run(first_run, tmp_path):
    """A run of its own for each test: two epochs over 300 digits."""
    return nin.load(shutil.copytree(first_run.path, tmp_path / "digits"))


@pytest.fixture(scope="session")
def exported(first_run, tmp_path_factory):
    """An ONNX file of the first run, somewhere else."""
    out = tmp_path_factory.mktemp("exported") / "digits.onnx"
    return nin.export(first_run, out=out).path


@pytest.fixture(scope="session")
def real_digits():
    """120 scanned digits, (120, 8, 8, 1) uint8."""
    return (load_digits().images[:120, ..., None] * 15).astype(np.uint8)


@pytest.fixture
def noise():
    """Make uint8 noise of a shape."""
    return lambda *shape: np.random.default_rng(0).integers(0, 256, shape, np.uint8)
