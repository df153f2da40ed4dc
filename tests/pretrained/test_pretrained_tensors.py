"""Tensors that PyTorch wrote, read without it; and files that mean harm."""

import contextlib
import operator
import os
import pickle
import tracemalloc
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch_files import Name, Storage, Tensor, old_file, pickled

from nin.errors import WeightsError
from nin.pretrained.tensors import read_tensors

NUMBERS = np.arange(24, dtype="<f4")


def one(shape=(2, 3), strides=(3, 1), offset=0):
    """A file with one tensor of `NUMBERS`."""
    return old_file({"a": Tensor(Storage(NUMBERS, key="1"), shape, strides, offset)})


def refused(content):
    """What is said of a file, in one line."""
    with pytest.raises(WeightsError) as caught:
        read_tensors(content)
    message = str(caught.value)
    assert message.startswith("not a file of tensors as PyTorch wrote them: ")
    assert len(message.splitlines()) == 1
    assert len(message) < 300
    return message


def test_names_order_types_and_values():
    floats, steps = Storage(NUMBERS), np.array([2**40, -1], "<i8")
    counts = Storage(steps, "LongStorage")
    tensors = OrderedDict(
        z=Tensor(floats, (2, 3, 4), (12, 4, 1)),
        a=Tensor(counts, (2,), (1,)),
        m=Tensor(floats, (4,), (1,), 20),
    )
    read = read_tensors(old_file(tensors))
    assert list(read) == ["z", "a", "m"]
    assert [array.dtype for array in read.values()] == [np.float32, np.int64, np.float32]
    assert np.array_equal(read["z"], NUMBERS.reshape(2, 3, 4))
    assert np.array_equal(read["a"], steps)
    assert np.array_equal(read["m"], [20, 21, 22, 23])


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [
        ((3, 2), (1, 3), 0),
        ((3, 2, 4), (4, 12, 1), 0),
        ((2, 2), (12, 2), 5),
        ((24,), (1,), 0),
        ((1, 1), (99, 99), 23),
        ((), (), 7),
    ],
)
def test_any_strides(shape, strides, offset):
    read = read_tensors(one(shape, strides, offset))["a"]
    assert read.shape == shape
    assert read.flags.c_contiguous
    for index in np.ndindex(shape):
        steps = map(operator.mul, index, strides)
        assert read[index] == NUMBERS[offset + sum(steps)]


def test_a_bare_dictionary_and_no_tensor_at_all():
    assert read_tensors(old_file({})) == {}
    assert read_tensors(old_file(OrderedDict())) == {}


class Harm:
    """What a pickle may do where it is let."""

    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize("part", ["magic", "protocol", "little_endian", "tensors", "keys"])
@pytest.mark.parametrize("function", [os.system, eval, exec])
def test_nothing_is_executed(tmp_path, part, function):
    victim = tmp_path / "victim"
    code = (
        f"touch {victim}"
        if function is os.system
        else f"__import__('pathlib').Path({str(victim)!r}).touch()"
    )
    harm = Harm(function, code)
    pickle.loads(pickle.dumps(harm, 2))
    assert victim.exists(), "it does no harm anywhere"
    victim.unlink()
    said = refused(old_file(**{"tensors": {}, part: harm}))
    assert "it refers to" in said
    assert function.__name__ in said
    assert not victim.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("torch", "load"),
        ("torch", "HalfStorage"),
        ("torch._utils", "_rebuild_tensor"),
        ("collections", "abc.Callable"),
        ("nin.pretrained.tensors", "read_tensors"),
        ("a" * 100_000, "b"),
        ("a\x0bb\x1cc", "d\re"),
    ],
)
def test_any_other_name_is_refused(module, name):
    assert "it refers to" in refused(old_file({"a": Name(module, name)}))


class Referring(pickle.Pickler):
    """Refers to something beside a storage."""

    def persistent_id(self, value):
        return value.pid if isinstance(value, Reference) else None


class Reference:
    """Stands for an object by any identity."""

    def __init__(self, pid):
        self.pid = pid


@pytest.mark.parametrize(
    "pid",
    [
        ("module", "torch.nn.Linear", "a.py", "code"),
        ("storage", "FloatStorage", "0"),
        ("a\nb", "FloatStorage", "0"),
        ("storage", ["FloatStorage"], "0", "cpu", 1, None),
        ("storage", "DoubleStorage", "0", "cpu", 1, None),
        ("storage",),
        "storage",
        7,
        (),
    ],
)
def test_other_references_are_refused(tmp_path, pid):
    with (tmp_path / "reference").open("w+b") as file:
        Referring(file, 2).dump({"a": Reference(pid)})
        file.seek(0)
        reference = file.read()
    refused(old_file({}).removesuffix(pickled({}) + pickled([])) + reference + pickled([]))


@pytest.mark.parametrize("value", [None, 3, "text", [1], {"a": 1}, {"a": None}, {"a": "torch"}])
def test_what_are_no_tensors_are_refused(value):
    refused(old_file(value))


@pytest.mark.parametrize(
    "change", [{"magic": 1}, {"magic": "text"}, {"protocol": 1002}, {"little_endian": False}]
)
def test_other_files_of_pytorch_are_refused(change):
    refused(old_file({}, **change))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80", b"\x80\x02.", b"a" * 1000])
def test_other_files_are_refused(content):
    refused(content)


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [
        ((2, 3), (3, 1), -1),
        ((2, 3), (-3, 1), 6),
        ((2, 3), (3, -1), 6),
        ((-2, 3), (3, 1), 0),
        ((-2, -3), (-3, -1), 0),
        ((2, 3), (3,), 0),
        ((25,), (1,), 0),
        ((24,), (1,), 1),
        ((2, 2), (23, 1), 0),
        ((1,), (1,), 24),
        ((1,), (1,), 2**70),
        ((2,), (2**70,), 0),
        ((2,), (2**62,), 0),
        (("a",), (1,), 0),
        (None, None, 0),
        ((2,), (1,), None),
    ],
)
def test_a_tensor_lies_within_its_storage(shape, strides, offset):
    refused(one(shape, strides, offset))


def test_cut_off_anywhere_it_is_refused():
    whole = one()
    assert read_tensors(whole)["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    needed = len(whole) - NUMBERS.nbytes + 6 * NUMBERS.itemsize
    assert read_tensors(whole[:needed])["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    for length in range(needed):
        refused(whole[:length])


def binary(size, count=8):
    return size.to_bytes(count, "little")


CLAIMS = {
    "a storage": lambda head, _: head + binary(2**40),
    "a storage of most": lambda head, _: head + binary(2**64 - 1),
    "a text": lambda _, tail: b"\x80\x02X" + binary(2**31 - 1, 4) + tail,
    "a long text": lambda _, tail: b"\x80\x04\x8d" + binary(2**34) + tail,
    "bytes": lambda _, tail: b"\x80\x03B" + binary(2**32 - 1, 4) + tail,
    "many bytes": lambda _, tail: b"\x80\x04\x8e" + binary(2**34) + tail,
    "an array of bytes": lambda _, tail: b"\x80\x05\x96" + binary(2**34) + tail,
    "a number": lambda _, tail: b"\x80\x02\x8b" + binary(2**31 - 1, 4) + tail,
    "a frame": lambda _, tail: b"\x80\x04\x95" + binary(2**34) + tail,
    "a place in the memo": lambda _, tail: b"\x80\x02Nr" + binary(2**24, 4) + b"." + tail,
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_a_file_claims_takes_no_memory(claim):
    whole = one()
    content = CLAIMS[claim](whole[: -NUMBERS.nbytes - 8], whole)
    tracemalloc.start()
    try:
        refused(content)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2**20


def test_a_number_is_not_repeated_without_end():
    tracemalloc.start()
    try:
        refused(one((2**12, 2**12), (0, 0)))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2**20


@given(data=st.data())
def test_a_changed_file_is_read_or_refused(data):
    content = bytearray(one())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        ours = data.draw(st.sampled_from(["change", "remove", "insert", "repeat"]))
        if ours == "change":
            content[place] = data.draw(st.integers(0, 255))
        elif ours == "remove":
            del content[place : place + data.draw(st.integers(1, 9))]
        elif ours == "insert":
            content[place:place] = data.draw(st.binary(min_size=1, max_size=9))
        else:
            content[place:place] = content[place : place + data.draw(st.integers(1, 40))]
        if not content:
            break
    with contextlib.suppress(WeightsError):
        assert all(type(array) is np.ndarray for array in read_tensors(bytes(content)).values())


def test_text_with_an_odd_escape_is_refused_without_a_warning():
    with pytest.raises(WeightsError, match="it contains STRING"):
        read_tensors(b"\x80\x02S'\\o'\n.")
