"""`Augmentation`: what moves, what stays, and that it is repeatable."""

import doctest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nin
from nin.data import Augmentation
from nin.data import augmentation as augmentation_module
from nin.data.augmentation import CROP_RATIO, ERASED_SHARE
from nin.data.transforms import cropped, recoloured, rotated
from nin.errors import DataError

SIZES = st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
SHARES = st.floats(0, 1)
CHANGES = st.builds(
    Augmentation,
    shift=st.integers(0, 3),
    flip=st.booleans(),
    crop=st.floats(0, 1, exclude_min=True),
    rotation=st.floats(0, 180),
    brightness=SHARES,
    contrast=SHARES,
    saturation=SHARES,
    erasing=SHARES,
    fill_mode=st.sampled_from(["nearest", "constant", "reflect"]),
)


def pictures(count, height, width, channels, seed=0):
    shape = (count, height, width, channels)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def shifted(image, down, right):
    """One image moved, pixel by pixel, as the documentation says it."""
    height, width, _ = image.shape
    rows = np.clip(np.arange(height) + down, 0, height - 1)
    columns = np.clip(np.arange(width) + right, 0, width - 1)
    return image[rows][:, columns]


@given(
    size=SIZES,
    shift=st.integers(0, 4),
    flip=st.booleans(),
    seed=st.integers(0, 2**32),
)
def test_each_image_is_a_shifted_perhaps_mirrored_copy(size, shift, flip, seed):
    images = pictures(*size)
    before = images.copy()
    changed = Augmentation(shift, flip)(images, np.random.default_rng(seed))
    assert (images == before).all()
    assert (changed.shape, changed.dtype) == (images.shape, np.uint8)
    span = range(-shift, shift + 1)
    for image, result in zip(images, changed, strict=True):
        moved = [shifted(image, down, right) for down in span for right in span]
        allowed = moved + [each[:, ::-1] for each in moved if flip]
        assert any((result == each).all() for each in allowed)


def test_every_shift_and_both_sides_occur():
    ramp = np.arange(49, dtype=np.uint8).reshape(1, 7, 7, 1).repeat(2000, axis=0)
    centres = Augmentation(1)(ramp, np.random.default_rng(0))[:, 3, 3, 0]
    values, counts = np.unique(centres, return_counts=True)
    assert values.tolist() == [16, 17, 18, 23, 24, 25, 30, 31, 32]
    assert counts.min() > 150
    mirrored = Augmentation(flip=True)(ramp, np.random.default_rng(0))[:, 0, 0, 0] == 6
    assert 900 < mirrored.sum() < 1100


def test_equal_generators_give_equal_images_and_others_do_not():
    images, change = pictures(8, 8, 8, 3), Augmentation(3, flip=True)
    first = change(images, np.random.default_rng((1, 2, 3)))
    assert (first == change(images, np.random.default_rng((1, 2, 3)))).all()
    assert (first != change(images, np.random.default_rng((1, 2, 4)))).any()


def test_doing_nothing_still_copies():
    images = pictures(2, 3, 3, 1)
    result = Augmentation()(images, np.random.default_rng(0))
    assert (result == images).all()
    assert not np.shares_memory(result, images)


@pytest.mark.parametrize("shift", [-1, 1.5, True])
def test_a_shift_is_a_whole_number_of_pixels(shift):
    with pytest.raises(DataError, match="shift must be a whole number"):
        Augmentation(shift)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"crop": 0}, "crop must be above 0 and at most 1, not 0"),
        ({"crop": 1.1}, "crop must be above 0 and at most 1, not 1.1"),
        ({"rotation": 181}, "rotation must be between 0 and 180, not 181"),
        ({"brightness": -0.1}, "brightness must be between 0 and 1, not -0.1"),
        ({"contrast": 2}, "contrast must be between 0 and 1, not 2"),
        ({"saturation": float("nan")}, "saturation must be between 0 and 1, not nan"),
        ({"erasing": 1.5}, "erasing must be between 0 and 1, not 1.5"),
        ({"mixup": -1}, "mixup must be between 0 and 100, not -1"),
        ({"cutmix": float("nan")}, "cutmix must be between 0 and 100, not nan"),
        ({"mixup_prob": 2}, "mixup_prob must be between 0 and 1, not 2"),
        ({"label_smoothing": 1}, "label_smoothing must be 0 to below 1, not 1"),
        ({"fill_mode": "wrap"}, "fill_mode must be nearest, constant, reflect, not 'wrap'"),
    ],
)
def test_a_range_out_of_bounds_is_named(settings, said):
    with pytest.raises(DataError, match=f"^{said}$"):
        Augmentation(**settings)


@given(size=SIZES, change=CHANGES, seed=st.integers(0, 2**32))
def test_any_change_keeps_size_type_and_original_and_repeats(size, change, seed):
    images = pictures(*size)
    before = images.copy()
    changed = change(images, np.random.default_rng(seed))
    assert (images == before).all()
    assert (changed.shape, changed.dtype) == (images.shape, np.uint8)
    assert (changed == change(images, np.random.default_rng(seed))).all()
    assert not np.shares_memory(changed, images)


@given(size=SIZES, seed=st.integers(0, 2**32), shift=st.integers(0, 3))
def test_a_shift_and_a_flip_are_the_same_whatever_is_done_after_them(size, seed, shift):
    """Recipes of the first version train to the same weights to the bit."""
    images = pictures(*size)
    rng = np.random.default_rng(seed)
    changed = Augmentation(shift, True)(images, rng)
    more = Augmentation(shift, True, rotation=30)(images, np.random.default_rng(seed))
    angles = rng.uniform(-30, 30, len(images))
    expected = [rotated(image, angle) for image, angle in zip(changed, angles, strict=True)]
    assert (more == expected).all()


def test_the_numbers_behind_shift_and_flip_never_change():
    ramp = np.arange(25, dtype=np.uint8).reshape(1, 5, 5, 1).repeat(8, axis=0)
    changed = Augmentation(2, flip=True)(ramp, np.random.default_rng((0, 1, 1)))
    assert changed[:, 2, 2, 0].tolist() == [18, 21, 22, 9, 20, 8, 13, 22]
    assert changed[:, 0, 0, 0].tolist() == [6, 10, 10, 2, 10, 4, 1, 10]


@given(
    size=SIZES,
    least=st.floats(0, 1, exclude_min=True, exclude_max=True),
    seed=st.integers(0, 2**32),
)
def test_a_crop_lies_in_the_image_and_has_its_share(size, least, seed):
    rng = np.random.default_rng(seed)
    boxes = augmentation_module._boxes(size, (least, 1), CROP_RATIO, rng)
    _, height, width, _ = size
    assert (boxes >= 0).all()
    assert (boxes <= (width, height, width, height)).all()
    sides = boxes[:, 2:] - boxes[:, :2]
    share = sides.prod(axis=1) / (width * height)
    assert (share >= least * (1 - 1e-6) - 1e-6).all()
    ratios = sides[:, 0] / sides[:, 1]
    usual = (ratios >= 1 / CROP_RATIO - 1e-6) & (ratios <= CROP_RATIO + 1e-6)
    whole = np.isclose(sides, (width, height)).any(axis=1)
    assert (usual | whole | (share < 1e-3)).all()


@given(size=SIZES, change=CHANGES, seed=st.integers(0, 2**32))
def test_moving_pixels_makes_no_new_values(size, change, seed):
    images = pictures(*size)
    moved = Augmentation(change.shift, change.flip, change.crop, change.rotation)
    changed = moved(images, np.random.default_rng(seed))
    axes = (1, 2)
    assert (changed.min(axes) >= images.min(axes)).all()
    assert (changed.max(axes) <= images.max(axes)).all()


def test_crops_differ_in_place_size_and_ratio():
    boxes = augmentation_module._boxes(
        (4000, 40, 40, 3), (0.25, 1), CROP_RATIO, np.random.default_rng(0)
    )
    sides = boxes[:, 2:] - boxes[:, :2]
    shares, ratios = sides.prod(axis=1) / 1600, np.log(sides[:, 0] / sides[:, 1])
    assert np.quantile(shares, [0.1, 0.5, 0.9]) == pytest.approx([0.325, 0.625, 0.925], abs=0.02)
    assert abs(ratios.mean()) < 0.01
    assert np.abs(ratios).max() == pytest.approx(np.log(4 / 3), abs=0.01)
    room = 40 - sides
    places = (boxes[:, :2] / room)[(room > 1).all(axis=1)]
    assert places.mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.02)


@given(size=SIZES)
def test_whole_boxes_no_angle_and_factors_of_one_change_nothing(size):
    _, height, width, _ = size
    for image in pictures(*size):
        assert (cropped(image, (0, 0, width, height)) == image).all()
        assert (rotated(image, 0) == image).all()
        assert (recoloured(image, (1, 1, 1)) == image).all()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_quarter_turns_are_those_of_numpy(channels, turns):
    image = pictures(1, 7, 7, channels)[0]
    np.testing.assert_allclose(rotated(image, 90 * turns), 1.0 * np.rot90(image, turns), atol=1)


def test_a_shift_on_black_is_a_crop_of_a_padded_image():
    images = np.full((200, 5, 5, 1), 255, np.uint8)
    changed = Augmentation(2, fill_mode="constant")(images, np.random.default_rng(0))
    counts = {(image > 0).sum() for image in changed}
    assert counts == {height * width for height in (3, 4, 5) for width in (3, 4, 5)}
    turned = Augmentation(rotation=45, fill_mode="constant")(images, np.random.default_rng(0))
    assert turned.min() < 100


def test_a_rotation_uncovers_no_frame():
    image = np.full((9, 30, 3), 77, np.uint8)
    for angle in (3, 45, 90, 133, 180):
        assert (rotated(image, angle) == 77).all()


def test_a_crop_enlarges_what_is_in_the_box():
    image = np.zeros((8, 8, 3), np.uint8)
    image[2:6, 2:6] = 200
    assert (cropped(image, (3, 3, 5, 5)) == 200).all()


def test_colours_are_what_their_names_say():
    image = pictures(1, 6, 5, 3)[0]
    assert (recoloured(image, (0, 1, 1)) == 0).all()
    np.testing.assert_array_equal(recoloured(image, (0.5, 1, 1)), np.rint(image * 0.5))
    assert (recoloured(image, (2, 1, 1)) == np.minimum(image * 2.0, 255)).all()
    grey = image @ np.array([0.299, 0.587, 0.114])
    flat = recoloured(image, (1, 0, 1))
    assert len(np.unique(flat)) == 1
    assert abs(flat[0, 0, 0] - grey.mean()) <= 0.5
    pale = recoloured(image, (1, 1, 0))
    assert (pale == pale[..., :1]).all()
    assert (np.abs(pale[..., 0] - grey) <= 0.5 + 1e-9).all()


def test_grey_images_have_no_saturation():
    image = pictures(1, 6, 5, 1)[0]
    assert (recoloured(image, (1, 1, 0.3)) == image).all()


@given(size=SIZES, seed=st.integers(0, 2**32))
def test_erasing_overwrites_a_rectangle_of_at_most_its_share(size, seed):
    images = np.full(size, 255, np.uint8)
    erased = Augmentation(erasing=1)(images, np.random.default_rng(seed))
    _, height, width, _ = size
    assert ((erased != 255).any(axis=-1).sum((1, 2)) <= ERASED_SHARE[1] * height * width).all()


def test_erasing_happens_as_often_as_asked_and_leaves_the_rest():
    images = pictures(2000, 10, 10, 1)
    changed = Augmentation(erasing=0.3)(images, np.random.default_rng(0)) != images
    assert 500 < changed.any(axis=(1, 2, 3)).sum() < 700
    for each in changed[changed.any(axis=(1, 2, 3))][:50, :, :, 0]:
        rows, columns = np.flatnonzero(each.any(1)), np.flatnonzero(each.any(0))
        box = each[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert box.mean() > 0.9


@pytest.mark.slow
def test_the_example_shows_augmented_images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finder = doctest.DocTestFinder(recurse=False)
    (example,) = finder.find(Augmentation, "Augmentation", globs={"nin": nin})
    results = doctest.DocTestRunner().run(example, clear_globs=False)
    assert (results.failed, results.attempted) == (0, 3)
    images, _ = example.globs["batch"]
    data = example.globs["data"]
    loader = data.train_dataloader()
    loader.augmentation = None
    assert (images != loader[0][0]).any()
    shown = [axis.images[0].get_array() for axis in data.visualize((images, [0] * 64)).axes]
    np.testing.assert_allclose(shown, images[:8, :, :, 0] / 255, atol=1e-6)
    assert (tmp_path / "augmented.png").stat().st_size > 1000


def test_numbers_of_numpy_are_numbers():
    made = Augmentation(shift=np.int64(2), crop_size=np.int32(3))
    assert (made.shift, made.crop_size) == (2, 3)
    with pytest.raises(DataError, match="crop_size must be a whole number of pixels"):
        Augmentation(crop_size=96.0)
