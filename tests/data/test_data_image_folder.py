"""`ImageFolder`: what counts as a class, how pictures are divided, and what is said of bad ones."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nin
from nin.data import Augmentation, ImageFolder
from nin.data.decode_many import in_words
from nin.data.decoding.decode import FRAMES, PROFILE
from nin.errors import DataError


def counts(data):
    return {part: entry["images"] for part, entry in data.describe()["splits"].items()}


def numbered(split):
    """Which pictures a part has: their labels and numbers."""
    return list(zip(split.labels.tolist(), split.images[:, 0, 0, 0].tolist(), strict=True))


def test_a_folder_divided_by_position_is_divided_as_ever(pictures):
    """Earlier runs go on as they began."""
    root = pictures({"cat": 40, "dog": 20})
    data = ImageFolder(root, image_size=6, seed=1, split_by="position")
    assert data.classes == ("cat", "dog")
    described = data.describe()
    assert described["name"] == "photos"
    assert described["splits"] == {
        "train": {"images": 48, "per_class": {"cat": 32, "dog": 16}},
        "validation": {"images": 6, "per_class": {"cat": 4, "dog": 2}},
        "test": {"images": 6, "per_class": {"cat": 4, "dog": 2}},
    }
    parts = (data.train, data.validation_split, data.test)
    seen = [pair for part in parts for pair in numbered(part)]
    assert sorted(seen) == [(0, n) for n in range(40)] + [(1, n) for n in range(20)]
    assert data.test.images[:, 0, 0, 0].tolist() == [13, 18, 32, 38, 11, 14]
    assert data.validation_split.images[:, 0, 0, 0].tolist() == [8, 14, 20, 35, 2, 17]


def test_constructor_arguments_and_shapes(pictures):
    root = pictures({"cat": 10, "dog": 10})
    data = ImageFolder(root, 5, image_size=8, grey=True, test=0.2)
    assert (data.batch_size, data.image_shape, data.resize) == (5, (8, 8, 1), (8, 8))
    assert data.train.images.shape == (14, 8, 8, 1)
    assert (data.train.images.dtype, data.train.labels.dtype) == (np.uint8, np.int32)
    assert data.hparams["path"] == str(root)
    assert (data.hparams["test"], data.hparams["image_size"]) == (0.2, 8)


@pytest.fixture
def wide(tmp_path):
    """Ten pictures of each class, thrice as wide as high: a white middle, black beside it."""
    root = tmp_path / "wide"
    for name in ("cat", "dog"):
        (root / name).mkdir(parents=True)
        for number in range(10):
            image = np.zeros((6, 18, 3), np.uint8)
            image[:, 4:14] = 255
            Image.fromarray(image).save(root / name / f"{number}.png")
    return root


@pytest.mark.parametrize("stream", [True, False])
def test_the_middle_of_wide_pictures_or_all_of_them(wide, stream):
    squashed, cropped = (
        ImageFolder(wide, image_size=6, stream=stream, resize_mode=resize_mode)
        for resize_mode in ("squash", "crop")
    )
    assert (squashed.resize_mode, cropped.resize_mode, cropped.hparams["resize_mode"]) == (
        "squash",
        "crop",
        "crop",
    )
    assert squashed.train.images[:][:, :, 0].max() == 0
    assert cropped.train.images[:].min() == 255
    assert squashed.fingerprint() != cropped.fingerprint()


def test_squashed_pictures_keep_the_streamed_fingerprint_they_had(pictures):
    """Or a run that was interrupted before there was a choice could not be resumed."""
    root = pictures({"cat": 1, "dog": 1})
    for path in root.rglob("*.png"):
        path.write_bytes(b"of this size")
    data = ImageFolder(root, image_size=6, stream=True, validation=0, test=0, split_by="position")
    assert data.fingerprint().startswith("6fa855e9d3226bb5")


def test_another_way_to_fit_is_refused(pictures):
    with pytest.raises(DataError, match="resize_mode='stretch': must be squash or crop"):
        ImageFolder(pictures({"cat": 3, "dog": 3}), resize_mode="stretch")


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Validation"])
def test_given_splits_are_kept(pictures, name):
    for part, count in (("train", 8), (name, 3), ("test", 2)):
        root = pictures({"cat": count, "dog": count}, f"photos/{part}").parent
    data = ImageFolder(root, image_size=6)
    assert counts(data) == {"train": 16, "validation": 6, "test": 4}
    assert data.val_dataloader().num_samples == 6


def test_validation_is_held_out_of_train_if_it_has_no_folder(pictures):
    pictures({"cat": 8, "dog": 8}, "photos/train")
    root = pictures({"cat": 2, "dog": 2}, "photos/test").parent
    held = counts(ImageFolder(root, validation=0.25))
    assert held["train"] + held["validation"] == 16
    assert held["validation"] > 0
    assert held["test"] == 4
    without = ImageFolder(root, validation=0)
    assert counts(without) == {"train": 16, "test": 4}
    assert without.val_dataloader().num_samples == 4


def test_without_a_test_folder_the_validation_folder_is_the_test(pictures):
    pictures({"cat": 8, "dog": 8}, "photos/train")
    root = pictures({"cat": 2, "dog": 2}, "photos/val").parent
    assert counts(ImageFolder(root)) == {"train": 14, "validation": 2, "test": 4}
    assert counts(ImageFolder(root, validation=0)) == {"train": 16, "test": 4}


def test_without_another_folder_there_is_no_test(pictures):
    data = ImageFolder(pictures({"cat": 8, "dog": 8}, "photos/train").parent)
    assert counts(data) == {"train": 14, "validation": 2}
    with pytest.raises(DataError, match="photos has no test images: give a folder test/"):
        data.test_dataloader()


def test_a_class_may_be_called_train(pictures):
    data = ImageFolder(pictures({"bus": 10, "train": 10}))
    assert data.classes == ("bus", "train")


def test_a_limit_takes_every_class_and_reads_no_more(pictures):
    root = pictures({"cat": 30, "dog": 10})
    data = ImageFolder(root, limit=8, image_size=6)
    assert data.describe()["splits"]["train"]["per_class"] == {"cat": 6, "dog": 2}
    every = set(numbered(data.train))
    for label, name in enumerate(("cat", "dog")):
        for path in (root / name).iterdir():
            number = int(path.stem)
            if (label, number) in every:
                path.unlink()
    with pytest.raises(DataError, match=r"8 picture\(s\) cannot be read"):
        ImageFolder.load(data, "train")


def test_what_is_no_picture_is_left_out_and_no_picture_is(pictures):
    root = pictures({"cat": 4, "dog": 4})
    (root / "README.md").write_text("about")
    (root / ".git").mkdir()
    (root / "cat" / "notes.txt").write_text("tabby")
    (root / "cat" / ".hidden.png").write_bytes(b"x")
    (root / "cat" / "deeper").mkdir()
    png = (root / "cat" / "000.png").read_bytes()
    for name in ("UPPER.PNG", "picture_without_extension", "odd.download", "deeper/5.png"):
        (root / "cat" / name).write_bytes(png)
    Image.new("RGB", (3, 3)).save(root / "cat" / "web", "WEBP")
    data = ImageFolder(root, validation=0, test=0)
    assert counts(data) == {"train": 4 + 4 + 5}


def test_all_bad_pictures_are_named_before_anything_trains(pictures):
    root = pictures({"cat": 20, "dog": 20})
    for number in range(12):
        (root / "cat" / f"{number:03}.png").write_bytes(b"not a picture")
    (root / "dog" / "a.gif").write_bytes(b"GIF89a")
    with pytest.raises(DataError, match=r"13 picture\(s\) cannot be read") as raised:
        ImageFolder(root).train  # noqa: B018
    message = str(raised.value)
    assert message.count("not a JPEG") == 10
    assert "and 3 more: repair or remove them, or go on without them: skip_bad=True" in message
    assert "\n" not in message


def test_bad_pictures_can_be_skipped(pictures):
    root = pictures({"cat": 20, "dog": 20})
    bad = root / "cat" / "003.png"
    bad.write_bytes(bad.read_bytes()[:50])
    (root / "dog" / "phone.heic").write_bytes(b"....ftypheic")
    data = ImageFolder(root, skip_bad=True, image_size=6)
    assert data.skipped == []
    total = sum(counts(data).values())
    assert total == 39
    assert sorted(line.partition(": ")[0] for line in data.skipped) == [
        str(bad),
        str(root / "dog" / "phone.heic"),
    ]
    cats = np.concatenate(
        [s.images[s.labels == 0, 0, 0, 0] for s in (data.train, data.validation_split, data.test)]
    )
    assert sorted(cats) == [n for n in range(20) if n != 3]


def test_skipping_may_not_empty_a_class_or_a_part(pictures):
    root = pictures({"cat": 4, "dog": 4}, "photos/train")
    pictures({"cat": 1, "dog": 1}, "photos/test")
    for path in (root.parent / "test").rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match="no picture is left for test"):
        ImageFolder(root.parent, validation=0, skip_bad=True).train  # noqa: B018
    for path in (root / "dog").iterdir():
        path.write_bytes(b"")
    with pytest.raises(DataError, match="no picture of 'dog' is left for training"):
        ImageFolder(root.parent, validation=0, skip_bad=True).train  # noqa: B018


def test_links_are_followed_and_loops_are_named(pictures):
    root = pictures({"cat": 4, "dog": 4})
    elsewhere = pictures({"more": 3}, "elsewhere")
    (root / "cat" / "more").symlink_to(elsewhere / "more")
    assert counts(ImageFolder(root, validation=0, test=0)) == {"train": 11}
    (root / "cat" / "back").symlink_to(root)
    with pytest.raises(DataError, match="a link that leads back to a folder above it"):
        ImageFolder(root)
    (root / "cat" / "back").unlink()
    (root / "dog" / "self").symlink_to(root / "dog" / "self")
    with pytest.raises(DataError, match="cannot be listed"):
        ImageFolder(root)


def test_a_dangling_link_is_a_bad_picture(pictures):
    root = pictures({"cat": 4, "dog": 4})
    (root / "cat" / "gone.jpg").symlink_to(root / "nowhere.jpg")
    with pytest.raises(DataError, match=r"gone\.jpg: No such file"):
        ImageFolder(root, validation=0, test=0).train  # noqa: B018


def test_folders_arranged_otherwise_are_refused_in_one_line(pictures, tmp_path):
    root = pictures({"cat": 4, "dog": 4})

    def refusal(path=root, **settings):
        with pytest.raises(DataError) as raised:
            ImageFolder(path, **settings)
        assert "\n" not in str(raised.value)
        return str(raised.value)

    assert "no such folder" in refusal(tmp_path / "missing")
    assert "not a folder" in refusal(root / "cat" / "000.png")
    assert "put each class in one of its own" in refusal(root / "cat")
    assert "image_size must be 1 or more, not 0" in refusal(image_size=0)
    assert "test must be 0 or more and below 1" in refusal(test=1)
    assert "validation and test together" in refusal(test=0.5, validation=0.5)
    alone = pictures({"cat": 1, "dog": 1}, "alone")
    assert "0.1 of 2 images for test leaves a part without any" in refusal(alone)
    assert "split_by='name': must be content or position" in refusal(split_by="name")
    (root / "fish").mkdir()
    assert "fish: no pictures: add some, or remove the folder" in refusal()
    shutil.rmtree(root / "fish")
    shutil.rmtree(root / "dog")
    assert refusal().endswith("1 class folder(s): two or more are needed")
    (root / "cats.csv").write_text("file,label\n")
    assert refusal().endswith(
        f"if its labels are in cats.csv, give that instead: {root / 'cats.csv'}"
    )
    (root / "cat").rename(root / "test")
    assert "has test but no train" in refusal()


def test_two_validation_folders_are_one_too_many(pictures):
    for part in ("train", "val", "valid"):
        root = pictures({"cat": 4, "dog": 4}, f"photos/{part}").parent
    with pytest.raises(DataError, match="both val and valid: keep one"):
        ImageFolder(root)


def test_a_set_too_large_for_memory_is_refused_at_once_or_streamed(pictures):
    root = pictures({"cat": 6, "dog": 5})
    with pytest.raises(
        DataError, match=r"take 9\.2 GiB, above the 8 GiB allowed in memory: lower image_size"
    ):
        ImageFolder(root, image_size=17_300, stream=False)
    assert ImageFolder(root, image_size=17_300).stream is True
    assert ImageFolder(root, image_size=6).stream is False


def test_imbalance_of_a_folder(pictures):
    data = ImageFolder(pictures({"cat": 20, "dog": 5}), validation=0, test=0, image_size=6)
    assert "'cat' has 20 training images and 'dog' only 5" in data.imbalance()


def test_the_docs_show_how_to_see_augmented_pictures(pictures, monkeypatch):
    root = pictures({"ant": 10, "bee": 10})
    monkeypatch.chdir(root.parent)
    page = (Path(__file__).parents[2] / "docs/training.md").read_text(encoding="utf-8")
    found = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    (code,) = (code for code in found if "Augmentation(" in code)
    names = {"nin": nin}
    exec(code, names)
    assert names["data"].augmentation == Augmentation(flip=True, crop=0.3, rotation=15)


@pytest.mark.parametrize("stream", [False, True])
def test_each_picture_knows_its_file(pictures, stream):
    root = pictures({"a": 40, "b": 30})
    if not stream:
        (root / "a/004.png").write_bytes(b"none")
    data = ImageFolder(root, skip_bad=True, image_size=6, stream=stream)
    for part in data.parts:
        names, split = data.names(part), data.split(part)
        assert len(names) == len(split.labels)
        for name, image, label in zip(names, split.images[:], split.labels, strict=True):
            path = Path(name)
            assert (path.parent.name, int(path.stem)) == ("ab"[label], image[0, 0, 0])


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_odd_about_pictures_is_counted(tmp_path, stream):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(10):
            frames = [Image.new("RGB", (6, 6), (shade, 0, 0)) for shade in (number, 200)]
            options = {"save_all": True, "append_images": frames[1:]} if number < 3 else {}
            frames[0].save(tmp_path / name / f"{number}.gif", **options)
    (tmp_path / "dog/9.gif").unlink()
    Image.new("RGB", (6, 6)).save(tmp_path / "dog/9.png", icc_profile=b"broken")
    data = ImageFolder(tmp_path, image_size=6, validation=0, test=0, stream=stream)
    assert data.train.images[:].shape == (20, 6, 6, 3)
    assert data.remarks == {FRAMES: 6, PROFILE: 1}
    assert in_words(data.remarks, None) == (
        "1 picture(s) with a colour profile that is ignored: damaged, or for other pixels;"
        " 6 picture(s) with several frames or pages, of which the first is read"
    )


@pytest.mark.parametrize("stream", [True, False])
def test_a_part_that_is_kept_alone_can_be_read(pictures, stream):
    data = ImageFolder(pictures({"cat": 20, "dog": 20}), image_size=6, stream=stream)
    files = data.files("test")
    data.keep("test", files)
    assert data.parts == ("test",)
    assert data.test.images[:].shape == (len(files.paths), 6, 6, 3)


@pytest.fixture
def objects(tmp_path):
    """Ten objects in each of two classes, three pictures of each; as `a/07-2.png`."""
    for label, name in enumerate("ab"):
        (tmp_path / "objects" / name).mkdir(parents=True)
        for number in range(10):
            for view in range(3):
                pixels = np.full((4, 4, 3), 60 * label + 6 * number + view, np.uint8)
                Image.fromarray(pixels).save(
                    tmp_path / "objects" / name / f"{number:02}-{view}.png"
                )
    return tmp_path / "objects"


def seen(data, part):
    """The objects in a part."""
    return {Path(path).parent.name + Path(path).name[:2] for path in data.files(part).paths}


@pytest.mark.parametrize(
    "groups", [r"/(\d+)-", r"./\d\d", lambda path: path.name[:2]], ids=["group", "all", "function"]
)
@pytest.mark.parametrize("folds", [{}, {"folds": 3, "fold": 1}], ids=["shares", "folds"])
def test_pictures_of_an_object_stay_together(objects, groups, folds):
    data = nin.ImageFolder(objects, groups=groups, validation=0.2, test=0.2, image_size=4, **folds)
    parts = [seen(data, part) for part in data.parts]
    assert len(parts) == 3
    assert all(parts)
    assert sum(map(len, parts)) == len(set.union(*parts)) == 20
    known = nin.ImageFolder(objects, groups=groups, membership=data.membership(), **folds)
    assert [seen(known, part) for part in known.parts] == parts


def test_every_picture_is_in_the_test_of_one_fold(objects):
    tests = [nin.ImageFolder(objects, folds=4, fold=fold).files("test").paths for fold in range(4)]
    assert sorted(path for paths in tests for path in paths) == sorted(
        map(str, objects.glob("*/*.png"))
    )
    again = nin.ImageFolder(objects, folds=4, fold=0, seed=5).files("test").paths
    assert again == tests[0]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"groups": "(["}, r"groups=\(\[: not a valid regular expression"),
        ({"groups": "z"}, "groups=z: matches nothing in a/00-0.png"),
        ({"groups": "png"}, "too few different pictures, or groups of them"),
        ({"folds": 31}, "folds=31: each class needs one image per fold or more, and 'a' has 30"),
        ({"folds": 11, "groups": r"/\d\d"}, "folds=11: .*'a' has 10 groups"),
        (
            {"groups": "function of another process"},
            "it was a function, and functions are not saved",
        ),
    ],
)
def test_how_a_folder_cannot_be_divided_is_one_line(objects, settings, said):
    with pytest.raises(DataError, match=said) as caught:
        nin.ImageFolder(objects, **settings)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_divided_has_no_folds(objects):
    objects.rename(objects.parent / "train")
    with pytest.raises(DataError, match=r"folds=3: .* is divided by folders already"):
        nin.ImageFolder(objects.parent, folds=3)
