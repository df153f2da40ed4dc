"""Shards are listed as a folder of the same pictures is."""

import json
import os

import fsspec
import numpy as np
import pytest
from shards import COUNTS, as_tar_shards, same, write_tar

from nin import ImageFolder
from nin.data import open_data
from nin.data.shards.shard_files import find_shards
from nin.data.shards.shard_listing import shard_pictures
from nin.data.source_listing import list_source
from nin.data.storage.url_path import source_path
from nin.errors import DataError
from nin.urls import with_secrets

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ("cls", None),
        ("json", None),
        ("cls", ["cat", "dog", "emu"]),
        ("json", ["cat", "dog", "emu"]),
    ],
)
def test_tar_shards_are_the_folder_to_the_bit(pictures, tmp_path, labels, classes):
    folder = ImageFolder(pictures(COUNTS), 8, image_size=6)
    shards = as_tar_shards(tmp_path / "photos", tmp_path / "shards", 3, labels, classes)
    for source in (shards, shards / "*.tar", shards / "{000..002}.tar"):
        data = open_data(str(source), batch_size=8, image_size=6)
        assert same(data, folder)
        assert data.name == "shards"
    assert data.names("test")[0].startswith(str(shards / "0"))
    for ours, theirs in zip(data.train_dataloader(), folder.train_dataloader(), strict=True):
        for one, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(one, other)
    streamed = ImageFolder(shards, 8, image_size=6, stream=True)
    assert same(streamed, folder)
    assert (
        streamed.fingerprint()
        == ImageFolder(folder.path, 8, image_size=6, stream=True).fingerprint()
    )


@pytest.mark.parametrize("layout", ["{}-{{:03}}.tar", "{}/{{:03}}.tar", "data/{}-{{:03}}.tar"])
def test_parts_are_by_the_names_of_shards_or_of_their_folders(pictures, tmp_path, layout):
    for part in ("train", "val", "test"):
        pictures({"cat": 4, "dog": 6}, folder=f"photos/{part}")
        as_tar_shards(tmp_path / "photos" / part, tmp_path / "shards", 2, name=layout.format(part))
    data = ImageFolder(tmp_path / "shards", image_size=6)
    folder = ImageFolder(tmp_path / "photos", image_size=6)
    assert same(data, folder)
    assert data.inventory.part_names == folder.inventory.part_names
    assert data.has_own_parts


def test_a_pattern_of_one_part_is_divided(pictures, tmp_path):
    as_tar_shards(pictures(COUNTS), tmp_path, 2, name="val-{:03}.tar")
    data = ImageFolder(tmp_path / "val-*.tar", image_size=6)
    assert data.parts == ("train", "validation", "test")
    assert not data.has_own_parts


def test_no_folder_of_pictures_becomes_one_of_shards(pictures):
    folder = pictures(COUNTS)
    write_tar(folder / "backup.tar", {"0.png": b"", "0.cls": b"1"})
    listing = list_source(folder)
    assert listing.inventory.pictures == {"train": 40}
    assert listing.inventory.left_out == {".tar files": 1}


def test_numbers_without_names_are_names_in_the_order_of_numbers(tmp_path):
    members = {
        f"{n}.{end}": text
        for n in range(22)
        for end, text in (("jpg", b"x"), ("cls", str(n % 11).encode()))
    }
    assert list_source(write_tar(tmp_path / "a.tar", members)).classes == tuple(map(str, range(11)))


def test_classes_keep_the_order_of_their_file_and_what_is_left_out_is_counted(tmp_path):
    (tmp_path / "classes.json").write_text(json.dumps({"zebra": 0, "ape": 1, "none": 2}))
    members = {
        "0.png": PNG,
        "0.cls": b"1",
        "1.png": PNG,
        "1.json": b'{"cls": "zebra"}',
        "2.png": PNG,
        "2.json": b'{"label": null}',
        "3.txt": b"a",
        "0.seg.png": PNG,
    }
    listing = list_source(write_tar(tmp_path / "a.tar", members))
    assert listing.classes == ("zebra", "ape")
    assert listing.parts["train"].labels.tolist() == [1, 0]
    assert listing.inventory.left_out == {
        ".txt files in shards": 1,
        ".seg.png files in shards": 1,
        "pictures without a label": 1,
    }
    assert listing.inventory.labels == "classes.json"


def pair(number, label, ending="cls"):
    return {f"{number}.png": PNG, f"{number}.{ending}": label}


TWO = {**pair(0, b"cat"), **pair(1, b"dog")}
REFUSED = {
    "no shard has labels": (
        {"a.tar": {"0.png": PNG}},
        r"a\.tar: none of its 1 pictures has a label",
    ),
    "no pictures": ({"a.tar": {"0.cls": b"1"}}, r"a\.tar: holds no pictures"),
    "one key in two": ({"a.tar": TWO, "b.tar": TWO}, r"b\.tar: key 0 is in .*a\.tar, too"),
    "two pictures of one key": (
        {"a.tar": {**TWO, "0.jpg": b""}},
        r"a\.tar: 0\.png and 0\.jpg have the same key, 0",
    ),
    "one class": ({"a.tar": pair(0, b"cat")}, r"1 class\(es\) to train on"),
    "numbers and names": (
        {"a.tar": {**TWO, **pair(2, b"3")}},
        r"some labels are numbers and some are names",
    ),
    "a class that training lacks": (
        {"train-0.tar": TWO, "val-0.tar": pair(0, b"emu")},
        r"val-0\.tar: no training pictures of emu, which validation has",
    ),
    "no training part": (
        {"test-0.tar": TWO, "val-0.tar": TWO},
        r"has shards of validation and test, and none to train on",
    ),
    "a label that is a list": (
        {"a.tar": {**TWO, **pair(2, b'{"label": [1]}', "json")}},
        r"a\.tar: 2\.json: its label must be a number or the name of a class, not \[1\]",
    ),
    "JSON that is none": (
        {"a.tar": {**TWO, **pair(2, b"{", "json")}},
        r"a\.tar: 2\.json: is not a JSON object",
    ),
    "several lines": ({"a.tar": {**TWO, **pair(2, b"a\nb")}}, r"2\.cls: has several lines"),
    "no text": ({"a.tar": {**TWO, **pair(2, b"\xff\xfe")}}, r"2\.cls: is not text"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_right_is_refused_in_one_line_that_names_the_shard(tmp_path, case):
    shards, said = REFUSED[case]
    for name, members in shards.items():
        write_tar(tmp_path / name, members)
    with pytest.raises(DataError, match=said) as refusal:
        ImageFolder(tmp_path, image_size=6)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "label", "said"),
    [
        (
            "cat\ndog\n",
            b"emu",
            r"a\.tar: label 'emu' is not named in .*classes\.txt: add",
        ),
        ("cat\ndog\n", b"7", r"a\.tar: label 7, and .*classes\.txt names 2 classes, from 0 on"),
        ("cat\n", b"cat", r"classes\.txt: names 1 class"),
        ("cat\ndog\ncat", b"cat", r"classes\.txt: names cat twice"),
    ],
)
def test_classes_that_are_not_known_are_refused(tmp_path, text, label, said):
    (tmp_path / "classes.txt").write_text(text)
    write_tar(tmp_path / "a.tar", {**TWO, **pair(2, label)})
    with pytest.raises(DataError, match=said):
        list_source(tmp_path)


def test_patterns_that_match_nothing_or_too_little_are_refused(tmp_path):
    write_tar(tmp_path / "a-0.tar", TWO)
    with pytest.raises(DataError, match=r"b-\*\.tar: there is no such shard"):
        open_data(str(tmp_path / "b-*.tar"))
    with pytest.raises(DataError, match=r"a-1\.tar does not exist, nor do 2 more"):
        open_data(str(tmp_path / "a-{0..3}.tar"))
    with pytest.raises(DataError, match=r"\{3\.\.0\} must count up"):
        open_data(str(tmp_path / "a-{3..0}.tar"))
    (tmp_path / "c.tar.gz").write_bytes(b"")
    with pytest.raises(DataError, match="unpack it to a plain"):
        open_data(str(tmp_path / "c.tar.gz"))


def test_a_bad_picture_is_named_or_left_out(pictures, tmp_path):
    shards = as_tar_shards(pictures(COUNTS), tmp_path / "shards", 1)
    write_tar(shards / "bad.tar", {"bad.png": b"no picture", "bad.cls": b"cat"})
    with pytest.raises(DataError, match=r"bad\.tar/bad\.png: not a JPEG"):
        _ = ImageFolder(shards, image_size=6).train
    data = ImageFolder(shards, image_size=6, skip_bad=True)
    assert sum(len(data.split(part).labels) for part in data.parts) == 40
    assert "bad.tar/bad.png" in data.skipped[0]


def test_a_number_below_0_is_no_label(tmp_path):
    members = {**pair(0, b'{"label": 0}', "json"), **pair(1, b'{"label": 1}', "json")}
    members |= {**pair(2, b'{"label": -1}', "json"), **pair(3, b"-1")}
    listing = list_source(write_tar(tmp_path / "a.tar", members))
    assert listing.classes == ("0", "1")
    assert listing.inventory.left_out == {"pictures without a label": 2}


def test_what_macos_leaves_in_a_shard_is_passed_over(tmp_path):
    tar = write_tar(tmp_path / "a.tar", {**TWO, "._0.png": b"x", "._1.png": b"x"})
    assert list_source(tar).inventory.left_out == {"._ files of macOS": 2}
    assert shard_pictures(str(tar)) == [f"{tar}/0.png", f"{tar}/1.png"]


def test_what_is_no_picture_is_counted_by_kinds(tmp_path):
    others = {"0.seg.npy": b"", "1.2024.01.05.txt": b"", "0.Long-name of 2": b"", "b": b""}
    tar = write_tar(tmp_path / "a.tar", {**TWO, **others})
    assert list_source(tar).inventory.left_out == {
        ".seg.npy files in shards": 1,
        "other files in shards": 3,
    }


def test_a_range_in_a_folder_with_brackets(tmp_path):
    write_tar(tmp_path / "run[1]/a-0.tar", TWO)
    write_tar(tmp_path / "run1/a-0.tar", {**TWO, **pair(2, b"cat")})
    assert list_source(tmp_path / "run[1]/a-{0..0}.tar").inventory.pictures == {"train": 2}


@pytest.mark.usefixtures("fresh")
def test_an_archive_beside_pictures_further_down_is_no_shard(pictures, tmp_path):
    files = fsspec.filesystem("memory")
    files.pipe({"/p/a.tar": b"", "/p/train/cat/1.jpg": b"1"})
    assert find_shards(source_path("memory://p")) is None
    files.rm("/p", recursive=True)
    train = tmp_path / "linked/train"
    train.mkdir(parents=True)
    (train / "again").symlink_to(train)
    write_tar(tmp_path / "linked/a.tar", TWO)
    assert find_shards(tmp_path / "linked") is not None
    for each in pictures(COUNTS).iterdir():
        (train / each.name).symlink_to(each)
    assert find_shards(tmp_path / "linked") is None


def test_the_signature_of_a_pattern_is_that_of_its_shards(server):
    write_tar(server.folder / "0.tar", {})
    find_shards(source_path(f"{server.url}/{{0..0}}.tar?sv=1&sig=0f"))
    assert server.query == "sv=1&sig=0f"


def test_the_signature_of_shards_is_that_of_the_names_of_their_classes(server, monkeypatch):
    from nin.data.shards import shard_listing

    opened = []
    monkeypatch.setattr(
        shard_listing, "find_class_names", lambda at: opened.extend(map(with_secrets_of, at))
    )
    write_tar(server.folder / "0.tar", TWO)
    list_source(source_path(f"{server.url}/{{0..0}}.tar?sv=1&sig=0f"))
    assert opened[0] == f"{server.url}/classes.txt?sv=1&sig=0f"


def with_secrets_of(folder):
    return with_secrets(str(folder / "classes.txt"))


def test_test_shards_are_kept_from_shards_of_no_known_part(pictures, tmp_path):
    pictures({"cat": 6, "dog": 6})
    shards = as_tar_shards(tmp_path / "photos", tmp_path / "shards", 3)
    first = min(shards.iterdir())
    first.rename(shards / "test-000.tar")
    for source in (shards, shards / "*.tar"):
        with pytest.raises(DataError, match="has shards of test, and none to train on"):
            list_source(source)
    alone = as_tar_shards(tmp_path / "photos", tmp_path / "alone", 1, name="test-{:03}.tar")
    assert not list_source(alone).split, "to evaluate on"


@pytest.mark.parametrize("name", ["b.tar.gz", "b.tgz"])
def test_a_compressed_shard_beside_others_is_named(tmp_path, name):
    write_tar(tmp_path / "shards/a.tar", TWO)
    (tmp_path / "shards" / name).write_bytes(b"\x1f\x8b")
    with pytest.raises(DataError, match=rf"{name}: a compressed archive: unpack it"):
        list_source(tmp_path / "shards")
    (tmp_path / "shards/a.tar").unlink()
    with pytest.raises(DataError, match=rf"{name}: a compressed archive: unpack it"):
        list_source(tmp_path / "shards")


def test_a_shard_that_is_a_link_to_nothing_is_named(tmp_path):
    write_tar(tmp_path / "shards/a.tar", TWO)
    (tmp_path / "shards/b.tar").symlink_to("nowhere")
    with pytest.raises(DataError, match=r"b.tar: is no file, or a link to nothing"):
        list_source(tmp_path / "shards")


def test_a_missing_shard_in_a_folder_with_brackets_is_named(tmp_path):
    write_tar(tmp_path / "run[1]/a-0.tar", TWO)
    with pytest.raises(DataError, match=r"a-1\.tar does not exist"):
        find_shards(tmp_path / "run[1]/a-{0..1}.tar")
    write_tar(tmp_path / "run1/b.tar", TWO)
    assert "run[1]" in find_shards(tmp_path / "run[1]/*.tar").files[0].path


def test_a_folder_beside_shards_that_may_not_be_listed_is_passed_over(tmp_path, monkeypatch):
    write_tar(tmp_path / "set/a.tar", TWO)
    (tmp_path / "set/private").mkdir()
    listed = os.scandir

    def refusing(path="."):
        if os.fspath(path).endswith("private"):
            raise PermissionError(13, "Permission denied", os.fspath(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert find_shards(tmp_path / "set") is not None
