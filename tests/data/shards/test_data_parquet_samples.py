"""Parquet in Hugging Face's layout, and its folders of files with metadata, are the folder."""

import csv
import json
import shutil
import sys

import pytest

pytest.importorskip("pyarrow", reason="needs keras-nin[parquet]")

from shards import COUNTS, as_parquet, pictures_of, same, write_parquet

from nin.data import ImageFolder
from nin.data.source_listing import list_source
from nin.errors import DataError
from nin.inference.picture_sources import find_pictures

ROWS = [(b"\x89PNG", f"{number}.png", number % 2) for number in range(4)]


@pytest.mark.parametrize("classes", [None, [*COUNTS]])
@pytest.mark.parametrize("stream", [True, False])
def test_parquet_files_are_the_folder_to_the_bit(pictures, tmp_path, classes, stream):
    folder = ImageFolder(pictures(COUNTS), 8, image_size=6, stream=stream)
    source = as_parquet(tmp_path / "photos", tmp_path / "set", 3, classes)
    data = ImageFolder(source / "data/*.parquet", 8, image_size=6, stream=stream)
    assert same(data, folder)
    for ours, theirs in zip(data.train_dataloader(), folder.train_dataloader(), strict=True):
        assert all((one == other).all() for one, other in zip(ours, theirs, strict=True))


def test_parts_are_by_the_names_of_files(pictures, tmp_path):
    for part in ("train", "validation", "test"):
        as_parquet(
            pictures({"cat": 4, "dog": 6}, f"photos/{part}"), tmp_path / "set", 2, None, part
        )
    data = ImageFolder(tmp_path / "set", image_size=6)
    assert same(data, ImageFolder(tmp_path / "photos", image_size=6))
    first = find_pictures([tmp_path / "set"]).files[0]
    assert first == f"{tmp_path}/set/data/test-00000-of-00002.parquet/0/000.png"


def test_pictures_without_a_label_are_left_out_and_a_test_of_these_as_a_whole(tmp_path):
    write_parquet(tmp_path / "train-0.parquet", [*ROWS, (b"", "x.png", -1), (b"", "y", None)])
    write_parquet(tmp_path / "test-0.parquet", [(b"", "x.png", -1)])
    listing = list_source(tmp_path)
    assert listing.inventory.pictures == {"train": 4}
    assert listing.inventory.left_out == {"pictures without a label": 3}


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_the_local_form_with_metadata_is_the_folder(pictures, tmp_path, kind):
    for part in ("train", "test"):
        files = pictures_of(pictures({"cat": 4, "dog": 6}, f"photos/{part}"))
        rows = []
        (tmp_path / "set" / part).mkdir(parents=True)
        for label, path in files:
            name = f"{label}-{path.name}"
            shutil.copy(path, tmp_path / "set" / part / name)
            rows.append({"file_name": name, "text": "a picture", "label": label})
        with (tmp_path / "set" / part / f"metadata.{kind}").open("w", newline="") as table:
            if kind == "csv":
                writer = csv.DictWriter(table, rows[0])
                writer.writeheader()
                writer.writerows(rows)
            else:
                table.writelines(f"{json.dumps(row)}\n" for row in rows)
    folder = ImageFolder(tmp_path / "photos", image_size=6)
    assert same(ImageFolder(tmp_path / "set", image_size=6), folder)


REFUSED = {
    "no image": (
        {"image": None, "pixels": [b""] * 4},
        r"no column is called image \(label, pixels\)",
    ),
    "several": (
        {"image": None, "img": [b""] * 4, "photo": [b""] * 4},
        r"several columns hold pictures \(img, photo\)",
    ),
    "text": ({"image": ["a.png"] * 4}, r"column image is string: it must hold the bytes"),
    "no label": ({"label": None}, r"no column is called label \(columns: image\): rename one"),
    "no labels": ({"label": [-1] * 4}, r"none of its 4 pictures has a label"),
    "fractions": ({"label": [0.5] * 4}, r"column label is double: a label is a whole number"),
    "no name for it": ({"label": [0, 1, 1, 7]}, r"label 7, and .*a\.parquet names 2 classes"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_other_layouts_are_refused_in_one_line_that_names_the_file(tmp_path, case):
    columns, said = REFUSED[case]
    names = ["cat", "dog"] if case == "no name for it" else None
    write_parquet(tmp_path / "a.parquet", ROWS, names, **columns)
    with pytest.raises(DataError, match=rf"a\.parquet: {said}") as refusal:
        ImageFolder(tmp_path, image_size=6)
    assert "\n" not in str(refusal.value)


def test_files_of_other_classes_do_not_go_together(tmp_path):
    write_parquet(tmp_path / "a.parquet", ROWS, ["cat", "dog"])
    write_parquet(tmp_path / "b.parquet", ROWS, ["dog", "cat"])
    with pytest.raises(DataError, match=r"b\.parquet: its classes differ from those of"):
        list_source(tmp_path)


def test_two_kinds_of_shards_in_a_folder_are_refused(tmp_path):
    write_parquet(tmp_path / "a.parquet", ROWS)
    (tmp_path / "b.tar").write_bytes(b"")
    with pytest.raises(DataError, match=r"holds \.parquet and \.tar shards: name those of"):
        list_source(tmp_path)


def test_without_pyarrow_it_is_said_what_to_install(tmp_path, monkeypatch):
    write_parquet(tmp_path / "a.parquet", ROWS)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(DataError, match=r"pip install 'keras-nin\[parquet\]'"):
        list_source(tmp_path)


def test_a_window_of_groups_that_are_large_is_of_few(tmp_path, monkeypatch):
    rows = [(bytes([number]) * 1000, None, number % 2) for number in range(40)]
    write_parquet(tmp_path / "a.parquet", rows, row_group_size=10)
    monkeypatch.setattr("nin.data.block_order.WINDOW_BYTES", 25_000)
    data = ImageFolder(tmp_path, image_size=6, validation=0, test=0, stream=True)
    blocks = data.blocks("train")
    assert blocks.of.tolist() == [number // 10 for number in range(40)]
    assert blocks.exceed_a_window
    assert ((blocks.shares > 0.39) & (blocks.shares < 0.5)).all()


def test_names_that_are_not_utf_8_and_columns_of_one_name(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = pa.array([{"bytes": b"\x89PNG", "path": "a.png"}] * 2)
    labels = pa.array([b"caf\xe9", b"tea"]).cast(pa.binary()).view(pa.string())
    tables = {
        "latin.parquet": pa.table({"image": images, "label": labels}),
        "twice.parquet": pa.Table.from_arrays(
            [images, images, labels], ["image", "image", "label"]
        ),
    }
    for name, table in tables.items():
        (tmp_path / name[:5]).mkdir()
        pq.write_table(table, tmp_path / name[:5] / name)
        with pytest.raises(DataError, match=f"{name}: ") as raised:
            list_source(tmp_path / name[:5])
        assert "\n" not in str(raised.value)
