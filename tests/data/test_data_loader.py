"""`Batches`: which samples come, in which order, on the running backend."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nin.data import Augmentation, Batches
from nin.data.loader import as_numpy
from nin.errors import DataError


def numbered(count, batch_size, shuffle=True, **settings):
    """Batches in which every image's pixel and label is the sample's number."""
    numbers = np.arange(count)
    images = numbers.astype(np.uint8).reshape(-1, 1, 1, 1)
    return Batches(images, numbers.astype(np.int32), batch_size, shuffle=shuffle, **settings)


def order(loader):
    return [int(label) for _, labels in loader for label in labels]


@given(
    count=st.integers(1, 200),
    batch_size=st.integers(1, 64),
    seed=st.integers(0, 2**32),
    epoch=st.integers(0, 1000),
)
def test_every_epoch_serves_each_sample_once(count, batch_size, seed, epoch):
    loader = numbered(count, batch_size, seed=seed, epoch=epoch)
    batches = list(loader)
    assert len(batches) == len(loader) == -(-count // batch_size)
    assert [len(y) for _, y in batches[:-1]] == [batch_size] * (len(batches) - 1)
    assert sorted(order(loader)) == list(range(count))
    for images, labels in batches:
        assert (images.ravel() == labels).all()


def test_samples_and_not_batches_are_shuffled():
    loader = numbered(100, 10)
    first = [frozenset(labels) for _, labels in loader]
    loader.on_epoch_end()
    assert loader.epoch == 1
    assert not set(first) & {frozenset(labels) for _, labels in loader}


def test_the_order_depends_on_seed_and_epoch_alone():
    assert order(numbered(50, 7, seed=3, epoch=5)) == order(numbered(50, 9, seed=3, epoch=5))
    assert order(numbered(50, 7, seed=3, epoch=5)) != order(numbered(50, 7, seed=4, epoch=5))
    expected = np.random.default_rng((3, 5)).permutation(50)
    assert order(numbered(50, 7, seed=3, epoch=5)) == expected.tolist()


def test_without_shuffling_the_order_is_that_of_the_arrays_in_every_epoch():
    loader = numbered(10, 4, shuffle=False)
    loader.on_epoch_end()
    assert order(loader) == list(range(10))


def test_a_batch_is_a_copy():
    loader = numbered(4, 4, shuffle=False)
    loader[0][0][:] = 99
    assert loader.images.max() == 3


def test_it_is_a_sequence_and_keeps_types():
    loader = numbered(10, 4, shuffle=False)
    images, labels = next(iter(loader))
    assert (images.dtype, labels.dtype) == (np.uint8, np.int32)
    assert loader[-1][1].tolist() == [8, 9]
    with pytest.raises(IndexError):
        loader[3]
    assert loader.num_samples == 10


def test_augmentation_repeats_for_an_epoch_and_changes_with_it():
    images = np.random.default_rng(0).integers(0, 256, (8, 6, 6, 3), dtype=np.uint8)
    loader = Batches(images, np.arange(8), 8, shuffle=False, augmentation=Augmentation(2, True))
    first = loader[0][0]
    assert (loader[0][0] == first).all()
    loader.epoch = 1
    assert (loader[0][0] != first).any()


@pytest.mark.parametrize(
    ("images", "labels", "settings", "words"),
    [
        (0, 0, {}, "no images"),
        (3, 2, {}, "3 images but 2 labels"),
        (3, 3, {"batch_size": 0}, "batch_size must be 1 or more, not 0"),
        (3, 3, {"seed": -1}, "seed must be 0 or more, not -1"),
    ],
)
def test_what_cannot_be_cut_is_refused(images, labels, settings, words):
    settings = {"batch_size": 2, "shuffle": True, **settings}
    with pytest.raises(DataError, match=words):
        Batches(np.zeros((images, 2, 2, 1)), np.zeros(labels), **settings)


class Seen(keras.layers.Layer):
    """Adds the numbers of the samples it meets in training into a table, a column a step."""

    def __init__(self, count, steps):
        super().__init__()
        self.table = self.add_weight(shape=(steps, count), initializer="zeros", trainable=False)
        self.step = self.add_weight(shape=(), dtype="int32", initializer="zeros", trainable=False)

    def rows(self):
        return as_numpy(keras.ops.add(self.table, 0))

    def call(self, inputs, training=False):
        numbers = keras.ops.cast(keras.ops.reshape(inputs, (-1,)), "int32")
        if training:
            steps, count = self.table.shape
            row = keras.ops.one_hot(self.step, steps)[:, None]
            hits = keras.ops.sum(keras.ops.one_hot(numbers, count), axis=0)
            self.table.assign_add(row * hits[None])
            self.step.assign_add(1)
        return keras.ops.cast(keras.ops.reshape(inputs, (-1, 1)), "float32")


def trained_on(loader, *, epochs, initial_epoch=0):
    """The samples of each step of `fit`, as the layer inside the graph met them."""
    steps = len(loader) * (epochs - initial_epoch)
    seen = Seen(loader.num_samples, steps)
    model = keras.Sequential([seen, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(loader, epochs=epochs, initial_epoch=initial_epoch, shuffle=False, verbose=0)
    return [frozenset(np.flatnonzero(row)) for row in seen.rows()]


def expected(count, batch_size, epochs):
    return [
        frozenset(labels.tolist())
        for epoch in epochs
        for _, labels in numbered(count, batch_size, epoch=epoch)
    ]


@pytest.mark.every_backend
@pytest.mark.parametrize(("count", "batch_size"), [(23, 5), (7, 8)])
def test_fit_sees_each_epochs_order_with_its_short_last_batch(count, batch_size):
    loader = numbered(count, batch_size)
    assert trained_on(loader, epochs=3) == expected(count, batch_size, [1, 2, 3])
    assert loader.epoch == 4


@pytest.mark.every_backend
def test_setting_the_epoch_continues_an_interrupted_training():
    loader = numbered(23, 5)
    loader.epoch = 2
    assert trained_on(loader, epochs=3, initial_epoch=2) == expected(23, 5, [3])


def test_a_callback_can_set_the_epoch():
    class Follow(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            loader.epoch = epoch

    loader = numbered(23, 5)
    seen = Seen(23, 10)
    model = keras.Sequential([seen, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(loader, epochs=2, shuffle=False, verbose=0, callbacks=[Follow()])
    rows = [frozenset(np.flatnonzero(row)) for row in seen.rows()]
    assert rows == expected(23, 5, [0, 1])


@pytest.mark.every_backend
@pytest.mark.slow
def test_evaluate_and_predict_take_it():
    loader = numbered(10, 4, shuffle=False)
    model = keras.Sequential([Seen(10, 3)])
    model.compile(loss="mse")
    assert model.predict(loader, verbose=0).ravel().tolist() == list(range(10))
    assert model.evaluate(loader, verbose=0) == 0


@pytest.mark.every_backend
def test_tensors_of_the_backend_become_arrays():
    assert as_numpy(keras.ops.arange(3)).tolist() == [0, 1, 2]
