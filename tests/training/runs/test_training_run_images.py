"""The images of a run: found again, checked against what it was trained on, and named if others."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file
from shards import as_tar_shards

import nin
from nin.data import ImageFolder
from nin.data.decoding.decode import decode
from nin.data.folders.membership import LEFT_OUT
from nin.data.split import PARTS
from nin.errors import DataError, NinError, RunError
from nin.training.leak_warning import warn_of_duplicates
from nin.training.runs.dataset import open_images, open_new
from nin.training.runs.evaluation import evaluate_images
from nin.training.runs.membership_file import PICTURES, keep_membership
from nin.training.runs.provenance import session
from nin.training.runs.run import load
from nin.training.runs.run_images import RunImages

RECIPE = nin.RECIPES["scratch"].revised(image_size=8, resize_mode="squash", epochs=1, seed=4)


def draw(path, number):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 256, (9, 8, 3), np.uint8)
    Image.fromarray(pixels).save(path)


def folder(root, classes=("cat", "dog"), count=30, first=0):
    for label, name in enumerate(classes):
        for number in range(count):
            draw(root / name / f"{number:03}.png", 1000 * label + first + number)
    return root


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working directory with a folder of photographs."""
    place = tmp_path / "work"
    folder(place / "photos")
    monkeypatch.chdir(place)
    return place


def record_of(path, recipe, data, **changes):
    """A run directory whose training has not begun."""
    path.mkdir(parents=True)
    keep_membership(path, data, recipe.init)
    arguments = {"num_classes": len(data.classes), "preset": "mnist", "width": 1.0, "lr": 0.1}
    half = [0.5] * data.image_shape[2]
    record = {
        "format": 1,
        "state": "training",
        "recipe": recipe.model_dump(mode="json"),
        "data": data.describe(),
        "classes": list(data.classes),
        "model": {
            "net": "NiN",
            "arguments": {**arguments, "dropout": None, "stages": None, "head": None},
            "input_shape": list(data.image_shape),
            "preprocessing": {"size": None, "mean": half, "std": half},
        },
        "sessions": [session(path, 0, {}, {})],
        **changes,
    }
    (path / "run.json").write_text(json.dumps(record))
    return load(path)


def new_run(recipe=RECIPE, path="runs/one", **changes):
    recipe = recipe.revised(data=changes.pop("data", "photos"))
    return record_of(Path(path), recipe, open_images(recipe), **changes)


def old_run(path="runs/old"):
    """As it was before there was a choice of how to divide."""
    recipe = RECIPE.revised(data="photos", split_by="position")
    run = record_of(Path(path), recipe, open_images(recipe))
    (run.path / PICTURES).unlink()
    record = json.loads((run.path / "run.json").read_text())
    del record["sessions"], record["recipe"]["split_by"]
    (run.path / "run.json").write_text(json.dumps(record))
    return load(run.path)


def pixels(found):
    return sorted(image.tobytes() for image in np.asarray(found.split.images))


def test_a_run_is_evaluated_on_its_own_test_pictures_whatever_was_added(here):
    run = new_run()
    own = run.images.for_evaluation()
    assert (own.part, own.notes(), own.is_other) == ("test", [], False)
    assert own.split.labels.tolist() == open_images(run.recipe).test.labels.tolist()
    for number in range(40):
        draw(here / "photos" / "cat" / f"00a{number}.png", 5000 + number)
    draw(here / "photos" / "fish" / "1.png", 6000)
    found = run.images.for_evaluation()
    assert pixels(found) == pixels(own)
    assert (found.new, found.missing, found.relabelled) == (41, 0, 0)
    [note] = found.notes()
    assert "41 images added to" in note
    assert "left out" in note
    trained = run.images.trained()
    assert not {*pixels(trained)} & {*pixels(found)}
    assert len(trained.split.labels) == run.record["data"]["splits"]["train"]["images"]


def test_renamed_and_rearranged_pictures_are_still_known(here):
    run = new_run()
    own = pixels(run.images.for_evaluation())
    photos = here / "photos"
    for path in sorted(photos.rglob("*.png")):
        path.rename(path.parent / f"z{int(path.stem) * 37 % 101}.png")
    found = run.images.for_evaluation()
    assert (pixels(found), found.notes()) == (own, [])
    for name in ("train", "test"):
        (photos / name).mkdir()
    for name in ("cat", "dog"):
        (photos / "test" / name).mkdir()
        for path in sorted((photos / name).iterdir())[:9]:
            path.rename(photos / "test" / name / path.name)
        (photos / name).rename(photos / "train" / name)
    found = run.images.for_evaluation()
    assert (pixels(found), found.notes()) == (own, [])


def test_copies_of_a_test_picture_do_not_count_twice(here):
    run = new_run()
    own = pixels(run.images.for_evaluation())
    one = Path(open_images(run.recipe).files("test").paths[0])
    shutil.copy(one, one.with_name("copy.png"))
    (here / "photos" / "dog" / "link.png").symlink_to(one.resolve())
    assert pixels(run.images.for_evaluation()) == own


def test_missing_pictures_and_those_of_another_class_are_counted(here):
    run = new_run()
    files = open_images(run.recipe).files("test").paths
    Path(files[0]).unlink()
    moved = Path(files[1])
    other = {"cat": "dog", "dog": "cat"}[moved.parent.name]
    moved.rename(here / "photos" / other / "moved.png")
    found = run.images.for_evaluation()
    assert (found.missing, found.relabelled, found.new) == (1, 1, 0)
    assert len(found.split.labels) == len(files) - 1
    missing, relabelled = found.notes()
    assert "1 image missing from" in missing
    assert "1 image changed class" in relabelled
    assert found.report() == {
        "part": "test",
        "source": str(here / "photos"),
        "is_other": False,
        "new": 0,
        "missing": 1,
        "relabelled": 1,
        "trained_on": 0,
    }
    moved = here / "photos" / other / "moved.png"
    (here / "photos" / "fish").mkdir()
    moved.rename(here / "photos" / "fish" / "moved.png")
    with pytest.raises(RunError, match="classes that the run does not have: fish; it was trained"):
        run.images.for_evaluation()


def test_another_folder_of_the_same_name_is_not_evaluated_on(here, monkeypatch):
    run = new_run()
    own = pixels(run.images.for_evaluation())
    elsewhere = here / "elsewhere"
    folder(elsewhere / "photos", first=500)
    monkeypatch.chdir(elsewhere)
    assert pixels(load(here / "runs/one").images.for_evaluation()) == own
    shutil.rmtree(here / "photos")
    with pytest.raises(RunError, match=r"holds none of the images of .*one: to evaluate on what"):
        load(here / "runs/one").images.for_evaluation()
    shutil.rmtree(elsewhere / "photos")
    with pytest.raises(RunError) as raised:
        load(here / "runs/one").images.for_evaluation()
    assert str(here / "photos") in str(raised.value)
    assert str(raised.value).endswith("name the place where they are now, or other images: data")
    assert "\n" not in str(raised.value)


def test_a_run_that_moves_together_with_its_images_finds_them(here, tmp_path, monkeypatch):
    absolute = str(here / "photos")
    runs = [new_run(), new_run(path="runs/two", data=absolute)]
    own = [pixels(run.images.for_evaluation()) for run in runs]
    here.rename(tmp_path / "moved")
    monkeypatch.chdir("/")
    for name, before in zip(("one", "two"), own, strict=True):
        found = load(tmp_path / "moved" / "runs" / name).images.for_evaluation()
        assert pixels(found) == before
        assert found.source == str(tmp_path / "moved" / "photos")


def test_images_that_moved_alone_are_known_where_they_are_now(here):
    run = new_run()
    own = pixels(run.images.for_evaluation())
    moved = (here / "photos").rename(here / "pictures")
    for number in range(3):
        draw(moved / "dog" / f"new{number}.png", 8000 + number)
    found = run.images.for_evaluation("pictures")
    assert (found.part, found.source, found.is_other) == ("test", "pictures", False)
    assert (found.new, found.missing, found.trained_on) == (3, 0, 0)
    assert pixels(found) == own
    kept = set(map(str, found.names))
    for path in moved.rglob("*.png"):  # Without those it was trained on it is a test set.
        if str(Path("pictures") / path.relative_to(moved)) not in kept:
            path.unlink()
    found = run.images.for_evaluation("pictures")
    assert (found.part, found.is_other, found.trained_on) == ("all", True, 0)
    assert pixels(found) == own


def test_resuming_takes_the_same_images_only(here, monkeypatch):
    run = new_run()
    monkeypatch.chdir("/")
    run = load(here / "runs/one")
    assert run.images.open().fingerprint() == run.record["data"]["fingerprint"]
    draw(here / "photos" / "cat" / "new.png", 7000)
    with pytest.raises(RunError, match=r"no longer holds .* trained on: 1 are new, 0 are missing"):
        run.images.open()
    (here / "photos" / "cat" / "new.png").rename(here / "photos" / "cat" / "000.png")
    with pytest.raises(RunError, match=r"1 are new, 1 are missing"):
        run.images.open()
    (here / "photos" / "cat").rename(here / "photos" / "tom")
    with pytest.raises(RunError, match=r"trained on: its classes are dog, tom"):
        run.images.open()
    shutil.rmtree(here / "photos")
    with pytest.raises(RunError, match=r"cannot be found at .*photos"):
        run.images.open()


@pytest.mark.parametrize("stream", [True, False])
def test_a_file_replaced_by_another_of_its_size_is_noticed(here, stream):
    run = new_run(RECIPE.revised(stream=stream))
    path = here / "photos" / "cat" / "000.png"
    content, size = path.read_bytes(), path.stat().st_size
    for number in range(8000, 8500):
        draw(path, number)
        if path.stat().st_size <= size:
            break
    with path.open("ab") as file:
        file.write(b"\0" * (size - path.stat().st_size))
    assert path.stat().st_size == size
    with pytest.raises(RunError, match="no longer holds"):
        run.images.open()
    path.write_bytes(content)
    assert run.images.open().fingerprint() == run.record["data"]["fingerprint"]


def test_earlier_runs_go_on_by_their_fingerprint(here, monkeypatch):
    run = old_run()
    assert run.recipe.split_by == "position"
    own = pixels(run.images.for_evaluation())
    monkeypatch.chdir("/")
    assert pixels(load(here / "runs/old").images.for_evaluation()) == own
    monkeypatch.chdir(here)
    draw(here / "photos" / "cat" / "0000.png", 9000)
    with pytest.raises(
        RunError,
        match=r"no longer holds .* on: to evaluate on what is there, as other data, name it: data$",
    ):
        run.images.for_evaluation()
    found = run.images.for_evaluation("photos")
    assert (found.part, found.trained_on, found.is_other) == ("all", None, True)
    assert "it is not known how many images of photos were used in" in found.notes()[0]


def test_nothing_is_downloaded_to_count_what_was_trained_on(tmp_path, monkeypatch):
    monkeypatch.setattr("nin.training.runs.own_images.OwnImages.open", None)
    record = {"classes": [*"0123456789"], "data": {}}
    images = RunImages(tmp_path, record, nin.RECIPES["svhn"])
    assert images.count_used(nin.Digits(limit=10), "test") is None


def test_a_shard_that_is_missing_is_named(here):
    as_tar_shards(here / "photos", here / "shards", 3, "cls", name="{:03}.tar")
    run = new_run(data="shards/{000..002}.tar")
    (here / "shards/001.tar").unlink()
    with pytest.raises(
        RunError, match=r"the images of runs/one cannot be found .*/001\.tar does not"
    ):
        run.images.for_evaluation()


def test_other_data_is_named_and_its_classes_are_matched_by_name(here):
    run = new_run()
    folder(here / "others", ("dog",), 4, first=400)
    folder(here / "others", ("cat",), 2, first=300)
    found = run.images.for_evaluation("others")
    assert (found.part, found.source, found.is_other) == ("all", "others", True)
    assert sorted(found.split.labels.tolist()) == [0, 0, 1, 1, 1, 1]
    assert found.notes() == []
    whole = run.images.for_evaluation("photos")
    assert len(whole.split.labels) == 60
    assert whole.trained_on == 60 - len(run.images.for_evaluation().split.labels)
    assert "used in training: accuracy on new ones may be lower" in whole.notes()[0]
    (here / "others" / "cat").rename(here / "others" / "zebra")
    with pytest.raises(RunError, match="others has classes that the run does not have: zebra; it"):
        run.images.for_evaluation("others")


def test_all_of_a_folder_without_a_test_part_are_evaluated_on(here):
    run = new_run()
    folder(here / "few", count=1, first=400)
    folder(here / "trained" / "train", count=20, first=500)
    for name, count in (("few", 2), ("trained", 40)):
        found = run.images.for_evaluation(name)
        assert (found.part, len(found.split.labels), len(found.names)) == ("all", count, count)


def test_a_subset_of_the_classes_in_another_order_will_do(here):
    folder(here / "three", ("ant", "bee", "cat"))
    run = new_run(data="three")
    folder(here / "two", ("cat", "bee"), 3, first=700)
    assert sorted(run.images.for_evaluation("two").split.labels.tolist()) == [1, 1, 1, 2, 2, 2]


def test_class_names_are_compared_in_one_unicode_form(here):
    folder(here / "names", ("caf\u00e9", "the"))
    run = new_run(data="names")
    folder(here / "others", ("cafe\u0301", "the"), 3, first=700)
    assert sorted(run.images.for_evaluation("others").split.labels.tolist()) == [0, 0, 0, 1, 1, 1]


def test_given_parts_are_kept_and_what_is_added_to_test_is_left_out(here):
    folder(here / "parts" / "train", count=12)
    folder(here / "parts" / "test", count=5, first=200)
    run = new_run(data="parts")
    own = pixels(run.images.for_evaluation())
    assert len(own) == 10
    draw(here / "parts" / "test" / "cat" / "new.png", 8000)
    # One that was trained on is put into the test as well.
    shutil.copy(here / "parts/train/dog/001.png", here / "parts/test/dog/copy.png")
    found = run.images.for_evaluation()
    assert (pixels(found), found.new) == (own, 1)
    other = run.images.for_evaluation("parts")
    assert (other.part, len(other.split.labels), other.trained_on) == ("test", 12, 1)


@pytest.mark.usefixtures("here")
def test_what_a_limit_leaves_out_is_not_taken_for_new():
    run = new_run(RECIPE.revised(limit=12))
    assert run.images.for_evaluation().notes() == []
    assert run.images.open().fingerprint() == run.record["data"]["fingerprint"]


def test_what_is_added_is_left_out_where_no_group_is_named_so(here):
    run = new_run(RECIPE.revised(groups=r"(\d\d)\.png"))
    own = pixels(run.images.for_evaluation())
    draw(here / "photos" / "cat" / "new.png", 8000)
    found = run.images.for_evaluation()
    assert (pixels(found), found.new) == (own, 1)


def test_no_other_picture_counts_in_place_of_an_unreadable_one(here):
    folder(here / "parts" / "train", count=12)
    folder(here / "parts" / "test", count=3, first=200)
    for path in (here / "parts/test/cat/001.png", *(here / "parts/test/dog").iterdir()):
        path.write_bytes(b"no picture")
    recipe = RECIPE.revised(data="parts", stream=True)
    run = record_of(Path("runs/bad"), recipe, open_images(recipe, skip_bad=True), skip_bad=True)

    class Undecided:
        def predict(self, loader, **_):
            return np.concatenate([np.zeros((len(images), 2)) for images, *_ in loader])

    images = run.images.for_evaluation()
    found = evaluate_images(Undecided(), images, run.classes)
    assert [Path(name).name for name in found.names] == ["000.png", "002.png"]
    assert (found.n, found.labels.tolist()) == (2, [0, 0])
    assert found.images[:].any(axis=(1, 2, 3)).tolist() == [True, True]
    for path in (here / "parts/test").glob("*/*"):
        path.write_bytes(b"no picture")
    with pytest.raises(DataError, match="none of the images to evaluate on can be read"):
        evaluate_images(Undecided(), run.images.for_evaluation(), run.classes)


@pytest.mark.usefixtures("here")
def test_pictures_that_cannot_be_read_are_left_out_as_in_training():
    path = Path(open_images(RECIPE.revised(data="photos")).files("test").paths[0])
    path.write_bytes(b"no picture")
    recipe = RECIPE.revised(data="photos", seed=5)
    while str(path) not in open_images(recipe).files("test").paths:
        recipe = recipe.revised(seed=recipe.seed + 1)
    run = record_of(Path("runs/bad"), recipe, open_images(recipe, skip_bad=True), skip_bad=True)
    found = run.images.for_evaluation()
    assert len(found.split.labels) == len(open_images(recipe).files("test").paths) - 1
    (run.path / "run.json").write_text(json.dumps({**run.record, "skip_bad": False}))
    with pytest.raises(DataError, match="cannot be read"):
        load(run.path).images.for_evaluation()
    assert load(run.path).images.for_evaluation(skip_bad=True).part == "test"


def test_what_a_run_was_trained_on_is_in_no_test_of_one_that_starts_from_it(here):
    first = new_run()
    for number in range(60):
        draw(here / "photos" / "dog" / f"n{number}.png", 9000 + number)
    recipe = RECIPE.revised(data="photos", init=str(first.path), seed=77)
    data = open_new(recipe)
    known = first.images.membership()
    codes = known.codes(data.digests("test"))
    assert not np.isin(codes, [PARTS.index("train"), PARTS.index("validation")]).any()
    assert (codes == PARTS.index("test")).sum() == len(known.within("test").digests)
    without = open_images(recipe.revised(seed=78))
    assert np.isin(known.codes(without.digests("test")), [PARTS.index("train")]).any()


@pytest.mark.usefixtures("here")
def test_what_a_limit_left_out_was_not_used(capsys):
    first = new_run(RECIPE.revised(limit=8))
    known = first.images.membership()
    recipe = RECIPE.revised(data="photos", init=str(first.path), seed=77)
    codes = known.codes(open_new(recipe).digests("test"))
    assert LEFT_OUT in codes
    assert PARTS.index("train") not in codes
    assert warn_of_duplicates(open_new(recipe), recipe.init)["duplicates"]["leaks"] == []
    assert "WARNING" not in capsys.readouterr().err


def two_runs(here):
    """A run, and one on other photographs that starts from it."""
    first = new_run()
    (here / "photos").rename(here / "before")
    folder(here / "photos", first=5000)
    between = RECIPE.revised(data="photos", init=str(first.path))
    second = record_of(Path("runs/two"), between, open_new(between))
    return first, second


def test_what_runs_before_have_used_is_none_of_the_pictures_that_are_missing(here):
    _, second = two_runs(here)
    draw(here / "photos/cat/000.png", 77)
    changed = second.images.change("photos", open_images(second.recipe), second.images.membership())
    assert changed.endswith("1 are new, 1 are missing")


def test_nor_is_it_held_out_where_nothing_is_a_test(here):
    for name in ("cat", "dog"):
        (here / "photos" / name).rename(here / name)
        (here / "photos/train").mkdir(exist_ok=True)
        (here / name).rename(here / "photos/train" / name)
    first = new_run()
    for number in range(60):
        draw(here / "photos/train/dog" / f"n{number}.png", 9000 + number)
    recipe = RECIPE.revised(data="photos", init=str(first.path), seed=77)
    data, known = open_new(recipe), first.images.membership()
    assert data.parts == ("train", "validation")
    codes = known.codes(data.digests("validation"))
    assert PARTS.index("train") not in codes
    assert PARTS.index("validation") in codes
    assert -1 in codes


def test_what_the_run_before_the_last_was_trained_on_is_in_no_test_either(here):
    first, second = two_runs(here)
    folder(here / "photos")
    data = open_new(RECIPE.revised(data="photos", init=str(second.path), seed=77))
    codes = first.images.membership().codes(data.digests("test"))
    assert PARTS.index("train") not in codes


def test_a_test_of_the_folder_that_the_other_run_was_trained_on_is_warned_of(here, capsys):
    first = new_run()
    (here / "photos").rename(here / "train")
    (here / "photos").mkdir()
    (here / "train").rename(here / "photos/train")
    for name in ("cat", "dog"):
        (here / "photos/test" / name).mkdir(parents=True)
        for number in range(9):
            name_of = f"{number:03}.png"
            (here / "photos/train" / name / name_of).rename(here / "photos/test" / name / name_of)
    recipe = RECIPE.revised(data="photos", init=str(first.path))
    found = warn_of_duplicates(open_new(recipe), recipe.init)["duplicates"]
    test = open_new(recipe).digests("test")
    known = first.images.membership()
    count = int((known.codes(test) != PARTS.index("test")).sum())
    assert 0 < count < 18
    assert found["leaks"] == [{"part": "test", "in": "train", "pictures": count}]
    printed = capsys.readouterr().err
    assert f"WARNING: {first.path}, from which training starts, has used {count} of the" in printed


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays: arrays.pop("parts"),
        lambda arrays: arrays.update(parts=arrays["parts"].astype(np.int32)),
        lambda arrays: arrays.update(parts=arrays["parts"] + np.uint8(9)),
        lambda arrays: arrays.update(labels=arrays["labels"] - np.int32(1)),
        lambda arrays: arrays.update(labels=arrays["labels"] + np.int32(2)),
        lambda arrays: arrays.update(labels=arrays["labels"][:-1]),
        lambda arrays: arrays.update(digests=arrays["digests"][:, None]),
    ],
)
@pytest.mark.usefixtures("here")
def test_a_damaged_file_of_pictures_is_one_line(change):
    run = new_run()
    arrays = load_file(run.path / PICTURES)
    change(arrays)
    save_file(arrays, run.path / PICTURES)
    with pytest.raises(RunError, match=r"pictures\.safetensors is damaged: "):
        run.images.for_evaluation()
    (run.path / PICTURES).write_bytes(b"{")
    with pytest.raises(RunError, match=r"pictures\.safetensors is damaged"):
        run.images.for_evaluation()


@pytest.mark.parametrize(
    "sessions",
    [3, [3], [{"epoch": "1"}], [{"directory": "/"}], [{"directory": 1}], [{"epoch": -1}]],
)
@pytest.mark.usefixtures("here")
def test_damaged_sessions_are_one_line(sessions):
    run = new_run()
    (run.path / "run.json").write_text(json.dumps({**run.record, "sessions": sessions}))
    with pytest.raises(RunError, match=r"run\.json is damaged: sessions"):
        load(run.path)


@pytest.mark.usefixtures("here")
def test_a_published_set_is_checked_as_well():
    recipe = nin.RECIPES["digits"]
    run = record_of(Path("runs/digits"), recipe, open_images(recipe))
    assert not (run.path / PICTURES).exists()
    assert len(run.images.for_evaluation().split.labels) == 359
    assert run.images.for_evaluation("digits").is_other is False
    changed = {**run.record, "data": {**run.record["data"], "fingerprint": "0"}}
    (run.path / "run.json").write_text(json.dumps(changed))
    with pytest.raises(RunError, match="digits no longer holds the images that runs/digits was"):
        load(run.path).images.for_evaluation()


@pytest.mark.usefixtures("here")
def test_paths_of_a_record_are_found_from_anywhere(monkeypatch):
    run = new_run()
    (run.path.parent / "earlier").mkdir()
    where = Path.cwd()
    monkeypatch.chdir("/")
    run = load(where / "runs/one")
    assert run.locate("runs/earlier") == where / "runs/earlier"
    assert run.locate(os.fspath(where / "photos")) == where / "photos"
    assert run.locate("no/such") == where / "no/such"


def test_a_folder_says_which_picture_is_where(here):
    data = ImageFolder(here / "photos", limit=10)
    known = data.membership()
    assert len(known.digests) == 60
    assert (known.codes(data.digests("test")) == PARTS.index("test")).all()
    assert (known.parts == PARTS.index("train")).sum() == 10
    assert len(known.within("test").digests) == len(data.test.labels)


@pytest.mark.usefixtures("here")
def test_a_run_cannot_keep_where_somebody_else_put_the_pictures():
    data = ImageFolder("photos", membership=ImageFolder("photos", seed=3).membership())
    with pytest.raises(NinError, match=r"ImageFolder\(membership=.*a run cannot record that"):
        nin.train(data, preset="mnist")


def test_arrays_evaluate_a_run_whose_folder_is_gone(here):
    run = new_run(RECIPE.revised(stream=True))
    shutil.rmtree(here / "photos")
    np.savez("new.npz", images=np.zeros((4, 8, 8, 3), np.uint8), labels=["cat", "dog"] * 2)
    found = load(run.path).images.for_evaluation("new.npz")
    assert (found.part, found.is_other, len(found.split.labels)) == ("all", True, 4)


def test_other_pictures_of_more_than_eight_bits_are_read_as_in_prediction(here):
    """One by one: a run of pictures of 8 bits keeps no range."""
    run = new_run()
    for name, values in (("cat", 600), ("dog", 4000)):
        (here / "xray" / name).mkdir(parents=True)
        for number in range(12):
            picture = Image.fromarray(np.full((8, 8), values + number, np.uint16))
            picture.save(here / "xray" / name / f"{number}.png")
    found = run.images.for_evaluation("xray")
    alone = {decode(str(path)).max() for path in (here / "xray/cat").iterdir()}
    assert {image.max() for image in found.split.images[found.split.labels == 0]} == alone
    assert min(alone) > 100, "of 10 bits, not of 12"
