"""Image files in, pictures and numbers out."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nin.errors import DataError, NinError, UnknownNameError
from nin.maps import explain
from nin.maps.predictions import BATCH, photograph, predict_maps


def rows(network, files, **options):
    return explain(network, [Path(file) for file in files], **options)


def written():
    return sorted(path.name for path in Path().iterdir() if path.suffix != ".jpg")


def test_one_image(network, picture):
    (row,) = rows(network, [picture("a.jpg")])
    assert [*row] == ["file", "label", "probability", "picture", "top", "map_shape"]
    assert (row["file"], row["label"], row["picture"]) == ("a.jpg", "light", "a-maps.png")
    assert row["map_shape"] == [4, 4, 3]
    predicted = network.predict(network.read("a.jpg")[None], maps=True)
    light, none, dark = row["top"]
    assert [kind["label"] for kind in (light, none, dark)] == ["light", "none", "dark"]
    assert row["probability"] == light["probability"] == predicted.probabilities[0, 1]
    assert light["logit"] == pytest.approx(predicted.maps[0, ..., 1].mean())
    assert (dark["logit"], none["logit"]) == (pytest.approx(-light["logit"]), 0)
    assert json.loads(json.dumps(row)) == row
    with Image.open(row["picture"], formats=["PNG"]) as drawn:
        assert min(drawn.size) > 300


@pytest.mark.slow
def test_a_sheet_of_many_and_its_pages(network, picture):
    files = [picture(f"{number}.jpg", light=8 * number) for number in range(20)]
    explained = rows(network, files, top=1)
    assert [row["file"] for row in explained] == [str(file) for file in files]
    assert [row["picture"] for row in explained[::8]] == ["maps.png", "maps-2.png", "maps-3.png"]
    assert written() == ["maps-2.png", "maps-3.png", "maps.png"]
    assert {row["label"] for row in explained} == {"dark", "light"}
    assert max(network.batches) <= BATCH


def test_the_maps_themselves(network, picture):
    files = [picture("a.jpg"), picture("b\udcff.jpg", light=20)]
    rows(network, files, out=Path("pictures"), raw=Path("new/maps.npz"))
    with np.load("new/maps.npz", allow_pickle=False) as raw:
        kept = dict(raw)
    predicted = network.predict(np.stack([network.read(file) for file in files]), maps=True)
    assert [*kept["files"]] == ["a.jpg", "b\udcff.jpg"]
    assert [*kept["classes"]] == [*network.classes]
    assert (kept["maps"] == predicted.maps).all()
    assert kept["maps"].dtype == np.float32
    assert (kept["probabilities"] == predicted.probabilities).all()


def test_a_picture_is_drawn_as_the_network_fits_it(network, picture):
    network.resize_mode = "crop"
    file = picture("a.jpg")
    image = predict_maps(network, [file]).evidence(0)
    assert (image.resize_mode, image.photo.shape) == ("crop", (320, 480, 3))
    rows(network, [file], raw=Path("maps.npz"))
    with np.load("maps.npz", allow_pickle=False) as raw:
        assert raw["resize_mode"] == "crop"


def test_classes_that_are_named_are_shown_in_that_order(network, picture):
    (row,) = rows(network, [picture("a.jpg")], classes=["none,dark"])
    assert [kind["label"] for kind in row["top"]] == ["none", "dark"]
    assert row["label"] == "light"


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"classes": ["grey"]}, UnknownNameError, "unknown class 'grey'"),
        ({"strongest": 0}, NinError, "strongest=0: give a percentage"),
        ({"strongest": 100.5}, NinError, "strongest=100.5: give a percentage"),
        ({"strongest": float("nan")}, NinError, "strongest=nan"),
        (
            {"raw": Path("maps.zip")},
            NinError,
            "raw=maps.zip: class maps are written as an",
        ),
        ({"out": Path("maps.gif")}, NinError, "out=maps.gif"),
        ({"out": Path("a.jpg/maps.png")}, NinError, "cannot write"),
        ({"raw": Path("a.jpg/maps.npz")}, NinError, "cannot write"),
        ({"raw": Path("maps.npz"), "out": Path("a.jpg/maps.png")}, NinError, "cannot write"),
    ],
)
def test_what_is_refused(network, picture, options, error, said):
    with pytest.raises(error) as refused:
        rows(network, [picture("a.jpg")], **options)
    assert str(refused.value).startswith(said)
    assert written() == []


def test_a_file_that_cannot_be_read_stops_all_before_anything_is_written(network, picture):
    files = [picture(f"{number}.jpg") for number in range(BATCH)]
    Path("bad.jpg").write_bytes(b"none")
    with pytest.raises(DataError, match=r"bad\.jpg: not a JPEG"):
        rows(network, [*files, "bad.jpg"], raw=Path("maps.npz"))
    assert written() == []


def test_a_network_without_maps_says_why_before_anything_is_read(network):
    network.has_maps = False
    with pytest.raises(NinError, match="fake-1 has no class maps, by which something could"):
        rows(network, ["missing.jpg"])


def test_predictions_that_are_no_numbers(network, picture):
    network.predict = lambda images, maps: type(network).predict(network, images * np.nan, maps)
    with pytest.raises(NinError, match="predicts values that are not finite"):
        rows(network, [picture("a.jpg")])
    assert written() == []


@pytest.mark.parametrize(
    ("size", "shown"), [((1200, 600), (480, 240)), ((8, 8), (480, 480)), ((100, 20), (400, 80))]
)
def test_a_photograph_is_brought_to_the_size_of_a_print(picture, size, shown):
    photo = photograph(picture("a.png", light=100, size=size))
    assert photo.shape == (*shown[::-1], 3)
    assert (photo == [100, 100, 50]).all()


@pytest.mark.parametrize("out", [None, Path("sheet.svg")])
def test_its_own_pictures_are_replaced(network, picture, out):
    file = picture("a.jpg")
    (first,) = rows(network, [file], out=out, raw=Path("maps.npz"))
    (again,) = rows(network, [file], out=out, raw=Path("maps.npz"), top=1)
    assert first["picture"] == again["picture"]
    assert len(again["top"]) == 1


@pytest.mark.parametrize(
    "options", [{}, {"out": Path("s.png")}, {"out": Path("s.svg")}, {"raw": Path("maps.npz")}]
)
def test_somebody_elses_file_stays(network, picture, options):
    file = picture("a.jpg")
    [path] = options.values() or [Path("a-maps.png")]
    for content in (b"mine", b"", picture("other.png").read_bytes()):
        path.write_bytes(content)
        with pytest.raises(NinError, match=rf"^{path} already exists, and nin explain did not"):
            rows(network, [file], **options)
        assert path.read_bytes() == content
    assert network.batches == []


def test_somebody_elses_file_may_be_given_up(network, picture):
    file = picture("a.jpg")
    Path("a-maps.png").write_bytes(b"mine")
    (row,) = rows(network, [file], overwrite=True)
    assert row["picture"] == "a-maps.png"
    assert Path("a-maps.png").read_bytes() != b"mine"


@pytest.mark.parametrize("stem", ["x" * 251, "犬" * 83])
def test_long_names(network, picture, stem):
    (row,) = rows(network, [picture(f"{stem}.jpg")])
    assert Path(row["picture"]).stat().st_size > 1000
    assert row["picture"].startswith(stem[:50])
