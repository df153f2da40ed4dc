"""Features are computed once for each content of a file, and kept whatever happens."""

import shutil

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from safetensors.numpy import load_file, save, save_file

from nin.data.decoding.decode import FRAMES
from nin.data.decoding.picture_formats import READ
from nin.training.transfer_learning import feature_cache as module
from nin.training.transfer_learning.feature_cache import BATCH, FeatureCache, View, compute_features

VIEW = View("0" * 64, 8, "squash")


class Extractor:
    """Stands for a trunk: three features, each photograph's mean colour; counts photographs."""

    channels = 3

    def __init__(self):
        self.batches = []

    def __call__(self, images):
        assert images.dtype == np.uint8
        assert images.shape[1:] == (VIEW.size, VIEW.size, 3)
        self.batches.append(len(images))
        return images.mean(axis=(1, 2), dtype=np.float32)

    @property
    def seen(self):
        return sum(self.batches)


@pytest.fixture
def photographs(tmp_path):
    """Make so many photographs, each of a colour of its own, and return their paths."""

    def make(count):
        paths = [tmp_path / f"{number:02}.png" for number in range(count)]
        for number, path in enumerate(paths):
            pixels = np.full((5, 7, 3), (number, 2 * number, 255 - number), np.uint8)
            Image.fromarray(pixels).save(path)
        return [str(path) for path in paths]

    return make


@pytest.fixture
def kept(tmp_path):
    """Open the cache of a view."""
    return lambda view=VIEW, name="features.safetensors": FeatureCache(tmp_path / name, view)


def colours(count):
    number = np.arange(count, dtype=np.float32)
    return np.stack([number, 2 * number, 255 - number], axis=1)


def computed(paths, cache):
    """Features, and how many photographs the trunk was given."""
    extractor = Extractor()
    return compute_features(paths, extractor, cache).features, extractor.seen


@pytest.mark.parametrize("count", [1, BATCH - 1, BATCH, 3 * BATCH + 5, 60])
def test_a_row_for_each_file_in_their_order(photographs, kept, count):
    paths, extractor = photographs(count), Extractor()
    order = np.random.default_rng(0).permutation(count)
    found = compute_features([paths[number] for number in order], extractor, kept())
    assert found.features.dtype == np.float32
    assert np.array_equal(found.features, colours(count)[order])
    assert found.faults == {}
    assert found.seconds > 0
    assert max(extractor.batches) <= BATCH
    assert extractor.seen == count


def test_no_files_at_all(kept, tmp_path):
    found = compute_features([], Extractor(), kept())
    assert found.features.shape == (0, 3)
    assert not (tmp_path / "features.safetensors").exists()


def test_a_second_time_nothing_is_computed(photographs, kept):
    paths = photographs(11)
    first, given = computed(paths, kept())
    second, again = computed(paths[::-1], kept())
    assert (given, again) == (11, 0)
    assert np.array_equal(second[::-1], first)


def test_a_file_is_known_by_its_content(photographs, kept, tmp_path):
    paths = photographs(3)
    computed(paths, kept())
    (tmp_path / "elsewhere").mkdir()
    moved = shutil.move(paths[0], tmp_path / "elsewhere/x.jpg")
    copied = shutil.copy(paths[1], tmp_path / "copy.png")
    features, given = computed([moved, copied], kept())
    assert given == 0
    assert np.array_equal(features, colours(2))
    shutil.copy(paths[2], paths[1])
    features, given = computed([paths[1]], kept())
    assert given == 0
    assert np.array_equal(features, colours(3)[2:])


def test_only_what_is_new_is_computed(photographs, kept):
    paths = photographs(20)
    computed(paths[:13], kept())
    features, given = computed(paths, kept())
    assert given == 7
    assert np.array_equal(features, colours(20))
    assert computed(paths, kept())[1] == 0


@pytest.mark.parametrize(
    "other",
    [VIEW._replace(trunk="1" * 64), VIEW._replace(size=9), VIEW._replace(resize_mode="crop")],
)
def test_features_of_another_view_are_not_taken(photographs, kept, other, monkeypatch):
    paths = photographs(2)
    computed(paths, kept())
    monkeypatch.setattr(f"{__name__}.VIEW", other)
    assert computed(paths, kept(other))[1] == 2


def test_features_are_taken_from_another_cache(photographs, kept, tmp_path):
    paths = photographs(9)
    computed(paths[:6], kept())
    ours = kept(name="ours.safetensors")
    ours.take_from(tmp_path / "features.safetensors")
    features, given = computed(paths, ours)
    assert given == 3
    assert np.array_equal(features, colours(9))
    assert computed(paths, kept(name="ours.safetensors"))[1] == 0


def test_a_missing_cache_holds_nothing(photographs, kept, tmp_path):
    cache = kept()
    cache.take_from(tmp_path / "missing")
    cache.take_from(tmp_path)
    assert computed(photographs(1), cache)[1] == 1


def test_a_cache_cut_off_anywhere_holds_nothing(photographs, kept, tmp_path):
    paths, path = photographs(2), tmp_path / "features.safetensors"
    computed(paths, kept())
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert kept()._rows == {}
    assert computed(paths, kept())[1] == 2


def test_rows_that_are_not_finite_are_computed_anew(photographs, kept, tmp_path):
    paths, path = photographs(4), tmp_path / "features.safetensors"
    computed(paths, kept())
    held = load_file(path)
    held[str(VIEW)][1, 2], held[str(VIEW)][3, 0] = np.nan, np.inf
    save_file(held, path)
    features, given = computed(paths, kept())
    assert given == 2
    assert np.array_equal(features, colours(4))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("digests", lambda digests: digests[:-1]),
        ("digests", lambda digests: digests[:, 0]),
        ("digests", lambda digests: digests[0, 0]),
        ("digests", lambda digests: digests.astype(np.float32)),
        ("digests", None),
        (str(VIEW), lambda rows: rows[:, :2]),
        (str(VIEW), lambda rows: rows[..., None]),
        (str(VIEW), lambda rows: rows[:, 0]),
        (str(VIEW), lambda rows: rows[0, 0]),
        (str(VIEW), lambda rows: rows.astype(np.float64)),
        (str(VIEW), lambda rows: rows > 0),
        (str(VIEW), None),
    ],
)
def test_a_cache_arranged_otherwise_holds_nothing(photographs, kept, tmp_path, name, change):
    paths, path = photographs(3), tmp_path / "features.safetensors"
    computed(paths, kept())
    held = load_file(path)
    array = held.pop(name)
    save_file(held if change is None else {**held, name: np.array(change(array))}, path)
    features, given = computed(paths, kept())
    assert given == 3
    assert features.dtype == np.float32
    assert np.array_equal(features, colours(3))
    assert computed(paths, kept())[1] == 0


ANY = arrays.arrays(
    st.sampled_from([np.uint8, np.float32, np.float16, np.int64, np.bool_]),
    arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)


@given(st.dictionaries(st.sampled_from(["digests", str(VIEW), "other"]), ANY), st.binary())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_in_the_file_a_cache_opens(tmp_path, held, tail):
    path = tmp_path / "odd.safetensors"
    path.write_bytes(save(held) + tail if held else tail)
    rows = FeatureCache(path, VIEW)._rows.values()
    assert all(row.dtype == np.float32 and np.isfinite(row).all() for row in rows)


def test_files_that_cannot_be_read_are_named_and_the_others_done(photographs, kept, tmp_path):
    paths = photographs(12)
    (tmp_path / "03.png").write_bytes(b"no picture")
    (tmp_path / "07.png").write_bytes((tmp_path / "06.png").read_bytes()[:40])
    (tmp_path / "11.png").unlink()
    extractor = Extractor()
    found = compute_features(paths, extractor, kept())
    assert set(found.faults) == {3, 7, 11}
    assert found.faults[3] == f"{paths[3]}: not a {READ} picture"
    assert found.faults[7].startswith(f"{paths[7]}: ")
    assert found.faults[11] == f"{paths[11]}: No such file or directory"
    readable = [number for number in range(12) if number not in found.faults]
    assert np.array_equal(found.features[readable], colours(12)[readable])
    assert extractor.seen == 9
    assert computed([paths[number] for number in readable], kept())[1] == 0


def test_stopped_it_keeps_what_is_done_and_goes_on_with_the_rest(photographs, kept):
    paths, extractor = photographs(3 * BATCH), Extractor()
    stops = iter([False, True])
    with pytest.raises(KeyboardInterrupt):
        compute_features(paths, extractor, kept(), lambda: next(stops))
    assert extractor.batches == [BATCH, BATCH]
    features, rest = computed(paths, kept())
    assert rest == BATCH
    assert np.array_equal(features, colours(3 * BATCH))


def test_whatever_ends_it_what_is_done_is_kept(photographs, kept):
    class Failing(Extractor):
        def __call__(self, images):
            if self.batches:
                raise MemoryError
            return super().__call__(images)

    paths = photographs(2 * BATCH)
    with pytest.raises(MemoryError):
        compute_features(paths, Failing(), kept())
    assert computed(paths, kept())[1] == BATCH


def test_features_are_written_now_and_then(photographs, tmp_path, monkeypatch):
    path, written = tmp_path / "features.safetensors", []

    class Watching(Extractor):
        def __call__(self, images):
            written.append(path.exists() and len(load_file(path)["digests"]))
            return super().__call__(images)

    monkeypatch.setattr(module, "SAVE_EVERY", 0)
    compute_features(photographs(2 * BATCH + 1), Watching(), FeatureCache(path, VIEW))
    assert written[:2] == [False, BATCH]
    assert len(load_file(path)["digests"]) == 2 * BATCH + 1


def test_a_cache_that_has_all_is_not_written_again(photographs, kept, tmp_path):
    paths, path = photographs(2), tmp_path / "features.safetensors"
    computed(paths, kept())
    before = path.stat().st_mtime_ns
    computed(paths, kept())
    assert path.stat().st_mtime_ns == before


def test_the_range_of_values_belongs_to_what_is_seen(tmp_path, kept):
    """Features of pictures of 8 bits stay known under the name that they had."""
    path = tmp_path / "deep.tif"
    Image.fromarray(np.full((8, 8), 601, np.uint16)).save(path)
    assert str(VIEW) == f"{VIEW.trunk} 8 squash"
    for bits, value in ((None, 150), (12, 37)):
        view = VIEW._replace(bit_depth=bits)
        features, given = computed([str(path)], kept(view))
        assert (features.tolist(), given) == ([[value] * 3], 1)


def test_what_is_to_be_said_of_photographs_is_counted(tmp_path, kept):
    frames = [Image.new("RGB", (5, 5), colour) for colour in ("red", "blue")]
    for number in range(3):
        frames[0].save(tmp_path / f"{number}.gif", save_all=True, append_images=frames[1:])
    paths = [str(path) for path in sorted(tmp_path.glob("*.gif"))]
    assert compute_features(paths, Extractor(), kept()).remarks == {FRAMES: 3}
