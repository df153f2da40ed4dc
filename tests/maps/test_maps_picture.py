"""What stands in a picture, and that it can be read."""

import warnings

import numpy as np
import pytest

from nin.maps import Evidence, draw
from nin.maps.colours import beneath, dimmed
from nin.maps.picture import save

NO_EVIDENCE = "no evidence\nfor this class"


def evidence(maps, shown=(0, 1, 2), classes="abc", photo=(40, 60), title="photo.png"):
    maps = np.asarray(maps, np.float32)
    odds = np.exp(maps.mean(axis=(0, 1)))
    pixels = np.full((*photo, 3), 120, np.uint8)
    return Evidence(title, pixels, maps, odds / odds.sum(), classes, shown)


def signed(seed=0, classes=3, size=4):
    maps = np.random.default_rng(seed).normal(size=(size, size, classes))
    maps[..., 0] += 2
    return maps


def texts(figure):
    return [text.get_text() for text in figure.texts if text.get_text()]


def panels(figure):
    return figure.axes[:-1]


def pixels(axes):
    return np.asarray(axes.images[0].get_array())


def test_each_class_has_its_name_probability_and_logit():
    maps = np.zeros((2, 2, 2))
    maps[..., 0], maps[..., 1] = 1.25, -1.25
    written = texts(draw([evidence(maps, (0, 1), ("coat", "bag"))]))
    assert written[:5] == ["photo.png", "coat", "0.92 · 1.2", "bag", "0.08 · −1.2"]


def test_the_prediction_alone_is_framed_and_bold():
    figure = draw([evidence(signed(), (1, 0, 2))])
    widths = [axes.spines["left"].get_linewidth() for axes in panels(figure)]
    assert [width > 2 for width in widths] == [False, False, True, False]
    bold = [text.get_text() for text in figure.texts if text.get_fontweight() == "bold"]
    assert bold[0] == "a"
    assert "framed: the prediction" in " ".join(texts(figure))


def test_a_prediction_that_is_not_shown_is_named():
    written = texts(draw([evidence(signed(), (1,))]))
    assert any(text.startswith("predicted:\na 0.") for text in written)
    assert "framed" not in " ".join(written)


def test_a_map_without_evidence_is_labelled_and_not_rescaled():
    maps = np.zeros((3, 3, 3))
    maps[1, 1, 0], maps[0, 0, 1] = 5, -5
    figure = draw([evidence(maps)])
    assert texts(figure).count(NO_EVIDENCE) == 2
    photo, _, against, nothing = map(pixels, panels(figure))
    assert (nothing == beneath(photo)).all()
    red, _, blue = np.moveaxis(against[:5, :5].astype(int), -1, 0)
    assert (blue - red > 60).all()


def test_all_zero_maps_can_be_drawn():
    assert texts(draw([evidence(np.zeros((2, 2, 3)))])).count(NO_EVIDENCE) == 3


def test_equal_values_have_equal_colours_in_all_panels_of_a_sheet():
    first, second = np.zeros((2, 2, 2)), np.zeros((2, 2, 2))
    first[..., 0], first[..., 1], second[..., 0] = 8, 2, 2
    figure = draw([evidence(maps, (0, 1), "ab") for maps in (first, second)])
    _, strong, weak, _, alike, _ = map(pixels, panels(figure))
    assert (weak == alike).all()
    assert (strong != weak).any()


@pytest.mark.parametrize(("least", "is_signed"), [(0, False), (-3, True)])
def test_the_scale_holds_what_is_drawn_and_zero(least, is_signed):
    maps = np.full((2, 2, 3), 1.0)
    maps[0, 0] = least, 4, 9
    figure = draw([evidence(maps, (0, 1))])
    assert figure.axes[-1].get_xlim() == (least, 4)
    assert ("blue: against it" in " ".join(texts(figure))) == is_signed


def test_the_strongest_only():
    maps = np.full((10, 10, 1), -1.0)
    maps[:2, :, 0] = np.arange(20).reshape(2, 10) + 1
    figure = draw([evidence(maps, (0,), "a", (100, 100))], 10)
    photo, shown = map(pixels, panels(figure))
    changed = (shown != beneath(photo)).any(axis=(1, 2))
    assert changed[5:25].all()
    assert not changed[26:].any()
    assert figure.axes[-1].get_xlim() == (0, 20)
    assert "only the strongest 10 % of each map" in " ".join(texts(figure))


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        ((40, 60), np.s_[:, 10:50]),
        ((90, 30), np.s_[30:60]),
        ((40, 40), np.s_[:]),
    ],
)
def test_the_map_lies_over_the_part_that_the_network_saw(size, seen):
    image = evidence(np.full((2, 2, 1), 3.0), (0,), "a", size)._replace(resize_mode="crop")
    photo, shown = map(pixels, panels(draw([image])))
    assert (photo == image.photo).all()
    outside = np.ones(size, bool)
    outside[seen] = False
    assert (shown[outside] == dimmed(photo)[outside]).all()
    assert (shown[seen] != beneath(photo)[seen]).any(axis=2).all()


@pytest.mark.parametrize(
    ("size", "resize_mode", "said"),
    [((40, 60), "crop", True), ((40, 40), "crop", False), ((40, 60), "squash", False)],
)
def test_what_is_dimmed_is_explained_where_anything_is(size, resize_mode, said):
    image = evidence(signed(), photo=size)._replace(resize_mode=resize_mode)
    words = " ".join(texts(draw([image])))
    assert ("dimmed: outside what the network sees" in words) == said


@pytest.mark.parametrize("size", [1, 2])
def test_one_value_a_class_says_what_and_not_where(size):
    written = " ".join(texts(draw([evidence(signed(size=size))], hint="look closer")))
    assert ("shows what, not where; look closer" in written) == (size == 1)


HOSTILE = ["$x_$", "a\nb", "é漢\udcff", "long " * 50, "", "\x00\u202e", "x" * 100_000]


@pytest.mark.parametrize(
    ("photo", "count"), [((40, 60), 1), ((400, 10), 1), ((400, 10), 2), ((10, 400), 3)]
)
def test_no_text_leaves_the_picture_or_meets_another(photo, count):
    maps = signed(classes=len(HOSTILE))
    shown = tuple(range(len(HOSTILE)))
    rows = [evidence(maps, shown, HOSTILE, photo, title) for title in HOSTILE[-count:]]
    figure = draw(rows, hint="nin explain RUN --image-size N gives maps")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        boxes = [text.get_window_extent() for text in figure.texts if text.get_text().strip()]
    assert all(box.x0 >= 0 and box.y0 >= 0 for box in boxes)
    assert all(box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1 for box in boxes)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_a_photograph_keeps_its_shape():
    figure = draw([evidence(signed(), photo=(60, 20))])
    figure.draw_without_rendering()
    for axes in panels(figure):
        box = axes.get_window_extent()
        assert box.height / box.width == pytest.approx(3, rel=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a.png", "a.SVG"])
def test_the_same_images_give_the_same_file(tmp_path, name):
    written = []
    for _ in range(2):
        save(draw([evidence(signed())]), tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    assert written[0].startswith((b"\x89PNG", b"<?xml"))


def test_a_users_settings_of_matplotlib_change_nothing(tmp_path):
    import matplotlib

    save(draw([evidence(signed())]), tmp_path / "plain.png")
    with matplotlib.rc_context({"font.size": 40, "savefig.dpi": 10, "axes.facecolor": "red"}):
        save(draw([evidence(signed())]), tmp_path / "set.png")
    assert (tmp_path / "plain.png").read_bytes() == (tmp_path / "set.png").read_bytes()
