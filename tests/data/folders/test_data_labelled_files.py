"""Pictures that a table beside them labels."""

import json
from pathlib import Path

import pytest

from nin.data import ImageFolder
from nin.errors import DataError


@pytest.fixture
def photos(pictures, tmp_path):
    """A folder of eight pictures in ``images``, and a table."""

    def make(table="labels.csv", content=None, folder="images", count=8):
        root = tmp_path / "photos"
        pictures({folder: count}, "photos")
        lines = [f"{n:03}.png,{'cat' if n % 2 else 'dog'}" for n in range(count)]
        text = "\n".join(["file,label", *lines]) if content is None else content
        (root / table).write_text(text, encoding="utf-8")
        return root

    return make


def refusal(path):
    with pytest.raises(DataError) as raised:
        ImageFolder(path)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def numbers(split):
    return sorted(zip(split.images[:, 0, 0, 0].tolist(), split.labels.tolist(), strict=True))


@pytest.mark.parametrize("given", ["photos", "photos/labels.csv"])
def test_a_folder_or_its_table(photos, tmp_path, given):
    photos()
    data = ImageFolder(tmp_path / given, image_size=6, validation=0, test=0)
    assert (data.classes, data.name, data.path) == (("cat", "dog"), "photos", tmp_path / "photos")
    assert numbers(data.train) == [(n, 1 - n % 2) for n in range(8)]
    assert data.inventory.text() == (
        f"{tmp_path / 'photos'}: 8 pictures in 2 classes, labelled by labels.csv\n"
        "classes: cat 4, dog 4"
    )
    assert data.describe()["inventory"]["labels"] == "labels.csv"


@pytest.mark.parametrize("labelled", [True, False])
def test_a_missing_picture_is_not_that_of_the_same_name_in_another_part(photos, pictures, labelled):
    """Where both parts are numbered from 0, as in competitions."""
    lines = [f"{n:03}.png,{'ab'[n % 2]}" for n in range(8)]
    root = photos("train.csv", "\n".join(["file,label", *lines]), "train")
    pictures({"test": 8}, "photos")
    header, *rows = (
        ["file,label", *lines] if labelled else ["file", *(f"{n:03}.png" for n in range(8))]
    )
    (root / "test.csv").write_text("\n".join([header, *rows]))
    (root / "train/003.png").unlink()
    data = ImageFolder(root, image_size=6, validation=0, skip_bad=True)
    assert len(data.train.labels) == 7
    assert "test" not in {Path(path).parent.name for path in data.files("train").paths}


def test_one_table_for_the_folders_of_all_parts(photos):
    lines = [f"{n:03}.png,{'ab'[n % 2]}" for n in range(8)]
    root = photos("train.csv", "\n".join(["file,label", *lines]), "train")
    (root / "valid").mkdir()
    for name in ("006.png", "007.png"):
        (root / "train" / name).rename(root / "valid" / name)
    data = ImageFolder(root, image_size=6, validation=0, test=0)
    assert len(data.train.labels) == 8


@pytest.mark.parametrize("more", ["train_log.csv:epoch,loss\n1,2.0\n", "test.csv:file,label\n"])
def test_tables_of_something_else_are_left_out(photos, more):
    root = photos("train.csv", "file,label\n000.png,a\n001.png,b\n002.png,a")
    name, content = more.split(":")
    (root / name).write_text(content)
    left_out = ImageFolder(root, validation=0, test=0).inventory.left_out
    assert left_out[f"{name}, which has no labels"] == 1


def test_pictures_of_one_part_may_lie_in_the_folder_of_another(photos):
    root = photos("train.csv", "file,label\n000.png,a\n001.png,b\n002.png,a", "train")
    (root / "val.csv").write_text("file,label\n003.png,b\n")
    assert ImageFolder(root, test=0).inventory.pictures == {"train": 3, "validation": 1}


def test_a_table_of_a_part_that_cannot_be_read_is_not_left_out(photos):
    root = photos("train.csv", "file,label\n000.png,a\n001.png,b\n002.png,a")
    (root / "test.csv").write_text("file,label\n004.png,a\n005.png,b,c\n")
    assert "test.csv: line 3 has 3 columns, the first line 2" in refusal(root)


def test_names_without_endings_and_pictures_without_labels(photos):
    root = photos("train.csv", "id,breed\n000,cat\n001,dog\n002,cat\n003,\n", "train_images")
    (root / "test.csv").write_text("id\n7\n")
    (root / "test_images").mkdir()
    (root / "train_images/004.png").rename(root / "test_images/000.png")
    inventory = ImageFolder(root, validation=0, test=0).inventory
    assert inventory.per_class == {"train": {"cat": 2, "dog": 1}}
    assert inventory.left_out == {
        "rows without a label": 1,
        "test.csv, which has no labels": 1,
        "pictures without a label": 5,
    }


def test_parts_by_a_column(photos):
    lines = ["file,label,split"]
    lines += [f"images/{n:03}.png,{'ab'[n % 2]},{'train' if n < 6 else 'test'}" for n in range(8)]
    data = ImageFolder(photos(content="\n".join(lines)), image_size=6, validation=0)
    assert data.parts == ("train", "test")
    assert numbers(data.test) == [(6, 0), (7, 1)]


@pytest.mark.parametrize("column", ["dataset", "data set", "fold", "used for"])
def test_parts_by_a_column_of_another_name(photos, column):
    lines = [f"file,label,{column},by"]
    lines += [f"{n:03}.png,{'ab'[n % 2]},{'train' if n < 6 else 'test'},me" for n in range(8)]
    data = ImageFolder(photos(content="\n".join(lines)), image_size=6, validation=0)
    assert numbers(data.test) == [(6, 0), (7, 1)]


@pytest.mark.parametrize("missing", ["", "test"])
def test_parts_by_the_folders_of_a_tables_pictures(photos, pictures, missing):
    rows = [f"{part}/{n:03}.png,{'ab'[n % 2]}" for part in ("train", "test") for n in range(4)]
    root = photos(content="\n".join(["file,label", *rows, "005.png,a"][: 10 if missing else 9]))
    pictures({"train": 4, "test": 4}, "photos")
    if missing:
        (root / "images/005.png").rename(root / "005.png")
    data = ImageFolder(root, image_size=6, validation=0)
    within = {Path(path).parent.name for path in data.files("test").paths}
    assert data.has_own_parts == (not missing)
    assert missing or within == {"test"}


def test_parts_by_a_table_each_whatever_the_order_of_its_words(photos):
    root = photos("labels_train.csv", "file,label\n000.png,a\n001.png,b\n002.png,a")
    (root / "labels_test.csv").write_text("file,label\n004.png,a\n")
    assert ImageFolder(root, validation=0).inventory.pictures == {"train": 3, "test": 1}


def test_parts_by_a_table_each(photos):
    root = photos("train.csv", "file,label\n000.png,a\n001.png,b\n002.png,a")
    (root / "val.csv").write_text("file,label\n003.png,b\n")
    (root / "test.csv").write_text("file,label\n004.png,a\n")
    inventory = ImageFolder(root).inventory
    assert inventory.pictures == {"train": 3, "validation": 1, "test": 1}
    assert inventory.labels == "train.csv and test.csv and val.csv"


def test_a_table_within_each_part(pictures, tmp_path):
    """As the image folders of Hugging Face are."""
    for part, count in (("train", 6), ("test", 2)):
        pictures({part: count}, "photos" if part == "train" else "more")
    root = tmp_path / "photos"
    (tmp_path / "more/test").rename(root / "test")
    for part, count in (("train", 6), ("test", 2)):
        lines = [f"{n:03}.png,{'ab'[n % 2]}" for n in range(count)]
        (root / part / "metadata.csv").write_text("\n".join(["file_name,label", *lines]))
    data = ImageFolder(root, image_size=6, validation=0)
    assert data.inventory.pictures == {"train": 6, "test": 2}
    assert data.inventory.labels == "train/metadata.csv and test/metadata.csv"
    assert data.inventory.left_out == {}
    assert numbers(data.test) == [(0, 0), (1, 1)]
    assert data.files("test").paths[0] == str(root / "test/000.png")


def test_json_lines(photos):
    rows = [{"file_name": f"images/{n:03}.png", "label": n % 2} for n in range(8)]
    root = photos("metadata.jsonl", "\n".join(map(json.dumps, rows)))
    assert ImageFolder(root, validation=0, test=0).classes == ("0", "1")


def test_labels_in_two_unicode_forms_are_one(photos):
    text = "file,label\n000.png,cafe\u0301\n001.png,caf\u00e9\n002.png,tea\n"
    assert ImageFolder(photos(content=text), validation=0, test=0).classes == ("caf\u00e9", "tea")


def test_a_missing_picture_is_an_unreadable_one(photos):
    root = photos()
    (root / "images/003.png").unlink()
    with pytest.raises(DataError, match=r"1 picture.*003\.png: No such file"):
        ImageFolder(root, validation=0, test=0).train  # noqa: B018
    left = ImageFolder(root, validation=0, test=0, skip_bad=True, image_size=6).train
    assert len(left.labels) == 7


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("file,label\n000.png,\nx.png,a\ny.png,b", "none of its 2 files is there, such as x.png"),
        ("file,label\nx.png,a\ny.png,b", "none of its 2 files is there, such as x.png"),
        ("file,label\n000.png,a\n000.png,b", "line 3: 000.png is b here and a in line 2"),
        ("file,label\n000.png,a\n001.png,a", "1 class(es) to train on: two or more are needed"),
        ("file,label\n,a\n001.png,b", "line 2 names no file"),
        (
            "file,label,split\n000.png,a,train\n001.png,b,train\n002.png,c,test",
            "no training pictures of c, which test has",
        ),
        (
            "file,label,split\n000.png,a,train\n001.png,b,train\n000.png,a,test",
            "is in test here and in train in line 2: keep one",
        ),
    ],
)
def test_tables_that_contradict_are_one_line(photos, content, said):
    assert said in refusal(photos(content=content))


def test_a_label_of_its_own_for_every_picture(photos):
    text = "file,target\n" + "\n".join(f"{n:03}.png,{n * 0.37}" for n in range(20))
    assert "nearly every picture has a label of its own" in refusal(photos(content=text, count=20))


def test_one_name_in_two_folders(photos, pictures):
    root = photos()
    pictures({"more": 1}, "photos")
    assert "000.png could be any of 2 pictures: give its folder, too" in refusal(
        root / "labels.csv"
    )


def test_folders_and_a_table_that_say_the_same(pictures):
    root = pictures({"cat": 5, "dog": 5})
    (root / "labels.csv").write_text("file,label\ncat/000.png,cat\ndog/000.png,dog\n")
    inventory = ImageFolder(root).inventory
    assert (inventory.labels, inventory.pictures) == (None, {"train": 10})
    (root / "labels.csv").write_text("file,label\ncat/000.png,0\ndog/000.png,1\n")
    assert ImageFolder(root).classes == ("cat", "dog")
    (root / "labels.csv").write_text("file,label\ncat/000.png,a\ncat/001.png,b\ndog/000.png,b\n")
    message = refusal(root)
    assert "are the classes its folders (cat, dog), or those in labels.csv (a, b)?" in message
    (root / "labels.csv").write_text("x,y,z\n1,2,3\n")
    assert ImageFolder(root).inventory.left_out == {
        ".csv files": 1,
        "labels.csv, which is not used": 1,
    }


def test_folders_and_a_table_that_divide_alike_or_not(pictures):
    root = pictures({"train/cat": 3, "train/dog": 3, "test/cat": 1, "test/dog": 1})
    rows = [f"train/{name}/00{n}.png,{name},train" for name in ("cat", "dog") for n in range(2)]
    rows = ["file,label,split", *rows, "train/dog/002.png,dog,{}"]
    (root / "labels.csv").write_text("\n".join(rows).format("train"))
    assert ImageFolder(root, validation=0).inventory.pictures == {"train": 6, "test": 2}
    (root / "labels.csv").write_text("\n".join(rows).format("test"))
    message = refusal(root)
    assert "dog/002.png is in test by labels.csv, and in train by its folder: move" in message


def test_a_table_is_not_blamed_for_files_that_another_misses(photos):
    root = photos("train.csv", "file,label\n000.png,cat\n001.png,dog\n7a.png,cat\n8a.png,dog\n")
    (root / "val.csv").write_text("file,label\n004.png,cat\n005.png,dog\n")
    found = ImageFolder(root, test=0).inventory
    assert found.per_class["validation"] == {"cat": 1, "dog": 1}


def test_a_row_without_a_label_needs_no_part(photos):
    root = photos(content="file,label,split\n000.png,cat,train\n001.png,dog,train\n002.png,,")
    inventory = ImageFolder(root, image_size=6, validation=0, test=0).inventory
    assert inventory.left_out["rows without a label"] == 1


def test_pictures_elsewhere_by_their_full_path(photos, pictures, tmp_path):
    others = pictures({"pictures": 4}, "train/elsewhere")
    lines = [f"{others}/pictures/{n:03}.png,{'ab'[n % 2]}" for n in range(4)]
    root = photos(content="\n".join(["file,label", *lines]))
    data = ImageFolder(root, image_size=6, validation=0, test=0)
    assert len(data.train.labels) == 4
    (tmp_path / "linked").symlink_to(root)
    lines = [f"{root}/images/{n:03}.png,{'ab'[n % 2]}" for n in range(4)]
    (root / "labels.csv").write_text("\n".join(["file,label", *lines]))
    data = ImageFolder(tmp_path / "linked", image_size=6, validation=0, test=0)
    assert len(data.train.labels) == 4


def test_names_with_backslashes_are_those_of_files_or_of_paths(photos):
    root = photos(content="file,label\nx\\0.png,a\nimages\\001.png,b\n")
    (root / "images/000.png").rename(root / "x\\0.png")
    data = ImageFolder(root, image_size=6, validation=0, test=0)
    assert numbers(data.train) == [(0, 0), (1, 1)]


def test_names_on_a_web_server_may_hold_what_has_a_meaning_in_urls(photos, server):
    root = photos(content="file,label\ncat #2.png,a\nwhat?.png,b\n")
    for number, name in enumerate(("cat #2.png", "what?.png")):
        (root / f"images/{number:03}.png").rename(server.folder / name)
    (root / "labels.csv").rename(server.folder / "labels.csv")
    data = ImageFolder(
        f"{server.url}/labels.csv?sig=0f", image_size=6, validation=0, test=0, stream=False
    )
    assert numbers(data.train) == [(0, 0), (1, 1)]
    assert server.query == "sig=0f"


@pytest.mark.parametrize("name", ["a\0.png", "\ud800.png"])
def test_a_name_that_no_file_can_have(photos, name):
    rows = [{"file": f"{n:03}.png", "label": "ab"[n % 2]} for n in range(4)]
    rows.append({"file": name, "label": "a"})
    root = photos("labels.jsonl", "\n".join(map(json.dumps, rows)))
    assert "labels.jsonl: line 5: no file can be called" in refusal(root)


def test_a_long_text_beside_class_folders_is_no_table_of_theirs(pictures, tmp_path):
    pictures({"cat": 4, "dog": 4}, "photos")
    (tmp_path / "photos/notes.csv").write_text(f"file,label\n{'x' * 300},cat\ny,dog\n")
    assert ImageFolder(tmp_path / "photos").classes == ("cat", "dog")


def test_a_value_that_is_missing_in_pandas_is_no_class(photos):
    lines = [{"file": f"{n:03}.png", "label": "ab"[n % 2]} for n in range(6)]
    lines.append({"file": "006.png", "label": float("nan")})
    root = photos("labels.jsonl", "\n".join(map(json.dumps, lines)))
    data = ImageFolder(root, validation=0, test=0)
    assert data.classes == ("a", "b")
    assert data.inventory.left_out["rows without a label"] == 1


@pytest.mark.parametrize(("given", "whole"), [(".", False), (".", True), ("../photos", True)])
def test_a_table_is_read_from_anywhere(pictures, monkeypatch, given, whole):
    root = pictures({"cat": 5, "dog": 5})
    above = f"{root}/" if whole else ""
    (root / "labels.csv").write_text(
        f"file,label\n{above}cat/000.png,cat\n{above}dog/000.png,dog\n"
    )
    monkeypatch.chdir(root)
    assert ImageFolder(given).inventory.pictures == {"train": 10}
