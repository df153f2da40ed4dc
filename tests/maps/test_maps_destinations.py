"""Where pictures go, and what is never written over."""

from pathlib import Path

import pytest
from PIL import Image

from nin.errors import NinError
from nin.maps.destinations import PAGE, pictures


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def numbered(count):
    return [Path(f"photos/{number}.jpg") for number in range(count)]


def test_by_default_one_image_gives_its_name_and_many_share_a_sheet():
    assert pictures([Path("a/cat.jpg")]) == {Path("cat-maps.png"): [0]}
    assert pictures(numbered(2)) == {Path("maps.png"): [0, 1]}


def test_many_images_make_pages():
    pages = pictures(numbered(2 * PAGE + 1), Path("new/sheet.svg"))
    assert [*map(str, pages)] == ["new/sheet.svg", "new/sheet-2.svg", "new/sheet-3.svg"]
    assert [len(numbers) for numbers in pages.values()] == [PAGE, PAGE, 1]
    assert [n for numbers in pages.values() for n in numbers] == [*range(2 * PAGE + 1)]


def test_a_folder_holds_a_picture_an_image_each_of_its_own_name():
    files = [Path(name) for name in ("a/x.jpg", "b/x.png", "x-maps-2.jpg", "c/X.jpg", "y.jpg")]
    assert [path.name for path in pictures(files, Path("out"))] == [
        "x-maps.png",
        "x-maps-2.png",
        "x-maps-2-maps.png",
        "X-maps-3.png",
        "y-maps.png",
    ]


def test_an_existing_folder_may_have_any_name(here):
    (here / "v1.0").mkdir()
    assert [*pictures(numbered(1), Path("v1.0"))] == [Path("v1.0/0-maps.png")]


@pytest.mark.parametrize("name", ["out.jpg", "out.pdf", "v1.0"])
def test_other_endings_are_refused(name):
    with pytest.raises(NinError, match=rf"^out={name}: give a \.png or \.svg file"):
        pictures(numbered(2), Path(name))


@pytest.mark.parametrize("out", [None, "maps.png", "./maps.png", "link.png"])
def test_an_image_is_never_written_over(here, out):
    (here / "maps.png").write_bytes(b"mine")
    (here / "link.png").symlink_to("maps.png")
    with pytest.raises(NinError, match=r"cannot write (maps|link)\.png: it is one of the images"):
        pictures([Path("other.png"), Path("maps.png")], out and Path(out))


def test_in_a_folder_the_images_themselves_are_gone_round(here):
    (here / "x-maps.png").write_bytes(b"mine")
    paths = pictures([Path("x.jpg"), Path("x-maps.png")], Path())
    assert [*paths] == [Path("x-maps-2.png"), Path("x-maps-maps.png")]


def test_a_later_page_is_never_written_over_an_image(here):
    files = numbered(PAGE)
    (here / "s-2.png").write_bytes(b"mine")
    with pytest.raises(NinError, match=r"s-2\.png: it is one of the images"):
        pictures([*files, Path("s-2.png")], Path("s.png"))


def test_in_a_folder_somebody_elses_files_are_gone_round(here):
    (here / "a-maps.png").write_bytes(b"mine")
    assert [*pictures([Path("a.jpg")], Path())] == [Path("a-maps-2.png")]
    assert [*pictures([Path("a.jpg")], Path(), overwrite=True)] == [Path("a-maps.png")]


def test_long_names_that_begin_alike_stay_apart():
    names = [*pictures([Path("x" * 251 + ending) for ending in (".jpg", ".png")], Path("out"))]
    assert len({*names}) == 2
    assert {len(path.name) for path in names} == {255}


def test_a_link_that_leads_nowhere_is_somebody_elses(here):
    (here / "maps.png").symlink_to("nowhere")
    with pytest.raises(NinError, match=r"maps\.png already exists"):
        pictures(numbered(2))
    assert pictures(numbered(2), overwrite=True)


@pytest.mark.parametrize("out", [None, Path("seen")])
def test_no_images(out):
    with pytest.raises(NinError, match="there are no images"):
        pictures([], out)


def test_a_picture_of_too_many_pixels_is_somebody_elses(here, monkeypatch):
    Image.new("L", (30, 30)).save(here / "maps.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(NinError, match="did not write it"):
        pictures(numbered(2))
