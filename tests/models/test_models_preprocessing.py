"""Images on their way into the network, against NumPy and Pillow."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from nin.errors import InputSizeError
from nin.models import NiN, Preprocessing


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def bilinear(image, size):
    """(h, w, c) → (*size, c), half-pixel centres, without smoothing: what Keras is set to do."""

    def corners(old, new):
        place = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
        low = np.floor(place).astype(int)
        return low, np.minimum(low + 1, old - 1), place - low

    top, bottom, down = corners(image.shape[0], size[0])
    left, right, across = corners(image.shape[1], size[1])
    across = across[:, None]
    upper = image[top][:, left] * (1 - across) + image[top][:, right] * across
    lower = image[bottom][:, left] * (1 - across) + image[bottom][:, right] * across
    return upper * (1 - down[:, None, None]) + lower * down[:, None, None]


@pytest.mark.every_backend
def test_scale_is_all_that_happens_unless_asked(images):
    x = images(2, (5, 4, 3))
    np.testing.assert_allclose(numbers(Preprocessing()(x)), x / 255, rtol=1e-6)
    floats = np.random.default_rng(1).random((2, 5, 4, 3), np.float32)
    np.testing.assert_array_equal(numbers(Preprocessing()(floats)), floats)


@pytest.mark.every_backend
@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "int64"])
def test_whole_numbers_are_0_to_255_whatever_their_type(images, dtype):
    x = images(2, (5, 4, 1))
    layer = Preprocessing(mean=[0.3], std=[0.2])
    np.testing.assert_allclose(
        numbers(layer(x.astype(dtype))), (x / 255 - 0.3) / 0.2, rtol=1e-5, atol=1e-5
    )


@pytest.mark.every_backend
@pytest.mark.parametrize("size", [None, (9, 6), (3, 8), (5, 4)])
def test_stored_bytes_and_floats_give_the_same(images, size):
    x = images(3, (5, 4, 3))
    layer = Preprocessing(size, mean=[0.2, 0.5, 0.7], std=[0.3, 0.1, 0.2])
    floats = numbers(layer((x / 255).astype("float32")))
    np.testing.assert_allclose(numbers(layer(x)), floats, rtol=1e-5, atol=1e-5)


@pytest.mark.every_backend
@pytest.mark.parametrize("size", [(14, 14), (28, 31), (5, 9), (7, 20), (7, 9), (1, 1)])
def test_resized_and_standardised_against_numpy(images, size):
    x = images(2, (7, 9, 2))
    layer = Preprocessing(size, mean=[0.4, 0.6], std=[0.5, 0.25])
    resized = np.stack([bilinear(image / 255, size) for image in x])
    expected = (resized - [0.4, 0.6]) / [0.5, 0.25]
    assert expected.std() > 0.1
    np.testing.assert_allclose(numbers(layer(x)), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.every_backend
@pytest.mark.parametrize("size", [(16, 16), (20, 31), (7, 30)])
def test_enlarged_as_pillow_does(images, size):
    x = images(1, (7, 9, 1)).astype("float32") / 255
    pillow = Image.fromarray(x[0, :, :, 0])
    pillow = pillow.resize(size[::-1], Image.Resampling.BILINEAR)
    ours = numbers(Preprocessing(size)(x))[0, :, :, 0]
    np.testing.assert_allclose(ours, np.asarray(pillow), atol=1e-5)


@given(
    x=arrays.arrays(np.uint8, st.tuples(*[st.integers(1, 5)] * 3, st.integers(1, 3))),
    mean=st.floats(-2, 2, width=32),
    std=st.floats(2**-6, 4, width=32),
)
def test_standardising_any_bytes(x, mean, std):
    expected = (x / 255 - mean) / std
    got = numbers(Preprocessing(mean=[mean], std=[std])(x))
    assert got.dtype == "float32"
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4 / std)


@pytest.mark.every_backend
def test_channel_that_never_varies_is_only_centred(images):
    x = images(2, (4, 4, 2))
    layer = Preprocessing(mean=[0.5, 0.1], std=[0.0, 0.5])
    assert layer.std == (1.0, 0.5)
    expected = (x / 255 - [0.5, 0.1]) / [1.0, 0.5]
    np.testing.assert_allclose(numbers(layer(x)), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.every_backend
def test_configuring_again_forgets_what_was_asked_before(images):
    x = images(2, (4, 4, 1))
    layer = Preprocessing((8, 8), [0.5], [0.5])
    layer.configure(mean=[0.1])
    np.testing.assert_allclose(numbers(layer(x)), x / 255 - 0.1, rtol=1e-5, atol=1e-6)


@pytest.mark.every_backend
@pytest.mark.parametrize("size", [None, [6, 7]])
def test_shape_is_known_beforehand(size):
    layer = Preprocessing(size)
    assert layer.compute_output_shape((None, 4, 5, 3)) == (None, *(size or (4, 5)), 3)
    spec = keras.KerasTensor((None, 4, 5, 3), dtype="uint8")
    assert tuple(layer(spec).shape) == (None, *(size or (4, 5)), 3)


@pytest.mark.every_backend
@pytest.mark.parametrize("policy", ["float16", "bfloat16", "mixed_float16", "mixed_bfloat16"])
def test_computes_in_the_type_of_its_policy(images, policy):
    layer = Preprocessing((6, 6), [0.5], [0.5], dtype=policy)
    y = layer(images(2, (4, 4, 1)))
    assert keras.backend.standardize_dtype(y.dtype) == policy.removeprefix("mixed_")
    y = numbers(keras.ops.cast(y, "float32"))
    exact = numbers(Preprocessing((6, 6), [0.5], [0.5])(images(2, (4, 4, 1))))
    np.testing.assert_allclose(y, exact, atol=0.03)


@pytest.mark.every_backend
@pytest.mark.parametrize(
    "arguments", [{}, {"size": (8, 9)}, {"mean": [0.1, 0.2], "std": [0.5, 0.25], "name": "eyes"}]
)
def test_config_makes_the_same_layer(images, arguments):
    layer = Preprocessing(**arguments)
    config = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is Preprocessing
    assert again.get_config() == layer.get_config()
    assert again.description() == layer.description()
    x = images(2, (4, 4, 2))
    np.testing.assert_array_equal(numbers(again(x)), numbers(layer(x)))


def test_compiled_model_sees_a_change_after_the_next_compile(images):
    x = images(2, (16, 16, 1))
    model = NiN(preset="mnist", width=0.1)
    model.compile()
    before = model.predict(x, verbose=0)
    model.preprocessing.configure(mean=[0.5], std=[0.1])
    model.compile()
    after = model.predict(x, verbose=0)
    assert not np.allclose(before, after)
    np.testing.assert_allclose(after, numbers(model(x)), rtol=1e-4, atol=1e-6)


def test_model_is_its_network_after_its_preprocessing(images):
    x = images(2, (16, 16, 1))
    model = NiN(preset="mnist", width=0.1)
    model.preprocessing.configure((20, 18), [0.4], [0.2])
    expected = model.net(model.preprocessing(x))
    np.testing.assert_allclose(numbers(model(x)), numbers(expected), rtol=1e-5)


@pytest.mark.every_backend
def test_maps_at_another_size_are_those_of_a_network_that_resizes_so(images):
    model = NiN(num_classes=3, preset="mnist", width=0.05)
    model.preprocessing.configure((16, 16), [0.4], [0.3])
    model.build((None, 12, 12, 1))
    x = images(2, (12, 12, 1))
    usual, larger = numbers(model.class_maps(x)), numbers(model.class_maps(x, image_size=24))
    assert (usual.shape, larger.shape) == ((2, 4, 4, 3), (2, 6, 6, 3))
    model.preprocessing.configure((24, 24), [0.4], [0.3])
    np.testing.assert_allclose(numbers(model.class_maps(x)), larger, atol=1e-6)
    np.testing.assert_allclose(numbers(model(x)), larger.mean(axis=(1, 2)), atol=1e-5)
    book = NiN(num_classes=3, width=0.05)
    book.build((None, 67, 67, 1))
    with pytest.raises(InputSizeError, match="67x67"):
        book.class_maps(images(1, (67, 67, 1)), image_size=66)
