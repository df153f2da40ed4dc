"""The order of pictures in shards: all of them, near each other, and different in each epoch."""

import numpy as np
import pytest
import small_windows
from shards import write_tar

from nin.data import Batches, ImageFolder, block_order
from nin.data.block_order import Blocks, find_blocks

BATCH = 10


def blocks(sizes, window):
    return Blocks(np.repeat(np.arange(len(sizes), dtype=np.int32), sizes), np.array(sizes) / window)


def batches(blocks, **settings):
    count = len(blocks.of)
    images = np.arange(count)[:, None]
    return Batches(images, np.arange(count) % 3, BATCH, shuffle=True, blocks=blocks, **settings)


def order(loader, epoch):
    loader.epoch = epoch
    return np.concatenate([batch[0][:, 0] for batch in loader])


SIZES = [7] * 40 + [3, 1, 20]


def test_every_picture_comes_once_in_each_epoch_and_in_another_order():
    loader = batches(blocks(SIZES, 50), seed=1)
    first, second = order(loader, 1), order(loader, 2)
    assert sorted(first) == sorted(second) == [*range(sum(SIZES))]
    assert (first != second).any()
    assert (order(batches(blocks(SIZES, 50), seed=1), 2) == second).all()
    assert (order(batches(blocks(SIZES, 50), seed=2), 2) != second).any()


def test_what_is_read_at_a_time_are_the_blocks_of_a_window():
    loader = batches(blocks(SIZES, 50))
    of = loader.blocks.of[order(loader, 1)]
    last = {block: at for at, block in enumerate(of)}
    seen, open_now, most = set(), set(), 0
    for at, block in enumerate(of):
        seen.add(block)
        open_now = {each for each in seen if last[each] > at}
        most = max(most, sum(SIZES[each] for each in open_now))
    assert most <= 50 + max(SIZES) + BATCH


def test_within_a_window_classes_that_are_sorted_are_mixed():
    loader = batches(blocks([5] * 400, 500))
    # A block is of one class, and yet no batch is of few blocks.
    for batch in loader:
        assert len(set(loader.blocks.of[batch[0][:, 0]])) >= BATCH // 2


def test_a_process_reads_its_share_of_the_blocks():
    loader = batches(blocks([5] * 40, 100))
    of = loader.blocks.of[order(loader, 1)].reshape(-1, BATCH)[:10]
    halves = [set(rows.ravel()) for rows in (of[:, :5], of[:, 5:])]
    assert len(set.union(*halves)) == 20
    assert max(map(len, halves)) <= 14


def test_what_fits_into_a_window_is_shuffled_as_files_are():
    one_window = batches(blocks([5] * 10, 50))
    plain = batches(blocks([5] * 10, 50))
    plain.blocks = None
    for epoch in range(3):
        assert (order(one_window, epoch) == order(plain, epoch)).all()


def test_a_block_larger_than_a_window_is_one():
    loader = batches(blocks([30, 30, 5, 5], 10))
    assert sorted(order(loader, 1)) == [*range(70)]


def test_sampling_draws_the_same_pictures_and_only_their_order_is_another():
    some = blocks(SIZES, 50)
    near, plain = (batches(some, balance="sampling") for _ in range(2))
    plain.blocks = None
    drawn = order(near, 1)
    assert sorted(drawn) == sorted(order(plain, 1))
    assert len(set(some.of[drawn[:40]])) < len(set(some.of[order(plain, 1)[:40]]))


def test_blocks_are_found_by_the_names_of_pictures(tmp_path, monkeypatch):
    monkeypatch.setattr(block_order, "BLOCK", 4)
    monkeypatch.setattr(block_order, "WINDOW", 8)
    shards = [
        write_tar(tmp_path / f"{shard}.tar", {f"{number}.png": b"" for number in range(count)})
        for shard, count in (("a", 6), ("ab", 5))
    ]
    names = [f"{shards[0]}/{n}.png" for n in range(6)] + [f"{shards[1]}/{n}.png" for n in range(5)]
    found = find_blocks(names)
    assert found.of.tolist() == [0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 3]
    assert found.shares.tolist() == [0.5, 0.25, 0.5, 0.125]
    assert found.exceed_a_window
    assert find_blocks(["a/0.png"]) is None
    assert find_blocks([]) is None


@pytest.mark.parametrize("balance", ["none", "sampling"])
def test_streamed_shards_come_in_the_order_of_memory(tmp_path, monkeypatch, balance):
    monkeypatch.setattr(block_order, "BLOCK", small_windows.BLOCK)
    monkeypatch.setattr(block_order, "WINDOW", small_windows.WINDOW)
    shards = small_windows.noisy_shards(tmp_path)
    one, other = (
        ImageFolder(shards, 8, image_size=12, stream=stream, balance=balance)
        for stream in (True, False)
    )
    assert one.blocks("train").exceed_a_window
    loaders = [data.train_dataloader() for data in (one, other)]
    for epoch in range(2):
        for loader in loaders:
            loader.epoch = epoch
        for ours, theirs in zip(*loaders, strict=True):
            np.testing.assert_array_equal(ours[0], theirs[0])
            np.testing.assert_array_equal(ours[1], theirs[1])
