"""`balance`: classes of unequal size count alike, by weights or by drawing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nin.backends.distribution import Layout
from nin.data import Augmentation, Batches, ImageFolder, Shard
from nin.data.balance import balancing_weights
from nin.errors import DataError

LABELS = st.lists(st.integers(0, 5), min_size=1, max_size=60).map(np.array)
#: 600, 60 and 6 images; no image of class 2.
UNEQUAL = np.repeat([0, 1, 3], [600, 60, 6])


def numbered(labels, batch_size=32, **settings):
    images = np.arange(len(labels), dtype=np.uint16)[:, None]
    return Batches(images, labels, batch_size, **settings)


@given(LABELS)
def test_weights_have_mean_one_and_each_class_the_same_sum(labels):
    weights = balancing_weights(labels)
    assert weights.mean() == pytest.approx(1)
    sums = [weights[labels == each].sum() for each in np.unique(labels)]
    assert sums == pytest.approx([len(labels) / len(sums)] * len(sums))


@given(labels=LABELS, seed=st.integers(0, 2**32), epoch=st.integers(0, 99))
def test_with_weights_the_batches_are_the_same_and_carry_them(labels, seed, epoch):
    rules = {"shuffle": True, "seed": seed, "epoch": epoch}
    plain, weighted = numbered(labels, 7, **rules), numbered(labels, 7, balance="weights", **rules)
    expected = balancing_weights(labels)
    assert len(plain) == len(weighted)
    for (images, numbers), (same, same_numbers, weights) in zip(plain, weighted, strict=True):
        assert (images == same).all()
        assert (numbers == same_numbers).all()
        assert weights.dtype == np.float32
        np.testing.assert_allclose(weights, expected[images[:, 0]], rtol=1e-6)


def test_sampling_draws_every_class_as_often_and_every_image_of_it():
    loader = numbered(UNEQUAL, shuffle=True, balance="sampling")
    drawn = []
    for epoch in range(30):
        loader.epoch = epoch
        batches = list(loader)
        positions = np.concatenate([images[:, 0] for images, _ in batches])
        assert len(positions) == len(UNEQUAL)
        assert (np.concatenate([labels for _, labels in batches]) == UNEQUAL[positions]).all()
        drawn.append(positions)
    shares = np.bincount(UNEQUAL[np.concatenate(drawn)], minlength=4) / (30 * len(UNEQUAL))
    assert shares == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3], abs=0.015)
    times = np.bincount(np.concatenate(drawn), minlength=len(UNEQUAL))
    assert times[:600].std() < 2 * np.sqrt(times[:600].mean())
    assert times[660:] == pytest.approx([30 * len(UNEQUAL) / 18] * 6, rel=0.15)
    assert (drawn[0] != drawn[1]).any()


@given(labels=LABELS, seed=st.integers(0, 2**32), epoch=st.integers(0, 99))
def test_sampling_depends_on_seed_and_epoch_alone(labels, seed, epoch):
    rules = {"shuffle": True, "balance": "sampling", "seed": seed}
    loader, other = numbered(labels, 5, **rules), numbered(labels, 5, epoch=epoch, **rules)
    loader[0]
    loader.epoch = epoch
    loader.first = other.first = min(1, len(loader) - 1)
    for (images, numbers), (same, same_numbers) in zip(loader, other, strict=True):
        assert (images == same).all()
        assert (numbers == same_numbers).all()


def test_what_cannot_be_is_refused():
    with pytest.raises(DataError, match="balance must be one of none, weights, sampling, not 'no'"):
        numbered(UNEQUAL, shuffle=True, balance="no")
    with pytest.raises(DataError, match="needs shuffle=True"):
        numbered(UNEQUAL, shuffle=False, balance="sampling")


def test_a_folder_balances_its_training_images_only(pictures):
    root = pictures({"ant": 40, "bee": 10})
    plain = ImageFolder(root, 8)
    assert "'ant' has" in plain.imbalance()
    for balance in ("weights", "sampling"):
        data = ImageFolder(root, 8, balance=balance)
        assert data.hparams["balance"] == balance
        assert data.imbalance() is None
        assert data.fingerprint() == plain.fingerprint()
        assert data.train_dataloader().balance == balance
        assert len(data.val_dataloader()[0]) == len(data.test_dataloader()[0]) == 2
        batch = data.train_dataloader()[0]
        assert [axis.get_title() for axis in data.visualize(batch).axes] == data.text_labels(
            batch[1]
        )
    with pytest.raises(DataError, match="balance must be one of"):
        ImageFolder(root, balance="fair")


@pytest.mark.parametrize("balance", ["weights", "sampling"])
@pytest.mark.parametrize(("count", "batch_size"), [(48, 16), (50, 16), (53, 18)])
def test_two_processes_share_what_one_would_see(balance, count, batch_size):
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (count, 6, 6, 3), dtype=np.uint8)
    labels = (np.arange(count) > 40).astype(int)
    changes = Augmentation(1, True, 0.5, 20, 0.3, 0.3, 0.3, 0.5)
    whole = Batches(
        images, labels, batch_size, shuffle=True, seed=1, augmentation=changes, balance=balance
    )
    shards = [Shard(whole, Layout(4, 2, process), training=True) for process in range(2)]
    for index in range(len(whole)):
        expected, numbers, *own = whole[index]
        parts = [np.concatenate(each) for each in zip(*(s[index] for s in shards), strict=True)]
        assert (parts[0][: len(expected)] == expected).all()
        assert (parts[1][: len(numbers)] == numbers).all()
        weights = parts[2] if len(parts) == 3 else np.ones(len(parts[0]))
        assert (weights[len(expected) :] == 0).all()
        mean = np.mean(own[0]) if own else 1
        assert weights.mean() == pytest.approx(mean, rel=1e-6)
        if own:
            ratio = weights[: len(expected)] / own[0]
            assert ratio == pytest.approx([ratio[0]] * len(ratio), rel=1e-6)
