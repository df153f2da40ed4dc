"""A folder or shards behind a URL are the same pictures, to the bit, as on this machine."""

from __future__ import annotations

import csv

import fsspec
import numpy as np
import pytest
from shards import as_parquet, as_tar_shards, pictures_of

from nin import ImageFolder
from nin.data import open_data
from nin.data.checkup import check_folder
from nin.errors import DataError, SourceError
from nin.inference.picture_sources import find_pictures

COUNTS = {"cat": 12, "dog": 20, "emu": 8}


@pytest.fixture
def photos(pictures, tmp_path):
    pictures(COUNTS)
    return tmp_path / "photos"


@pytest.fixture
def bucket(fresh, photos):  # noqa: ARG001 - it is for the state that it leaves
    """The photos in the memory of fsspec, which lists folders as S3 does."""
    files = fsspec.filesystem("memory")
    files.pipe(
        {f"/photos/{path.relative_to(photos)}": path.read_bytes() for path in photos.glob("*/*")}
    )
    yield "memory://photos"
    files.rm("/photos", recursive=True)


def with_table(folder):
    with (folder / "labels.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["file", "label"])
        rows.writerows((path.relative_to(folder), label) for label, path in pictures_of(folder))


def assert_same(one, other):
    assert (one.classes, one.parts) == (other.classes, other.parts)
    for part in one.parts:
        np.testing.assert_array_equal(one.split(part).images[:], other.split(part).images[:])
        np.testing.assert_array_equal(one.split(part).labels, other.split(part).labels)
        np.testing.assert_array_equal(one.digests(part), other.digests(part))
    assert one.fingerprint() == other.fingerprint()


@pytest.mark.parametrize("stream", [False, True])
def test_a_bucket(bucket, photos, stream):
    here = ImageFolder(photos, image_size=6, stream=stream)
    there = open_data(bucket, image_size=6, stream=stream)
    assert_same(there, here)
    assert (there.name, there.source) == ("photos", bucket)
    assert there.names("test")[0].startswith(f"{bucket}/")


def test_a_table_over_http(server, photos):
    photos.rename(server.folder / "photos")
    with_table(server.folder / "photos")
    here = ImageFolder(server.folder / "photos/labels.csv", image_size=6)
    there = open_data(f"{server.url}/photos/labels.csv", image_size=6)
    assert_same(there, here)


@pytest.mark.parametrize(
    ("write", "name"),
    [
        (as_tar_shards, "{000..002}.tar"),
        (as_parquet, "data/train-0000{0..2}-of-00003.parquet"),
    ],
)
def test_shards_over_http_and_what_is_known_of_them(server, photos, fresh, write, name):
    write(photos, server.folder, 3)
    here = ImageFolder(photos, image_size=6, stream=True)
    url = f"{server.url}/{name}"
    there = open_data(url, image_size=6, stream=True)
    assert_same(there, here)
    assert there.source == url
    sent = server.sent
    fresh()
    assert_same(open_data(url, image_size=6, stream=True), here)
    assert server.sent == sent + 3  # A byte of each, to know whether it has changed.


def test_shards_in_a_bucket(fresh, photos, tmp_path):  # noqa: ARG001
    as_tar_shards(photos, tmp_path / "shards", 3, "json", name="{:03}.tar")
    files = fsspec.filesystem("memory")
    files.put(str(tmp_path / "shards"), "/in/photos", recursive=True)
    here = ImageFolder(photos, image_size=6)
    for source in (
        "memory://in/photos",
        "memory://in/photos/*.tar",
        "memory://in/photos/{000..002}.tar",
    ):
        assert_same(open_data(source, image_size=6), here)
    assert len(find_pictures(["memory://in/photos/*.tar"]).files) == 40


def test_a_folder_in_a_bucket_may_be_called_like_a_shard(fresh, photos, tmp_path):  # noqa: ARG001
    """As Spark and Dask write Parquet: a folder of that suffix, with the files in it."""
    as_tar_shards(photos, tmp_path / "shards", 3, "json", name="{:03}.tar")
    files = fsspec.filesystem("memory")
    files.put(str(tmp_path / "shards"), "/in/all.tar/photos", recursive=True)
    here = ImageFolder(photos, image_size=6)
    for source in ("memory://in/all.tar/photos", "memory://in/all.tar/photos/*.tar"):
        assert_same(open_data(source, image_size=6), here)
    files.rm("/in/all.tar", recursive=True)
    files.rm("/in", recursive=True)


def test_pictures_to_be_answered_and_checked(bucket, server, photos):
    assert len(find_pictures([bucket]).files) == 40
    (server.folder / "1.png").write_bytes(next(photos.glob("*/*.png")).read_bytes())
    assert find_pictures([f"{server.url}/1.png"]).files == [f"{server.url}/1.png"]
    with pytest.raises(DataError, match=r"2.png: there is nothing at this URL \(404\)"):
        find_pictures([f"{server.url}/2.png"])
    assert "40 pictures in 3 classes" in check_folder(bucket, 6).text()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("photos", "a server does not list its folders over http: name shards"),
        ("train-*.tar", "a server does not list its folders over http: name shards"),
        ("labels.csv", r"labels.csv: not a folder|there is nothing|no such folder"),
        ("train-{000..001}.tar", "train-000.tar does not exist, nor do 1 more"),
    ],
)
def test_what_is_not_there_is_one_line(server, name, said):
    with pytest.raises((DataError, SourceError), match=said):
        open_data(f"{server.url}/{name}")


def test_a_server_that_fails_is_no_bad_picture(server, photos, fresh):
    as_tar_shards(photos, server.folder, 1, "cls", name="{:03}.tar")
    data = open_data(f"{server.url}/000.tar", image_size=6, stream=True, skip_bad=True)
    images = data.train.images
    fresh()
    server.faults = [500]
    with pytest.raises(SourceError, match="HTTP 500"):
        images[:2]
    assert data.skipped == []
