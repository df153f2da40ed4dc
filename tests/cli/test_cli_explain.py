"""`nin explain`."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nin as d2l


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "one.png"
    Image.fromarray(d2l.Digits().test.images[0, ..., 0]).save(path)
    return path


def test_a_picture_beside_where_one_stands(nin, digits, picture):
    result = nin("explain", digits, picture)
    assert (result.code, result.err) == (0, "")
    name, _, rest = result.out.partition(": ")
    label, probability, drawn = rest.split()
    assert (name, drawn) == (str(picture), "one-maps.png")
    odds = d2l.load(digits).predict(d2l.Digits().test.images[:1])[0]
    assert (int(label), float(probability)) == (odds.argmax(), pytest.approx(odds.max(), abs=1e-3))
    with Image.open(drawn, formats=["PNG"]) as opened:
        opened.load()


def test_a_json_line_an_image_and_the_maps_themselves(nin, digits, picture):
    second = picture.with_name("two.png")
    Image.fromarray(d2l.Digits().test.images[1, ..., 0]).save(second)
    options = ("--json", "--top", 2, "--raw", "maps.npz", "--out", "sheet.svg", "--strongest", 10)
    result = nin("explain", digits, picture, second, *options)
    assert (result.code, result.err) == (0, "")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["file"] for row in rows] == [str(picture), str(second)]
    assert {row["picture"] for row in rows} == {"sheet.svg"}
    assert Path("sheet.svg").read_bytes().startswith(b"<?xml")
    with np.load("maps.npz", allow_pickle=False) as raw:
        maps, classes = raw["maps"], [*raw["classes"]]
    expected = np.asarray(d2l.load(digits).model.class_maps(d2l.Digits().test.images[:2]))
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-4)
    for row, map_ in zip(rows, maps, strict=True):
        assert row["map_shape"] == [*map_.shape] == [4, 4, 10]
        logits = map_.mean(axis=(0, 1))
        assert [kind["label"] for kind in row["top"]] == [
            classes[number] for number in np.argsort(-logits)[:2]
        ]
        for kind in row["top"]:
            logit = logits[classes.index(kind["label"])]
            assert kind["logit"] == pytest.approx(logit, rel=1e-4)


def test_other_pixels_make_finer_maps(nin, digits, picture):
    result = nin("explain", digits, picture, "--image-size", 32, "--json")
    assert result.json["map_shape"] == [8, 8, 10]


def test_a_folder_and_classes_by_name(nin, digits, picture):
    options = ("--classes", "3,1", "--classes", 0, "--out", "pictures", "--json")
    result = nin("explain", digits, picture, "one.png", *options)
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["picture"] for row in rows] == ["pictures/one-maps.png", "pictures/one-maps-2.png"]
    assert [kind["label"] for kind in rows[0]["top"]] == ["3", "1", "0"]
    assert sorted(path.name for path in Path("pictures").iterdir()) == [
        "one-maps-2.png",
        "one-maps.png",
    ]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--classes seven", "unknown class 'seven'"),
        ("--top 0", "'--top'"),
        ("--strongest 0", "--strongest 0: give a percentage above 0"),
        ("--strongest much", "'--strongest'"),
        ("--out maps.jpg", "give a .png or .svg file"),
        ("--out one.png", "cannot write one.png: it is one of the images"),
        ("--out one.png/maps.png", "one.png is not a folder"),
        ("--raw maps.json", "class maps are written as an .npz file"),
        ("--image-size 0", "'--image-size'"),
        ("bad.png", "bad.png: not a JPEG"),
        ("missing.png", "missing.png: No such file"),
    ],
)
def test_what_explain_refuses(nin, digits, picture, options, said):
    Path("bad.png").write_bytes(b"none")
    before = picture.read_bytes()
    result = nin("explain", digits, picture, *options.split())
    assert result.is_mistake(), result
    assert said in result.err
    assert picture.read_bytes() == before
    assert sorted(path.name for path in Path().iterdir()) == ["bad.png", "digits", "one.png"]


@pytest.mark.parametrize("path", ["missing", "one.png"])
def test_what_is_no_run_is_one_line(nin, picture, path):
    assert nin("explain", path, picture).is_mistake()
