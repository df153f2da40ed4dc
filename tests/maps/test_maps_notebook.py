"""`nin.show_maps`: what it takes."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import nin

MAPS = np.random.default_rng(0).normal(size=(3, 4, 4, 3)).astype(np.float32)
IMAGES = np.random.default_rng(1).integers(0, 256, (3, 8, 8, 1), np.uint8)


class Model:
    """As a `Classifier` shows itself."""

    def class_maps(self, images):
        return MAPS[: len(images)]


RUN = SimpleNamespace(model=Model(), classes=("a", "b", "c"))


def texts(figure):
    return [text.get_text() for text in figure.texts if text.get_text()]


@pytest.mark.slow
def test_a_model_a_run_and_a_predictor_show_the_same(network):
    odds = np.exp(MAPS.mean(axis=(1, 2)))
    odds /= odds.sum(axis=1, keepdims=True)
    network.predict = lambda *_, **__: SimpleNamespace(maps=MAPS, probabilities=odds)
    network.classes = RUN.classes
    by_number, run, predictor = (nin.show_maps(it, IMAGES) for it in (Model(), RUN, network))
    assert texts(run) == texts(predictor)
    assert texts(by_number) != texts(run)
    assert len(run.axes) == 3 * 4 + 1
    for one, other in zip(by_number.axes[:-1], run.axes[:-1], strict=True):
        assert (one.images[0].get_array() == other.images[0].get_array()).all()


def test_a_predictor_that_crops_is_drawn_so(network):
    network.resize_mode, network.side = "crop", 12
    network.predict = lambda *_, **__: SimpleNamespace(maps=MAPS, probabilities=MAPS[:, 0, 0])
    wide = np.full((1, 12, 24, 1), 200, np.uint8)
    words = " ".join(texts(nin.show_maps(network, wide)))
    assert "dimmed: outside what the network sees" in words
    assert "dimmed" not in " ".join(texts(nin.show_maps(RUN, wide)))


def test_a_real_network():
    model = nin.NiN(preset="mnist", width=0.1)
    model.build((None, 28, 28, 1))
    images = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1), np.uint8)
    figure = nin.show_maps(model, images, [3, 4], top=2)
    logits = np.asarray(model(images))
    odds = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    best = logits[0].argmax()
    assert texts(figure)[:3] == ["3", str(best), f"{odds[0, best]:.2f} · {logits[0, best]:.1f}"]


def test_titles_are_the_truth_by_number_or_name():
    assert texts(nin.show_maps(RUN, IMAGES[:1], np.array([2])))[0] == "c"
    assert texts(nin.show_maps(RUN, IMAGES[:1], ["cat"]))[0] == "cat"


def test_classes_and_the_strongest():
    figure = nin.show_maps(RUN, IMAGES[:1], classes="b", strongest=10)
    assert len(figure.axes) == 3
    assert "the strongest 10 %" in " ".join(texts(figure))


@pytest.mark.slow
def test_floats_are_shown_as_bytes_are():
    one, other = (nin.show_maps(RUN, images) for images in (IMAGES, IMAGES / np.float32(255)))
    assert (one.axes[0].images[0].get_array() == other.axes[0].images[0].get_array()).all()


@pytest.mark.parametrize(
    ("images", "options", "said"),
    [
        (IMAGES[0], {}, r"images must be \(1 to 20, height, width, 1 or 3\), not \(8, 8, 1\)"),
        (IMAGES[:0], {}, r"not \(0, 8, 8, 1\)"),
        (np.zeros((21, 8, 8, 1), np.uint8), {}, r"not \(21, 8, 8, 1\)"),
        (IMAGES, {"labels": [1]}, "3 images but 1 labels"),
        (IMAGES, {"labels": [0, 1, 3]}, "labels 0 to 3, but there are 3 classes"),
        (IMAGES, {"strongest": 0}, "strongest=0: give a percentage"),
        (IMAGES.astype(np.int64), {}, "must be uint8 or floats from 0 to 1"),
        (IMAGES.astype(np.float32), {}, "must be from 0 to 1"),
        (IMAGES[:1], {"labels": np.zeros((1, 2), int)}, r"labels must be of shape \(n,\)"),
        (IMAGES, {"top": 0}, "0 maps per image"),
        (IMAGES, {"classes": ["d"]}, "unknown class 'd'"),
    ],
)
def test_what_is_refused(images, options, said):
    with pytest.raises(nin.NinError, match=said):
        nin.show_maps(RUN, images, **options)


def test_labels_in_a_column():
    assert texts(nin.show_maps(RUN, IMAGES[:1], np.array([[2]])))[0] == "c"


def test_maps_that_are_no_numbers():
    broken = SimpleNamespace(class_maps=lambda images: MAPS[: len(images)] * np.nan)
    with pytest.raises(nin.NinError, match="not finite"):
        nin.show_maps(broken, IMAGES)


def test_a_network_without_maps():
    with pytest.raises(nin.NinError, match="AlexNet has no class maps: its logits are not means"):
        nin.show_maps(nin.AlexNet(), IMAGES)


@pytest.mark.slow
def test_a_notebook_shows_it_once(monkeypatch):
    shown = []
    shell = SimpleNamespace(kernel=True, execution_count=1)
    display = SimpleNamespace(display=shown.append, Image=lambda content: content)
    ipython = SimpleNamespace(get_ipython=lambda: shell, version_info=(9, 0))
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    figure = nin.show_maps(RUN, IMAGES[:1])
    figure._ipython_display_()
    assert [content[:4] for content in shown] == [b"\x89PNG"]


@pytest.mark.slow
def test_a_predictor_is_given_bytes(network):
    seen = []

    def predict(images, maps):
        seen.append((images.dtype, maps))
        return SimpleNamespace(maps=MAPS, probabilities=np.abs(MAPS[:, 0, 0]))

    network.predict, network.classes = predict, RUN.classes
    nin.show_maps(network, IMAGES / np.float32(255))
    assert seen == [(np.uint8, True)]


@pytest.mark.slow
def test_a_networks_own_attribute_names_no_classes():
    own = Model()
    own.classes = 10
    for given in ([1], 1, np.int64(1), "1"):
        assert len(nin.show_maps(own, IMAGES[:1], classes=given).axes) == 3
