"""Mixup, CutMix and label smoothing: what becomes of images, labels and weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nin.data import Augmentation, Batches
from nin.data.mixing import Mixed, blended, pasted, smoothed
from nin.errors import DataError

CLASSES = 4
SEEDS = st.integers(0, 2**32)
MIXES = {"mixup": 1.0}, {"cutmix": 1.0}, {"mixup": 0.4, "cutmix": 0.4, "label_smoothing": 0.1}


def batch(count=6, seed=0, weights=None, side=8):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, side, side, 1), dtype=np.uint8)
    return Mixed(images, smoothed(rng.integers(0, CLASSES, count), CLASSES, 0.0), weights)


def test_a_label_that_is_smoothed():
    np.testing.assert_allclose(smoothed(np.array([2]), 4, 0.2), [[0.05, 0.05, 0.85, 0.05]])
    assert (smoothed(np.array([1, 0]), 3, 0.0) == np.eye(3)[[1, 0]]).all()


@given(seed=SEEDS, count=st.integers(1, 7), alpha=st.sampled_from([1e-3, 0.2, 1.0, 100.0]))
def test_a_blend_is_the_mean_of_an_image_and_its_counterpart_and_so_is_the_label(
    seed, count, alpha
):
    before = batch(count)
    share = np.random.default_rng(seed).beta(alpha, alpha)
    after = blended(before, alpha, np.random.default_rng(seed))
    exact = share * before.images + (1 - share) * before.images[::-1].astype(float)
    assert after.images.dtype == np.uint8
    assert abs(after.images - exact).max() <= 0.51
    label = share * before.targets + (1 - share) * before.targets[::-1]
    np.testing.assert_allclose(after.targets, label, atol=1e-6)


@given(seed=SEEDS, count=st.integers(1, 7), side=st.integers(1, 9))
def test_what_is_pasted_counts_by_its_area(seed, count, side):
    before = batch(count, side=side)
    # Each image of one value, so that the origin of every pixel can be seen.
    images = np.broadcast_to(
        np.arange(count, dtype=np.uint8)[:, None, None, None], before.images.shape
    )
    after = pasted(before._replace(images=images), 1.0, np.random.default_rng(seed))
    for number, (image, target) in enumerate(zip(after.images, after.targets, strict=True)):
        other = count - 1 - number
        assert set(np.unique(image)) <= {number, other}
        share = (image == number).mean()
        label = share * before.targets[number] + (1 - share) * before.targets[other]
        np.testing.assert_allclose(target, label, atol=1e-6)


@pytest.mark.parametrize("mix", [blended, pasted])
def test_in_the_loss_every_part_keeps_the_weight_of_its_image(mix):
    weights = np.array([1, 2, 3, 4, 5, 6], np.float32)
    before, seed = batch(weights=weights), 3
    after = mix(before, 1.0, np.random.default_rng(seed))
    alone = mix(before._replace(weights=None), 1.0, np.random.default_rng(seed))
    share = np.float64([np.nan] * 6)
    distinct = (before.targets != before.targets[::-1]).any(axis=1)
    share[distinct] = (alone.targets * before.targets).sum(1)[distinct]
    own = share[:, None] * weights[:, None] * before.targets
    other = (1 - share[:, None]) * weights[::-1, None] * before.targets[::-1]
    found = after.weights[:, None] * after.targets
    np.testing.assert_allclose(found[distinct], (own + other)[distinct], rtol=1e-5)
    np.testing.assert_allclose(after.targets.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize("settings", MIXES)
def test_a_loader_gives_shares_that_depend_on_seed_epoch_and_batch_alone(settings):
    images, labels = batch(20).images, np.arange(20) % CLASSES

    def loader(seed=0, epoch=1):
        return Batches(
            images,
            labels,
            8,
            shuffle=True,
            seed=seed,
            epoch=epoch,
            augmentation=Augmentation(**settings),
            classes=CLASSES,
        )

    first = loader()[1]
    assert [(part.shape, part.dtype) for part in first] == [
        ((8, 8, 8, 1), np.uint8),
        ((8, CLASSES), np.float32),
    ]
    np.testing.assert_allclose(first[1].sum(axis=1), 1, rtol=1e-6)
    assert all((a == b).all() for a, b in zip(first, loader()[1], strict=True))
    assert (first[0] != loader(seed=1)[1][0]).any()
    assert (first[0] != loader(epoch=2)[1][0]).any()


def test_of_both_kinds_either_is_chosen_and_some_batches_stay():
    images = np.stack([np.zeros((9, 9, 1), np.uint8), np.full((9, 9, 1), 200, np.uint8)])
    change = Augmentation(mixup=1.0, cutmix=1.0, mixup_prob=0.5)
    values = set()
    for seed in range(60):
        mixed = change.mixed(images, np.arange(2), 2, np.random.default_rng(seed))
        values.add(tuple(np.unique(mixed.images[0]).tolist()))
    assert (0,) in values, "left as it was"
    assert (0, 200) in values, "pasted"
    assert any(len(each) == 1 and each[0] not in (0, 200) for each in values), "blended"


def test_without_the_number_of_classes_there_are_no_shares():
    images = batch().images
    with pytest.raises(DataError, match="give the number of classes"):
        Batches(
            images, np.zeros(6), 2, shuffle=True, augmentation=Augmentation(label_smoothing=0.1)
        )
    assert not Augmentation(mixup=1.0, mixup_prob=0.0).shares_labels
