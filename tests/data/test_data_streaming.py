"""Streamed pictures: the batches, weights and predictions of memory, and nothing left behind."""

import threading
import time

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from nin.data import Augmentation, Batches, ImageFolder, StreamedBatches, reading_ahead
from nin.data import image_folder as folder_module
from nin.data.loader import as_numpy
from nin.data.pictures import TASK, WORKERS, Pictures
from nin.data.registry import open_data
from nin.errors import DataError

ALL_CHANGES = Augmentation(2, True, 0.3, 20, 0.3, 0.3, 0.3, 0.5)
BALANCES = ("none", "weights", "sampling")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder of 90 noisy pictures of different sizes in three classes."""
    root = tmp_path_factory.mktemp("streamed") / "photos"
    noise = np.random.default_rng(0)
    for name, count in (("ant", 20), ("bee", 30), ("cow", 40)):
        (root / name).mkdir(parents=True)
        for number in range(count):
            height, width = noise.integers(8, 20, 2)
            pixels = noise.integers(0, 256, (height, width, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number:03}.jpg")
    return root


def folder(root, stream, **settings):
    return ImageFolder(root, 7, image_size=8, stream=stream, **settings)


@pytest.fixture(scope="module")
def kept(root):
    """The same pictures in memory."""
    return folder(root, False)


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    deadline = time.monotonic() + 20
    while decoding() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert decoding() == []


def decoding():
    return [each.name for each in threading.enumerate() if each.name.startswith("nin-pictures")]


def settled(number, limit=5.0):
    """Wait until `number()` has not changed for a while; return it."""
    deadline, last, since = time.monotonic() + limit, number(), time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < 0.3:
        time.sleep(0.02)
        if number() != last:
            last, since = number(), time.monotonic()
    return last


@pytest.mark.slow
@settings(max_examples=25)
@given(
    batch_size=st.integers(1, 80),
    seed=st.integers(0, 2**32),
    epoch=st.integers(0, 1000),
    shuffle=st.booleans(),
    first=st.integers(0, 3),
    balance=st.sampled_from(BALANCES),
)
def test_batches_are_those_of_memory(root, kept, batch_size, seed, epoch, shuffle, first, balance):
    rules = {
        "shuffle": shuffle or balance == "sampling",
        "seed": seed,
        "epoch": epoch,
        "augmentation": ALL_CHANGES,
        "balance": balance,
    }
    streamed = StreamedBatches(*folder(root, True).train, batch_size, **rules)
    memory = Batches(*kept.train, batch_size, **rules)
    streamed.first = memory.first = min(first, len(memory) - 1)
    for _ in range(2):
        assert len(streamed) == len(memory)
        for batch, expected in zip(streamed, memory, strict=True):
            assert batch[0].dtype == np.uint8
            assert len(batch) == len(expected) == (3 if balance == "weights" else 2)
            assert all((one == other).all() for one, other in zip(batch, expected, strict=True))
        streamed.on_epoch_end()
        memory.on_epoch_end()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(st.tuples(st.integers(0, 2), st.integers(-10, 9)), max_size=8))
def test_a_batch_depends_on_its_epoch_and_index_and_on_no_earlier_call(root, kept, calls):
    streamed = folder(root, True).train_dataloader()
    memory = kept.train_dataloader()
    for epoch, index in calls:
        streamed.epoch = memory.epoch = epoch
        assert (streamed[index][0] == memory[index][0]).all()
    streamed.close()


def test_a_folder_gives_streamed_loaders_when_asked_to(root):
    assert type(folder(root, True).train_dataloader()) is StreamedBatches
    assert type(folder(root, True).test_dataloader()) is StreamedBatches
    assert type(folder(root, False).train_dataloader()) is Batches
    assert open_data(root, stream=True).stream is True
    assert open_data(root).stream is False


def test_what_a_set_says_of_itself_is_what_it_says_in_memory(root, kept):
    streamed = folder(root, True)
    said, expected = streamed.describe(), kept.describe()
    assert said.pop("fingerprint") != expected.pop("fingerprint")
    assert said == expected
    assert streamed.statistics() == kept.statistics()
    assert streamed.imbalance() == kept.imbalance()
    assert streamed.hparams | {"stream": False} == kept.hparams


def test_statistics_of_many_pictures_come_from_a_sample_by_seed(root, kept, monkeypatch):
    monkeypatch.setattr(folder_module, "SAMPLE", 50)
    read = []
    original = Pictures.read_into
    monkeypatch.setattr(
        Pictures, "read_into", lambda self, to, at: (read.extend(at), original(self, to, at))
    )
    mean, std = folder(root, True).statistics()
    assert len(set(read)) == len(read) == 50
    assert folder(root, True).statistics() == (mean, std)
    assert (mean, std) != kept.statistics()
    np.testing.assert_allclose((mean, std), kept.statistics(), atol=0.02)


@pytest.mark.parametrize("split_by", ["content", "position"])
def test_the_fingerprint_is_of_content_or_of_names_and_sizes(pictures, monkeypatch, split_by):
    root = pictures({"ant": 10, "bee": 10}, "elsewhere/photos")

    def fingerprint(path=root, **settings):
        return folder(path, True, split_by=split_by, **settings).fingerprint()

    first = fingerprint()
    picture = root / "ant" / "003.png"
    content = picture.read_bytes()
    picture.write_bytes(content)
    assert fingerprint() == first
    assert fingerprint(seed=1) != first
    assert fingerprint(grey=True) != first
    picture.write_bytes(content + b"\0")
    assert fingerprint() != first
    picture.write_bytes(content)
    picture.rename(picture.with_name("003a.png"))
    assert (fingerprint() == first) == (split_by == "content")
    picture.with_name("003a.png").rename(picture)
    root.rename(root.parents[1] / "photos")
    monkeypatch.chdir(root.parents[1] / "photos")
    assert fingerprint(".") == fingerprint(root.parents[1] / "photos") == first
    (root.parents[1] / "photos" / "ant" / "gone.png").symlink_to("nowhere.png")
    assert fingerprint(".") != first


def test_what_is_decoded_ahead_is_bounded(root, monkeypatch):
    read = []
    original = Pictures.read_into
    monkeypatch.setattr(
        Pictures, "read_into", lambda self, to, at: (read.extend(at), original(self, to, at))
    )
    big = folder(root, True).train
    labels = np.tile(big.labels, 20)
    images = big.images.joined([big.images] * 19)
    loader = StreamedBatches(images, labels, 32, shuffle=True)
    loader[0]
    ahead = max(2 * 32, 2 * TASK * WORKERS)
    assert ahead <= settled(lambda: len(read)) - 32 < ahead + 32
    for index in range(1, 4):
        loader[index]
    assert settled(lambda: len(read)) - 4 * 32 < ahead + 32
    loader.close()


def model():
    keras.utils.set_random_seed(0)
    made = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Conv2D(4, 3),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    made.compile("sgd", loss, jit_compile=keras.backend.backend() == "jax")
    return made


def fitted(data, callbacks=()):
    trained = model()
    train, validation = data.train_dataloader(), data.val_dataloader()
    with reading_ahead(train, validation):
        history = trained.fit(
            train,
            validation_data=validation,
            epochs=2,
            shuffle=False,
            verbose=0,
            callbacks=list(callbacks),
        )
    return [as_numpy(each) for each in trained.weights], history.history


@pytest.mark.slow
@pytest.mark.parametrize(
    "balance",
    ["none", "sampling", pytest.param("weights", marks=pytest.mark.every_backend)],
)
def test_training_is_that_of_memory_to_the_bit(root, balance):
    rules = {"augmentation": ALL_CHANGES, "seed": 3, "balance": balance}
    weights, history = fitted(folder(root, True, **rules))
    expected, expected_history = fitted(folder(root, False, **rules))
    assert all((a == b).all() for a, b in zip(weights, expected, strict=True))
    assert history == expected_history


def test_prediction_is_that_of_memory_to_the_bit(root, kept):
    network = model()
    predictions = network.predict(folder(root, True).test_dataloader(), verbose=0)
    assert (predictions == network.predict(kept.test_dataloader(), verbose=0)).all()


def damaged(pictures):
    root = pictures({"ant": 40, "bee": 40})
    bad = root / "bee" / "017.png"
    bad.write_bytes(bad.read_bytes()[:40])
    return root, bad


@pytest.mark.every_backend
def test_keras_takes_few_batches_in_advance_however_slow_the_steps_are(root, monkeypatch):
    requested = []
    original = StreamedBatches.__getitem__
    monkeypatch.setattr(
        StreamedBatches,
        "__getitem__",
        lambda self, index: requested.append(index) or original(self, index),
    )
    waiting = []

    class Bursts(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch % 20 == 19:
                time.sleep(0.1)
                waiting.append(requested[-1] - batch)

    part = folder(root, True).train
    images = part.images.joined([part.images] * 9)
    loader = StreamedBatches(images, np.tile(part.labels, 10), 3, shuffle=True)
    with reading_ahead(loader):
        model().fit(loader, shuffle=False, verbose=0, callbacks=[Bursts()])
    assert len(waiting) == len(loader) // 20 > 10
    assert max(waiting) <= 3


@pytest.mark.every_backend
def test_an_unreadable_picture_ends_a_training_as_one_data_error(pictures):
    root, bad = damaged(pictures)
    with pytest.raises(DataError, match=r"skip_bad=True") as raised:
        fitted(folder(root, True, test=0))
    assert str(raised.value).startswith(f"{bad}: ")
    assert "\n" not in str(raised.value)


def test_with_skip_bad_a_training_goes_on_and_names_what_was_left_out(pictures):
    root, bad = damaged(pictures)
    data = folder(root, True, test=0, skip_bad=True)
    fitted(data)
    assert [line.partition(": ")[0] for line in data.skipped] == [str(bad)]


def test_another_exception_is_left_as_it_is(root):
    loader = folder(root, True).train_dataloader()
    loader[0]
    with pytest.raises(ZeroDivisionError), reading_ahead(loader, "no loader"):
        raise ZeroDivisionError


def test_a_loader_can_be_used_again_after_a_fault(pictures):
    root, bad = damaged(pictures)
    loader = folder(root, True, test=0).train_dataloader()
    content = (root / "bee" / "018.png").read_bytes()
    with pytest.raises(DataError), reading_ahead(loader):
        list(loader)
    bad.write_bytes(content)
    with reading_ahead(loader):
        assert sum(len(labels) for _, labels in loader) == loader.num_samples
    assert loader.fault is None


@pytest.mark.every_backend
def test_an_interrupt_leaves_no_thread(root):
    class Interrupt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 1:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fitted(folder(root, True), [Interrupt()])
