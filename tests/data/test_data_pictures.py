"""`Pictures`: indexed as numpy would, read when used, and what stands in for a bad one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nin.data import ImageFolder, Pictures
from nin.data import pictures as module
from nin.data.folders.listing import Files
from nin.errors import DataError

COUNT = 23


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """The same pictures on disk and in memory."""
    make = tmp_path_factory.mktemp("twins")
    noise = np.random.default_rng(0)
    paths = []
    for number in range(COUNT):
        path = make / f"{number:02}.png"
        pixels = noise.integers(0, 256, (9, 7, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
        paths.append(str(path))
    lazy = Pictures(Files(paths, np.zeros(COUNT, np.int32)), 6, 3)
    return lazy, np.stack([lazy[number] for number in range(COUNT)])


positions = st.integers(-COUNT, COUNT - 1)
steps = st.one_of(st.none(), st.integers(-3, -1), st.integers(1, 3))
bounds = st.one_of(st.none(), st.integers(-40, 40))
keys = st.one_of(
    positions,
    st.builds(slice, bounds, bounds, steps),
    st.lists(positions, min_size=1, max_size=30),
    st.lists(positions, min_size=1, max_size=30).map(np.array),
    st.lists(st.booleans(), min_size=COUNT, max_size=COUNT).map(np.array),
    st.just(np.array([[0, 1], [2, 3]])),
)


@given(key=keys)
def test_indexing_is_that_of_an_array(twins, key):
    lazy, array = twins
    found = lazy[key]
    assert (found.shape, found.dtype) == (array[key].shape, array.dtype)
    assert (found == array[key]).all()


def test_it_has_the_shape_of_an_array_and_can_become_one(twins):
    lazy, array = twins
    assert (len(lazy), lazy.shape, lazy.ndim, lazy.dtype) == (COUNT, (COUNT, 6, 6, 3), 4, np.uint8)
    assert (np.asarray(lazy) == array).all()
    assert np.asarray(lazy, np.float32).dtype == np.float32


def test_what_an_array_has_not_is_refused(twins):
    lazy, _ = twins
    with pytest.raises(IndexError):
        lazy[COUNT]
    with pytest.raises(IndexError, match="along their first axis only"):
        lazy[:, 0]


def test_more_than_memory_holds_is_refused_before_anything_is_read(twins, monkeypatch):
    lazy, array = twins
    monkeypatch.setattr(module, "MEMORY_LIMIT", 10 * 6 * 6 * 3)
    assert (lazy[:10] == array[:10]).all()
    with pytest.raises(DataError, match=r"11 pictures of 6×6 at once take .* take fewer"):
        lazy[:11]
    with pytest.raises(DataError, match="23 pictures"):
        np.asarray(lazy)


def test_joined_they_follow_one_another(twins):
    lazy, array = twins
    both = lazy.joined([lazy])
    assert (both[:] == np.concatenate([array, array])).all()
    assert len(both.files.labels) == 2 * COUNT


def test_joined_pictures_are_fitted_as_they_were(tmp_path):
    image = np.zeros((6, 30, 3), np.uint8)
    image[:, 10:20] = 255
    Image.fromarray(image).save(tmp_path / "wide.png")
    files = Files([str(tmp_path / "wide.png")], np.zeros(1, np.int32))
    one = Pictures(files, 6, 3, resize_mode="crop")
    assert one.joined([one])[:].min() == 255


def test_a_bad_picture_is_one_line_that_names_it(pictures):
    root = pictures({"cat": 30, "dog": 2})
    for number in (7, 21):
        (root / "cat" / f"{number:03}.png").write_bytes(b"no picture")
    images = ImageFolder(root, image_size=6, test=0, validation=0, stream=True).train.images
    assert len(images[:7]) == 7
    for key in (7, slice(None), [21, 7, *range(7)]):
        with pytest.raises(DataError, match=r"go on without it: skip_bad=True$") as raised:
            images[key]
        first = "021" if isinstance(key, list) else "007"
        assert str(raised.value).startswith(f"{root / 'cat' / first}.png: not a JPEG")
        assert "\n" not in str(raised.value)


@given(order=st.permutations(range(8)))
def test_the_next_of_its_class_stands_in_for_a_bad_one_whoever_asks_first(tmp_path_factory, order):
    root = tmp_path_factory.mktemp("bad")
    for label, name in enumerate(("cat", "dog")):
        (root / name).mkdir()
        for number in range(4):
            pixels = np.full((6, 6, 3), 10 * label + number, np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    bad = [root / "cat" / "1.png", root / "cat" / "2.png", root / "dog" / "3.png"]
    for path in bad:
        path.write_bytes(b"no picture")
    data = ImageFolder(root, image_size=6, test=0, validation=0, stream=True, skip_bad=True)
    assert data.skipped == []
    values = {position: int(data.train.images[position][0, 0, 0]) for position in order}
    assert [values[position] for position in range(8)] == [0, 3, 3, 3, 10, 11, 12, 10]
    assert [line.partition(": ")[0] for line in data.skipped] == [str(path) for path in bad]
    assert data.train.labels.tolist() == [0] * 4 + [1] * 4


def test_of_a_class_without_a_readable_picture_nothing_can_be_had(pictures):
    root = pictures({"cat": 3, "dog": 3})
    for path in (root / "dog").iterdir():
        path.write_bytes(b"no picture")
    data = ImageFolder(root, image_size=6, test=0, validation=0, stream=True, skip_bad=True)
    assert len(data.train.images[:3]) == 3
    with pytest.raises(DataError, match=r"dog/000\.png: no picture of its class can be read"):
        data.train.images[3]
