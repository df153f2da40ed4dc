"""What is said of a folder of pictures: counts, parts, and what was left out."""

import json

from nin.data import ImageFolder


def test_a_folder_in_a_few_lines(pictures):
    root = pictures({"sea": 12, "sky": 10})
    (root / "sea" / "Thumbs.db").touch()
    inventory = ImageFolder(root).inventory
    assert inventory.classes == ("sea", "sky")
    assert inventory.pictures == {"train": 22}
    assert inventory.text() == (
        f"{root}: 22 pictures in 2 classes\nclasses: sea 12, sky 10\nleft out: Thumbs.db 1"
    )


def test_of_many_classes_the_first_and_the_last(pictures):
    root = pictures({f"class{number:02}": number + 1 for number in range(20)})
    text = ImageFolder(root, validation=0, test=0).inventory.text()
    first = ", ".join(f"class{number:02} {number + 1}" for number in range(6))
    last = "class17 18, class18 19, class19 20"
    assert text.splitlines()[1] == f"classes: {first}, …, {last}"


def test_parts_are_named_as_they_were_found(pictures):
    for part, count in (("Train", 8), ("valid", 3), ("test", 2)):
        root = pictures({"cat": count, "dog": count}, f"photos/{part}").parent
    inventory = ImageFolder(root).inventory
    assert inventory.part_names == {"train": "Train", "validation": "valid", "test": "test"}
    assert "train 16 (Train), validation 6 (valid), test 4" in inventory.text()


def test_the_record_holds_it_without_paths(pictures):
    root = pictures({"cat": 10, "dog": 10})
    described = ImageFolder(root, image_size=6).describe()
    assert described["inventory"] == {
        "per_class": {"train": {"cat": 10, "dog": 10}},
        "part_names": {},
        "left_out": {},
        "labels": None,
    }
    assert str(root) not in json.dumps(described["inventory"])


def test_leftovers_of_other_programs_are_left_out_and_counted(pictures):
    root = pictures({"cat": 6, "dog": 6})
    png = (root / "cat" / "000.png").read_bytes()
    names = ["cat/@eaDir/000.png/SYNO_XL.png", "__MACOSX/cat/._0.png", "cat/._000.png"]
    for name in (*names, "cat/000.png~"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(png)
    for name in (".ipynb_checkpoints/0-checkpoint.png", "#recycle/0.png", "dog/.thumbnails/0.png"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(png)
    for name in ("Thumbs.db", "desktop.ini", ".DS_Store", ".hidden.png", "notes.txt", "a.txt"):
        (root / "dog" / name).write_bytes(png if name.endswith("png") else b"text")
    (root / "dog" / "later").mkdir()
    (root / "lost+found").mkdir()
    data = ImageFolder(root)
    assert data.classes == ("cat", "dog")
    assert data.inventory.pictures == {"train": 12}
    assert data.inventory.left_out == {
        "@eaDir": 1,
        "__MACOSX": 1,
        "._ files of macOS": 1,
        "~ copies of editors": 1,
        ".ipynb_checkpoints": 1,
        "#recycle": 1,
        "lost+found": 1,
        ".thumbnails": 1,
        "Thumbs.db": 1,
        "desktop.ini": 1,
        ".DS_Store": 1,
        "hidden files": 1,
        ".txt files": 2,
        "empty folders": 1,
    }


def test_a_folder_below_the_working_directory_is_named_from_there(pictures, monkeypatch):
    root = pictures({"sea": 3, "sky": 4}, "coast/pictures")
    inventory = ImageFolder(root, validation=0, test=0).inventory
    monkeypatch.chdir(root.parents[1])
    assert inventory.path == str(root)
    assert inventory.text().startswith("coast/pictures: 7 pictures")
