"""`DataModule`, the book's base class."""

import numpy as np
import pytest

from nin.data import DataModule
from nin.errors import DataError


class Line(DataModule):
    """A reader's own subclass that ignores root and num_workers."""

    def __init__(self, batch_size=4):
        self.save_hyperparameters()

    def get_dataloader(self, train):
        rows = slice(0, 10) if train else slice(10, None)
        return self.get_tensorloader((np.arange(16.0), np.arange(16)), train, rows)


def test_the_books_base_class_keeps_its_arguments_and_asks_to_be_overridden():
    data = DataModule()
    assert (data.root, data.num_workers) == ("../data", 4)
    with pytest.raises(DataError, match=r"DataModule must define get_dataloader\(self, train\)"):
        data.train_dataloader()
    with pytest.raises(DataError, match=r"must set self\.batch_size"):
        data.get_tensorloader((np.zeros(3), np.zeros(3)), train=True)


@pytest.mark.every_backend
def test_a_readers_subclass_gets_batches_of_its_arrays():
    data = Line()
    assert data.hparams == {"batch_size": 4}
    train = np.concatenate([y for _, y in data.train_dataloader()])
    assert sorted(train) == list(range(10))
    assert train.tolist() != list(range(10))
    assert [y.tolist() for _, y in data.val_dataloader()] == [[10, 11, 12, 13], [14, 15]]
    with pytest.raises(DataError, match="not 3 arrays"):
        data.get_tensorloader((np.zeros(3),) * 3, train=True)
