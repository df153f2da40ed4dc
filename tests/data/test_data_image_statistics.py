"""Mean and deviation per channel, and classes of unequal size."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nin.data.image_statistics import imbalance, mean_and_std


@given(st.integers(1, 5), st.integers(1, 3), st.integers(0, 99))
def test_statistics_agree_with_floating_point(count, channels, seed):
    shape = (count, 3, 4, channels)
    images = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    mean, std = mean_and_std(images)
    scaled = images / 255
    np.testing.assert_allclose(mean, scaled.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(std, scaled.std(axis=(0, 1, 2)), rtol=1e-9, atol=1e-12)


def test_statistics_count_every_chunk(monkeypatch):
    monkeypatch.setattr("nin.data.image_statistics.CHUNK", 2)
    images = np.random.default_rng(0).integers(0, 256, (9, 4, 5, 3), dtype=np.uint8)
    np.testing.assert_allclose(mean_and_std(images)[0], (images / 255).mean(axis=(0, 1, 2)))
    chosen = np.array([0, 3, 8])
    mean, _ = mean_and_std(images, chosen)
    np.testing.assert_allclose(mean, (images[chosen] / 255).mean(axis=(0, 1, 2)))


def test_imbalance_is_said_above_three_to_one():
    assert imbalance({"cat": 30, "dog": 10}) is None
    assert imbalance({"cat": 31, "dog": 10}) == (
        "'cat' has 31 training images and 'dog' only 10: accuracy will favour 'cat'"
    )
