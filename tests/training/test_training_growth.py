"""Sizes that grow: how epochs are divided, and that training goes through them."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nin
from nin.errors import InputSizeError
from nin.training.growth import Leg, legs, side_of


def test_epochs_are_shared_evenly_and_the_last_are_the_largest():
    assert [side_of(epoch, 4, [67, 67, 67, 96]) for epoch in range(4)] == [67, 67, 67, 96]
    assert [side_of(epoch, 4, [67, 96]) for epoch in range(4)] == [67, 67, 96, 96]
    assert [side_of(epoch, 2, [1, 2, 3, 4]) for epoch in range(2)] == [2, 4]
    assert side_of(0, 1, [67, 67, 96]) == 96


def test_legs_join_epochs_of_one_size():
    assert [*legs(0, 4, [67, 96], alone=False)] == [Leg(0, 2, 67), Leg(2, 4, 96)]
    assert [*legs(1, 4, [67, 96], alone=True)] == [Leg(1, 2, 67), Leg(2, 4, 96)]
    assert [*legs(2, 5, [9], alone=True)] == [Leg(2, 3, 9), Leg(3, 5, 9)]
    assert [*legs(3, 3, [9], alone=False)] == []


@given(
    epochs=st.integers(1, 40),
    sides=st.lists(st.integers(1, 9), min_size=1, max_size=8).map(sorted),
    begin=st.integers(0, 40),
    alone=st.booleans(),
)
def test_legs_cover_each_epoch_once_at_its_side(epochs, sides, begin, alone):
    divided = [*legs(begin, epochs, sides, alone=alone)]
    covered = [(epoch, leg.side) for leg in divided for epoch in range(leg.begin, leg.end)]
    assert covered == [(epoch, side_of(epoch, epochs, sides)) for epoch in range(begin, epochs)]
    assert [side for _, side in covered] == sorted(side for _, side in covered)
    assert not covered or covered[-1] == (epochs - 1, sides[-1])


class Sizes(keras.callbacks.Callback):
    """Notes the size that the model sees in each epoch, and the steps of the optimiser."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        steps = int(self.model.optimizer.iterations)
        self.seen.append((epoch, self.model.preprocessing.size, steps))


@pytest.mark.every_backend
def test_a_training_goes_through_the_sizes_with_one_optimiser_and_ends_at_the_largest():
    keras.utils.set_random_seed(0)
    data = nin.Digits(batch_size=64, resize=(12, 12), validation=0.1, limit=128)
    model, sizes = nin.NiN(preset="mnist", width=0.1), Sizes()
    trainer = nin.Trainer(
        3,
        smaller_first=(8, 8, 16),
        callbacks=[sizes],
        optimizer=keras.optimizers.AdamW(0.001),
        verbose=False,
    )
    trainer.fit(model, data)
    assert sizes.seen == [(0, (8, 8), 2), (1, (8, 8), 4), (2, (12, 12), 6)]
    assert model.preprocessing.size == (12, 12)
    assert len(trainer.history["val_loss"]) == 3
    assert np.isfinite(trainer.history["loss"]).all()


def test_a_first_size_that_is_too_small_is_refused_before_training():
    data = nin.Digits(resize=(67, 67), limit=64)
    with pytest.raises(InputSizeError, match="cannot take images of 20x20"):
        nin.Trainer(2, smaller_first=(20,), verbose=False).fit(nin.NiN(width=0.05), data)
