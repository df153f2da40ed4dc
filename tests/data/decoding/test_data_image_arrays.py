"""Arrays of images: what is refused, and how the others are brought to a network's size."""

from pathlib import Path

import numpy as np
import pytest

from nin.data.decoding.decode import fitted
from nin.data.decoding.image_arrays import check_images, fitted_images
from nin.errors import DataError

IMAGES = np.zeros((2, 4, 5, 3), np.uint8)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_bytes_and_floats_from_0_to_1_will_do(dtype):
    check_images(IMAGES)
    check_images(IMAGES[..., :1])
    check_images(np.linspace(0, 1, IMAGES.size, dtype=dtype).reshape(IMAGES.shape), floats=True)


@pytest.mark.parametrize(
    "dtype", ["int8", "int16", "uint16", "int32", "int64", "bool", "complex64", "object", "str"]
)
@pytest.mark.parametrize("floats", [True, False])
def test_other_types_are_refused(dtype, floats):
    with pytest.raises(DataError, match=r"images must be uint8 .*of shape \(n, height, width"):
        check_images(IMAGES.astype(dtype), floats=floats)


@pytest.mark.parametrize("given", ["cat.jpg", ["a.jpg", "b.jpg"], [Path("a.jpg")], b"a.jpg"])
def test_names_of_files_are_told_who_reads_them(given):
    with pytest.raises(DataError, match=r"files are read by nin\.Predictor\(RUN\)\.predict_files$"):
        check_images(np.asarray(given), floats=True)


def test_floats_are_refused_where_bytes_are_wanted():
    with pytest.raises(DataError, match=r"images must be uint8 of shape .*, not float32 of shape"):
        check_images(IMAGES.astype(np.float32))


@pytest.mark.parametrize("value", [-1e-3, 1.001, 255, np.nan, np.inf, -np.inf])
def test_floats_out_of_range_are_refused(value):
    images = np.full(IMAGES.shape, 0.5, np.float32)
    images[1, 2, 3, 1] = value
    with pytest.raises(DataError, match=r"images of floats must be from 0 to 1, not from .*255"):
        check_images(images, floats=True)


@pytest.mark.parametrize(
    "shape", [(4, 5, 3), (4, 5), (), (1, 2, 4, 5, 3), (2, 4, 5, 2), (2, 3, 4, 5)]
)
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_other_ranks_and_channels_are_refused(shape, dtype):
    with pytest.raises(DataError, match=r"with 1, 3 or 4 channels, not"):
        check_images(np.zeros(shape, dtype), floats=True)


@pytest.mark.parametrize("shape", [(0, 4, 5, 3), (2, 0, 5, 3), (2, 4, 0, 1)])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_nothing_is_no_image(shape, dtype):
    with pytest.raises(DataError, match=r"an array of shape .* holds no images"):
        check_images(np.zeros(shape, dtype), floats=True)


def test_bytes_of_another_size_are_resized_as_files_are():
    images = np.random.default_rng(0).integers(0, 256, (3, 9, 14, 4), np.uint8)
    found = fitted_images(images, (6, 6, 1), "crop")
    assert np.array_equal(found[2], fitted(images[2], (6, 6), 1, "crop"))
    assert fitted_images(found, (6, 6, 1), "squash") is found


def test_floats_of_another_size_are_refused():
    images = np.zeros((3, 9, 14, 3))
    with pytest.raises(DataError, match=r"must be of shape \(n, 6, 6, 1\), not \(3, 9, 14, 3\)"):
        fitted_images(images, (6, 6, 1), "squash")
    assert fitted_images(images, (9, 14, 3), "squash") is images
