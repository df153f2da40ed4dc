"""Somebody's own loaders: batches of one size, in their order; and what is none."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import nin
from nin.backends.distribution import Layout
from nin.data import sources
from nin.data.in_memory.loader_images import LoaderImages, collect
from nin.data.shard import Shard
from nin.data.sources import (
    as_evaluation_images,
    as_images,
    as_module,
    images_called,
    is_loader,
    name_of_images,
)
from nin.errors import DataError

#: Each image says its own number; labels are its remainder by two.
X = np.arange(20, dtype=np.float32)[:, None, None, None] * np.ones((1, 4, 4, 1), np.float32) / 255
Y = np.arange(20) % 2


class Sequence(keras.utils.PyDataset):
    """Batches of three, every image brighter by `shift` in each further epoch."""

    def __init__(self, count=20, shift=0):
        super().__init__(workers=0)
        self.count, self.shift, self.epoch = count, shift, 0

    def __len__(self):
        return -(-self.count // 3)

    def __getitem__(self, index):
        part = slice(3 * index, min(3 * index + 3, self.count))
        return X[part] + self.epoch * self.shift / 255, Y[part]


class Iterated:
    """What torch's DataLoader is to others: an iterable with a length, channels first."""

    def __len__(self):
        return 4

    def __iter__(self):
        return (
            (X[i : i + 5].transpose(0, 3, 1, 2).repeat(3, 1), Y[i : i + 5]) for i in (0, 5, 10, 15)
        )


def tensors():
    tensorflow = pytest.importorskip("tensorflow")
    return tensorflow.data.Dataset.from_tensor_slices((X, Y)).batch(6)


@pytest.mark.parametrize("make", [Sequence, Iterated, tensors])
def test_batches_have_one_size_and_all_images_are_in_them(make):
    assert is_loader(make())
    data = as_images((make(), make())).revised(batch_size=8, validation=0.1)
    assert isinstance(data, LoaderImages)
    assert data.parts == ("train", "validation")
    loader = data.train_dataloader()
    for _ in range(2):
        batches = [loader[index] for index in range(len(loader))]
        assert [len(y) for _, y in batches] == [8, 8, 4]
        assert np.concatenate([x[:, 0, 0, 0] for x, _ in batches]).tolist() == list(range(20))
        assert np.concatenate([y for _, y in batches]).tolist() == Y.tolist()
        loader.on_epoch_end()
    assert data.describe()["exact"] is False
    assert "neither exact resume nor the same result" in data.notes[-1]
    assert as_evaluation_images(make()).test.labels.tolist() == Y.tolist()


def test_labels_that_are_texts_are_refused():
    class Texts(Sequence):
        def __getitem__(self, index):
            images, labels = super().__getitem__(index)
            return images, labels.astype(str)

    with pytest.raises(DataError, match="as numbers or one-hot, not as texts"):
        as_images((Texts(), Texts()))


def test_what_a_loader_changes_reaches_the_training():
    source = Sequence(shift=7)
    data = as_images((source, Sequence()))
    loader = data.revised(batch_size=20).train_dataloader()
    source.epoch = 3
    assert loader[0][0][:, 0, 0, 0].tolist() == [number + 21 for number in range(20)]


def test_a_loader_that_gives_less_begins_again():
    source = Sequence()
    loader = as_images((source, Sequence())).revised(batch_size=20).train_dataloader()
    source.count = 12
    assert loader[0][0][:, 0, 0, 0].tolist() == [*range(12), *range(8)]


def test_a_resumed_epoch_has_the_rest_of_the_steps():
    loader = as_images((Sequence(), Sequence())).revised(batch_size=8).train_dataloader()
    loader.first = 1
    assert [len(loader[index][1]) for index in range(len(loader))] == [8, 4]


def test_the_same_network_is_trained_by_fit():
    trainer = nin.Trainer(max_epochs=1, verbose=False)
    trainer.fit(nin.LeNet(num_classes=2), as_images((Big(), Big())))
    assert {"loss", "val_loss"} <= trainer.history.keys()


class Big(Sequence):
    def __getitem__(self, index):
        images, labels = super().__getitem__(index)
        return images.repeat(4, 1).repeat(4, 2), labels


class Noise(nin.DataModule):
    """A data module of the book's."""

    def __init__(self, batch_size=4):
        super().__init__()
        self.save_hyperparameters()

    def get_dataloader(self, train):
        return self.get_tensorloader((X, Y), train, slice(0, 16) if train else slice(16, None))


def test_a_data_module_of_the_book_is_exact():
    data = as_images(Noise())
    assert isinstance(data, nin.ImageArrays)
    assert not isinstance(data, LoaderImages)
    assert (data.name, data.parts) == ("Noise", ("train", "validation"))
    assert (len(data.train.labels), len(data.val.labels)) == (16, 4)
    assert name_of_images(data).startswith("Noise@")
    assert as_module(data) is data


class Gone(nin.DataModule):
    def get_dataloader(self, train):
        return Sequence()


def test_a_data_module_with_another_loader_is_not():
    assert isinstance(as_images(Gone()), LoaderImages)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: iter([(X, Y)]), "is used up after one pass"),
        (lambda: [X], "a loader gives"),
        (lambda: [(X, Y, Y)], r"a loader gives \(images, labels\), not a tuple of 3"),
        (lambda: [(X[0, ..., 0], Y[0])], r"batches, not single images of shape \(4, 4\)"),
        (lambda: Sequence(0), "gives no batch"),
        (lambda: tensors().repeat(), "never ends: leave out repeat"),
        (lambda: [(X, Y), (X[:, :2], Y)], "batches of several shapes"),
    ],
)
def test_what_is_no_loader_is_one_line(make, said):
    with pytest.raises(DataError, match=said) as caught:
        collect(make())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"folds": 3}, "folds=3: cannot be used with a loader"),
        ({"limit": 3}, "limit=3"),
        ({"balance": "weights"}, "balance="),
    ],
)
def test_a_loader_chooses_its_images_itself(settings, said):
    with pytest.raises(DataError, match=said):
        as_images((Sequence(), Sequence())).revised(**settings)
    with pytest.raises(DataError, match="a single Sequence: give two"):
        as_images(Sequence())
    with pytest.raises(
        DataError, match="groups: cannot be given with a loader, which divides its images itself"
    ):
        as_images((Sequence(), Sequence()), groups=Y)


def test_the_ways_to_give_parts():
    assert as_images(((X, Y), (X, Y))).parts == ("train", "validation", "test")
    three = as_images(((X, Y), (X[:4], Y[:4]), (X[:6], Y[:6])))
    assert [len(three.split(part).labels) for part in three.parts] == [20, 4, 6]
    assert as_module((X, Y)).parts == ("train", "validation")
    assert len(as_module(((X, Y), (X[:6], Y[:6]))).val.labels) == 6
    with pytest.raises(DataError, match="groups: can be given with arrays only, not with Noise"):
        as_images(Noise(), groups=Y)


def test_a_loader_that_gives_the_same_generator_each_time_is_used_up():
    class Once:
        def __init__(self):
            self.batches = ((X[part : part + 5], Y[part : part + 5]) for part in (0, 5, 10, 15))

        def __iter__(self):
            return self.batches

    images = as_module((Once(), Sequence()))
    with pytest.raises(DataError, match="a Once is used up after one pass"):
        [*images.train_dataloader()]


def test_a_loader_is_told_of_epochs():
    told = []

    class Changing(Sequence):
        def on_epoch_begin(self):
            told.append("begin")

        def on_epoch_end(self):
            told.append("end")
            self.epoch += 1

    loader = as_images((Changing(shift=7), Sequence())).revised(batch_size=20).train_dataloader()
    before = loader[0][0]
    loader.on_epoch_begin()
    loader.on_epoch_end()
    assert told == ["begin", "end"]
    assert (loader[0][0] == before + 7).all()


def test_a_dataset_without_an_end_is_refused():
    class Endless(keras.utils.PyDataset):
        num_batches = None

        def __getitem__(self, index):
            assert index < 50, "it goes on and on"
            return X[:3], Y[:3]

    class Unsaid(Endless):
        num_batches = keras.utils.PyDataset.num_batches

    for endless in (Endless, Unsaid):
        with pytest.raises(DataError, match="never ends: give it a length"):
            collect(endless())


@pytest.mark.slow
def test_a_loader_is_told_by_shards_and_by_hand():
    told = []

    class Told(Big):
        def on_epoch_begin(self):
            told.append("begin")

        def on_epoch_end(self):
            told.append("end")

    batches = as_images((Told(), Big())).revised(batch_size=20).train_dataloader()
    Shard(batches, Layout(2, 1, 0), training=True).on_epoch_begin()
    assert told == ["begin"]

    class Own(nin.LeNet):
        def training_step(self, batch):
            return super().training_step(batch)

    told.clear()
    nin.Trainer(max_epochs=2, verbose=False).fit(Own(num_classes=2), as_images((Told(), Big())))
    assert told == ["begin", "end"] * 2


def test_the_latest_images_are_found_by_their_names(monkeypatch):
    monkeypatch.setattr(sources, "MOST", 2)
    monkeypatch.setattr(sources, "_opened", {})
    every = [as_images((np.full((20, 4, 4), n, np.uint8), np.arange(20) % 2)) for n in range(3)]
    first, second, again, third = [name_of_images(every[n]) for n in (0, 1, 0, 2)]
    assert first == again
    assert (images_called(first), images_called(third)) == (every[0], every[2])
    with pytest.raises(DataError, match="of which only the last 2 sets are kept: give them again"):
        images_called(second)
