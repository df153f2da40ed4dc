"""Decoding ahead: in order, in bounded memory, and no fault is another picture's."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from nin.errors import DataError
from nin.inference.read_ahead import THREADS, decoded_batches


def read(number):
    if number % 5 == 4:
        raise DataError(f"{number} is bad")
    return np.full((2, 2, 1), number % 256, np.uint8)


@pytest.mark.parametrize("count", [0, 1, 7, 8, 33])
def test_batches_come_in_order(count):
    batches = list(decoded_batches(range(count), read, 8))
    assert [len(batch) for batch in batches[:-1]] == [8] * ((count - 1) // 8)
    flat = [pair for batch in batches for pair in batch]
    assert [source for source, _ in flat] == [*range(count)]
    for source, (image, fault) in flat:
        assert (image is None) == (fault is not None) == (source % 5 == 4)
        assert image is None or image[0, 0, 0] == source


def test_no_more_is_read_than_is_about_to_be_used():
    asked = []

    def endless():
        number = 0
        while True:
            asked.append(number)
            yield number
            number += 1

    batches = decoded_batches(endless(), read, 3)
    for taken in range(1, 4):
        next(batches)
        assert len(asked) <= 3 * (taken + 1) + max(3, 2 * THREADS)
    batches.close()


def test_the_next_batch_is_read_while_one_is_in_use():
    second = threading.Event()

    def reading(number):
        if number >= 2:
            second.set()
        return read(number)

    batches = decoded_batches(range(4), reading, 2)
    next(batches)
    assert second.wait(10)
    batches.close()


def test_other_errors_are_nobodys_fault():
    def broken(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        next(decoded_batches(range(4), broken, 2))
