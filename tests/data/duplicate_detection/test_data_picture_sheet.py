"""The contact sheet: where pictures and words are, and what is left out."""

import numpy as np
import pytest
from PIL import Image

from nin.data.duplicate_detection.picture_sheet import (
    ACROSS,
    SIDE,
    SheetPicture,
    SheetRow,
    save_picture_sheet,
)
from nin.errors import DataError, NinError


@pytest.fixture
def red(tmp_path):
    path = tmp_path / "red.png"
    Image.new("RGB", (40, 20), "red").save(path)
    return str(path)


def drawn(path):
    with Image.open(path) as sheet:
        return np.asarray(sheet.convert("RGB")).astype(int)


def is_red(sheet):
    return (np.abs(sheet - (255, 0, 0)).sum(axis=2) < 60).astype(int)


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_pictures_keep_their_shape(red, tmp_path, ending):
    rows = [SheetRow("two of a kind", [SheetPicture(red, ["train · sky", "red.png"])] * 2)]
    save_picture_sheet(tmp_path / f"sheet.{ending}", rows)
    sheet = drawn(tmp_path / f"sheet.{ending}")
    assert is_red(sheet).sum() == pytest.approx(2 * SIDE * SIDE / 2, rel=0.05)
    below = sheet[is_red(sheet).any(axis=1).nonzero()[0].max() + 3 :]
    assert below.min() < 100  # words


def test_more_than_fit_beside_each_other_go_on_below(red, tmp_path):
    heights = []
    for count in (ACROSS, ACROSS + 1):
        save_picture_sheet(tmp_path / "sheet.png", [SheetRow("", [SheetPicture(red, [])] * count)])
        sheet = drawn(tmp_path / "sheet.png")
        assert is_red(sheet).sum() == count * SIDE * SIDE / 2
        heights.append(len(sheet))
    assert heights[0] < heights[1]


def test_a_picture_that_is_gone_leaves_a_frame_and_odd_names_are_drawn(red, tmp_path):
    names = ["x" * 300, "línea\nbreak\x1b[31m", "名前", "\udcff"]
    rows = [SheetRow(name, [SheetPicture(red, [name]), SheetPicture("gone", [])]) for name in names]
    save_picture_sheet(tmp_path / "sheet.png", rows)
    assert is_red(drawn(tmp_path / "sheet.png")).sum() == len(names) * SIDE * SIDE / 2


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(
        DataError, match=r"sheet\.pdf: a contact sheet is written as \.png or \.jpg"
    ):
        save_picture_sheet(tmp_path / "sheet.pdf", [])
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_only_a_sheet_is_written_over(red, tmp_path, ending):
    sheet, other = tmp_path / f"sheet.{ending}", tmp_path / f"other.{ending}"
    for title in ("one", "two"):
        save_picture_sheet(sheet, [SheetRow(title, [SheetPicture(red, [])])])
    Image.new("RGB", (4, 4)).save(other)
    before = other.read_bytes()
    with pytest.raises(DataError, match="already exists and is not a contact sheet: name another"):
        save_picture_sheet(other, [])
    assert other.read_bytes() == before
    with pytest.raises(NinError, match="cannot write "):
        save_picture_sheet(other / "sheet.png", [])


def test_a_picture_of_too_many_pixels_is_no_sheet(red, tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DataError, match="already exists and is not a contact sheet"):
        save_picture_sheet(tmp_path / "red.png", [SheetRow("one", [SheetPicture(red, [])])])
