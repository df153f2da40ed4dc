"""`nin train`: what it leaves, what it prints, and what it refuses."""

import json
import math
import os
import resource
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nin as d2l
from nin._version import __version__
from nin.cli.train import _print
from nin.data.balance import PREFERRED
from nin.training.precision import resolve_precision
from nin.training.recipe import Recipe
from nin.training.runs.run import Run

RESULT = {
    *("split", "n", "accuracy", "interval", "largest_class", "loss", "calibration_error"),
    *("epoch", "seconds"),
}
FILES = {"run.json", "metrics.jsonl", "curves.png", "weights.safetensors", "checkpoint.safetensors"}


def test_it_ends_with_the_result_and_what_to_do_next(trained):
    record = json.loads((trained.path / "run.json").read_text())
    code, out, err = trained.result
    assert code == 0
    accuracy, verdict, run, following = out.splitlines()
    result = record["result"]
    low, high = result["interval"]
    assert accuracy == (
        f"accuracy {result['accuracy']:.3f} [{low:.3f}, {high:.3f}] on 359 test images;"
        f' always naming "3" gives {37 / 359:.3f}'
    )
    assert low <= 37 / 359, "four steps are too few to learn anything"
    assert verdict == 'no better than always naming "3"'
    assert record["health"][-1]["kind"] == "not learnt"
    assert run == "run      runs/digits-1 (curves.png shows how it went)"
    assert following == "try      train longer: 4 steps are few; --epochs 75"
    start, epoch = err.splitlines()
    assert start.startswith("NiN: images standardised")
    assert "Trainer(" not in start, "that is no option of this verb"
    assert epoch.startswith("epoch 1/1  loss ")
    assert epoch.endswith(" img/s  best so far")


def test_a_run_directory_holds_these_files_and_no_other(trained):
    assert {path.name for path in trained.path.iterdir()} == FILES


def test_the_record_says_what_was_trained_on_what_and_where(trained):
    record = json.loads((trained.path / "run.json").read_text())
    assert {key: type(value) for key, value in record.items()} == {
        "format": int,
        "state": str,
        "recipe": dict,
        "schedule": dict,
        "skip_bad": bool,
        "data": dict,
        "classes": list,
        "model": dict,
        "parameters": int,
        "sessions": list,
        "versions": dict,
        "device": dict,
        "command": str,
        "skipped": list,
        "restarts": list,
        "health": list,
        "result": dict,
    }
    assert (record["format"], record["state"]) == (1, "finished")
    recipe = d2l.RECIPES["digits"].revised(epochs=1, limit=200)
    assert Recipe.parse(record["recipe"]) == resolve_precision(recipe)
    assert record["data"]["fingerprint"] == d2l.Digits(validation=0.1, limit=200).fingerprint()
    assert record["classes"] == [*"0123456789"]
    assert record["model"]["input_shape"] == [8, 8, 1]
    assert record["model"]["preprocessing"]["size"] == [16, 16]
    assert len(record["model"]["preprocessing"]["mean"]) == 1
    assert record["parameters"] == d2l.load(trained.path).model.count_params()
    assert record["versions"]["nin"] == __version__
    assert record["versions"].keys() >= {"python", "keras", "numpy", "backend"}
    assert record["versions"][record["versions"]["backend"]]
    assert record["device"].keys() == {"system", "processor", "cores", "gpus"}
    assert record["command"] == "nin train digits --epochs 1 --limit 200"
    assert record["result"].keys() == RESULT
    assert record["result"]["largest_class"] == {"name": "3", "share": 37 / 359}
    assert record["result"]["epoch"] == 1
    assert (record["result"]["split"], record["result"]["n"]) == ("test", 359)


def test_metrics_are_a_line_an_epoch(trained):
    (line,) = (trained.path / "metrics.jsonl").read_text().splitlines()
    row = json.loads(line)
    numbers = ["accuracy", "loss", "val_accuracy", "val_loss", "images_per_second", "seconds"]
    assert row.keys() == {"epoch", *numbers}
    assert row["epoch"] == 1
    assert all(type(row[name]) is float and row[name] >= 0 for name in numbers)
    assert max(row["accuracy"], row["val_accuracy"]) <= 1


def test_curves_are_a_picture(trained):
    with Image.open(trained.path / "curves.png", formats=["PNG"]) as picture:
        picture.load()
        assert picture.size == (1200, 480)
        assert len(picture.convert("RGB").getcolors(1 << 20)) > 10


def test_nothing_in_a_run_is_a_pickle_or_an_archive(trained):
    for path in trained.path.iterdir():
        content = path.read_bytes()
        assert not content.startswith((b"PK", b"\x1f\x8b", b"\x89HDF", b"#!")), path
        assert not (content[0] == 0x80 and content[1] < 6), path
        assert not zipfile.is_zipfile(path), path


def test_permissions_are_those_of_any_file(trained):
    mask = os.umask(0)
    os.umask(mask)
    modes = {path.stat().st_mode & 0o777 for path in trained.path.iterdir()}
    assert modes == {0o666 & ~mask}


@pytest.mark.slow
@pytest.mark.usefixtures("few_layers")
def test_few_images_large_batches_a_deep_new_folder_and_json(nin, tmp_path):
    options = "--epochs 1 --limit 4 --batch-size 1000000 --out a/b/c --json"
    result = nin("train", "digits", *options.split())
    assert result.code == 0
    assert result.json.keys() == RESULT | {"run"}
    assert result.json["run"] == "a/b/c"
    assert {path.name for path in (tmp_path / "a/b/c").iterdir()} == FILES


def test_a_run_directory_in_use_is_refused_and_left_as_it_is(nin, digits):
    before = {path: path.read_bytes() for path in digits.iterdir()}
    result = nin("train", "digits", "--limit", 20, "--out", digits)
    assert result.is_mistake()
    assert f"{digits} is not empty" in result.err
    assert {path: path.read_bytes() for path in digits.iterdir()} == before


def test_a_run_that_crops_predicts_so(nin, photos, short):
    for path in photos.rglob("*.png"):
        image = np.asarray(Image.open(path))
        Image.fromarray(np.hstack([255 - image, image, 255 - image])).save(path)
    trained = nin("train", photos, *short, "--resize-mode", "crop", "--json")
    run, picture = trained.json["run"], photos / "light/00.png"
    assert json.loads((Path(run) / "run.json").read_text())["recipe"]["resize_mode"] == "crop"
    with Image.open(picture) as whole:
        whole.crop((16, 0, 32, 16)).save("middle.png")
    wide, middle = (nin("predict", run, each, "--json").json for each in (picture, "middle.png"))
    assert wide["probability"] == pytest.approx(middle["probability"], abs=0.02)
    assert nin("train", "--resume", run, "--resize-mode", "crop").is_mistake()


def squares(root, train, test, side=70, colours=((220, 40, 40), (40, 200, 60))):
    """Classes that a glance tells apart: plain squares on noise."""
    random = np.random.default_rng(0)
    for part, count in (("train", train), ("test", test)):
        for name, colour in zip("ab", colours, strict=True):
            (root / part / name).mkdir(parents=True)
            for number in range(count):
                pixels = random.integers(0, 256, (side, side, 3), np.uint8)
                top, left = random.integers(0, side // 2, 2)
                pixels[top : top + side // 2, left : left + side // 2] = colour
                Image.fromarray(pixels).save(root / part / name / f"{number:02}.png")
    return root


@pytest.mark.slow
@pytest.mark.usefixtures("tiny")
def test_a_small_folder_is_trained_for_long_enough_and_learnt(nin, tmp_path):
    folder = squares(tmp_path / "squares", 60, 20, side=12)
    result = nin("train", folder, "--preset", "mnist", "--image-size", 12, "--out", "run")
    assert result.code == 0
    record = json.loads((tmp_path / "run/run.json").read_text())
    images = record["data"]["splits"]["train"]["images"]
    steps = math.ceil(images / 16)  # of an epoch
    epochs = math.ceil(300 / steps)
    assert result.err.splitlines()[3].startswith(
        f"{images} training images are few: batches of 16 for {epochs} epochs,"
        f" {epochs * steps} steps (the recipe: 64, 15)"
    )
    accuracy, run, following = result.out.splitlines()
    assert accuracy.endswith(' on 40 test images; always naming "a" gives 0.500')
    assert float(accuracy.split()[1]) > 0.9
    assert run == "run      run (curves.png shows how it learnt)"
    assert following == "next     nin evaluate run   or   nin predict run IMAGE"
    assert record["schedule"]["steps"] == epochs * steps
    assert record["recipe"]["batch_size"] == 16


@pytest.mark.slow
def test_a_small_folder_that_used_to_die_is_learnt(nin, tmp_path):
    folder = squares(tmp_path / "squares", 20, 30)
    options = ("--preset", "book", "--image-size", 67, "--epochs", 25, "--seed", 2, "--json")
    result = nin("train", folder, *options)
    assert result.code == 0
    assert result.json["accuracy"] > 0.9


@pytest.mark.slow
@pytest.mark.usefixtures("tiny")
def test_pictures_that_are_all_the_same_cannot_be_learnt_and_that_is_printed(nin, tmp_path):
    for part in ("train", "test"):
        for name in "ab":
            (tmp_path / "same" / part / name).mkdir(parents=True)
            for number in range(8):
                picture = Image.new("RGB", (12, 12), (90, 90, 90))
                picture.save(tmp_path / "same" / part / name / f"{number}.png")
    options = ("--preset", "mnist", "--image-size", 12, "--epochs", 6, "--batch-size", 4)
    result = nin("train", tmp_path / "same", *options, "--out", "run")
    assert result.code == 0
    accuracy, warning, verdict, _, following = result.out.splitlines()
    assert (
        "\nWARNING: 16 of the 16 pictures of test are in train, too (16 the same)\n" in result.err
    )
    assert warning.startswith(
        "warning  16 of these 16 images, or near copies of them, were trained"
    )
    assert accuracy.startswith("accuracy 0.500 [")
    assert verdict == 'no better than always naming "a"'
    assert "predict" not in result.out
    assert following.startswith("try      other images")
    record = json.loads((tmp_path / "run/run.json").read_text())
    assert [finding["kind"] for finding in record["health"]] == ["same answer", "not learnt"]
    assert [restart["step"] for restart in record["restarts"]] == [20, 20]
    assert result.err.count("restarted at a learning rate of") == 2
    assert "Trainer's own initial weights" not in result.err


def test_a_folder_whose_pictures_stay_on_disk(nin, photos, short):
    learnt = [
        nin("train", photos, *short, *more, "--json").json["loss"]
        for more in ([], ["--stream"], ["--stream", "--precision", "bfloat16"])
    ]
    assert learnt[0] == learnt[1]
    assert learnt[2] == pytest.approx(learnt[0], rel=0.3)


def test_every_change_of_the_images_can_be_switched_on_and_off(nin, photos, short):
    changes = "--shift 2 --crop 0.5 --rotation 10 --brightness 0.2 --contrast 0.2 --saturation 0.2"
    line = [*short, "--no-flip", *changes.split(), "--erasing", 0.1, "--balance", "auto"]
    run = nin("train", photos, *line, "--json").json["run"]
    made = d2l.load(run).record["recipe"]
    assert {name: made[name] for name in ("flip", "shift", "crop", "erasing")} == {
        "flip": False,
        "shift": 2,
        "crop": 0.5,
        "erasing": 0.1,
    }
    assert made["balance"] == PREFERRED
    result = nin("train", "--resume", run, "--epochs", 2, "--no-flip", "--balance", "none")
    assert result.is_mistake()
    assert "leave out --no-flip, --balance" in result.err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fashon", "did you mean 'fashion'?"),
        ("--data fashion-mnits", "did you mean 'fashion-mnist'?"),
        ("--data no/such/folder", "no/such/folder: no such folder"),
        ("--preset bok", "did you mean 'book'?"),
        (
            "--precision float16",
            "--precision 'float16': input should be 'auto', 'float32' or 'bfloat16'",
        ),
        ("--resize-mode stretch", "--resize-mode 'stretch': input should be 'squash' or 'crop'"),
        ("--accumulate 3", "batches of 64 images cannot be divided into 3 equal parts"),
        ("--accumulate 0", "--accumulate 0"),
        ("--devices 0", "--devices 0: give a number, 1 or more, or all"),
        ("--devices two", "--devices two: give a number, 1 or more, or all"),
        ("--devices 2", "several devices need JAX, and the backend is tensorflow"),
        ("--join", "several devices need JAX, and the backend is tensorflow"),
        ("--save-every -1", "--save-every"),
        ("--patience 0", "--patience 0"),
        ("--epochs 0", "--epochs 0"),
        ("--epochs -3", "--epochs -3"),
        (f"--epochs {10**30}", "--epochs 1"),
        ("--batch-size 0", "--batch-size 0"),
        ("--batch-size -1", "--batch-size -1"),
        ("--lr 0", "--lr 0"),
        ("--lr -0.1", "--lr -0.1"),
        ("--lr nan", "--lr nan: input should be a finite number"),
        ("--lr inf", "--lr inf"),
        ("--lr 1e999", "--lr inf"),
        ("--image-size 0", "--image-size 0"),
        ("--image-size 100000", "--image-size 100000"),
        ("--limit 0", "--limit 0"),
        ("--limit -5", "--limit -5"),
        ("--seed -1", "--seed -1"),
        (f"--seed {2**32}", f"--seed {2**32}"),
        ("--shift -1", "--shift -1"),
        ("--crop 0", "--crop 0.0: input should be greater than 0"),
        ("--crop 1.5", "--crop 1.5: input should be less than or equal to 1"),
        ("--rotation 181", "--rotation 181.0: "),
        ("--brightness -0.1", "--brightness -0.1"),
        ("--contrast 2", "--contrast 2.0: "),
        ("--saturation nan", "--saturation nan"),
        ("--erasing 1.1", "--erasing 1.1"),
        ("--balance fairly", "--balance 'fairly': input should be 'none', 'weights' or 'sampling'"),
        ("--preset book --image-size 66", "smallest that works is 67x67"),
        (f"--out {__file__}", "cannot make the run directory"),
        (f"--out {__file__}/below/it", "cannot make the run directory"),
        ("x" * 300, "File name too long"),
        ("--data " + "x" * 300, "File name too long"),
        ("--out " + "x" * 300, "File name too long"),
        (__file__, "not a folder"),
    ],
)
def test_what_cannot_work_is_one_line_and_leaves_nothing(nin, tmp_path, line, said):
    result = nin("train", *line.split())
    assert result.is_mistake(), result
    assert said in result.err
    assert [*tmp_path.iterdir()] == []


def test_fewer_pictures_than_classes_is_one_line(nin, photos, short):
    result = nin("train", photos, *short, "--limit", 1)
    assert result.is_mistake()
    assert "no picture of 'light' is left" in result.err
    assert not (photos.parent / "runs").exists()


@pytest.mark.parametrize(
    ("folders", "said"),
    [
        ([], "0 class folder(s)"),
        (["cat"], "1 class folder(s)"),
        (["cat", "dog"], "no pictures"),
    ],
)
def test_a_folder_without_classes_is_one_line(nin, tmp_path, folders, said):
    for name in ("empty", *(f"empty/{each}" for each in folders)):
        (tmp_path / name).mkdir()
    result = nin("train", "empty")
    assert result.is_mistake()
    assert said in result.err


def test_unreadable_pictures_are_all_named_before_training(nin, photos, short):
    (photos / "dark/00.png").write_bytes(b"")
    (photos / "light/03.png").write_bytes(b"no picture")
    (photos / "light/04.png").write_bytes((photos / "light/05.png").read_bytes()[:-300])
    result = nin("train", photos, *short)
    assert result.is_mistake()
    assert all(f"{photos}/{name}.png: " in result.err for name in ("dark/00", "light/03"))
    assert f"{photos}/light/04.png: " in result.err
    assert "3 picture(s)" in result.err
    assert not (photos.parent / "runs").exists()


@pytest.mark.skipif(sys.platform == "darwin", reason="names must be UTF-8 there")
def test_skip_bad_goes_on_whatever_the_classes_are_called(nin, photos, short, tmp_path):
    (photos / "dark").rename(photos / "$\\frac$ 犬")
    (photos / "light").rename(photos / os.fsdecode(b"caf\xe9"))
    bad = photos / os.fsdecode(b"caf\xe9") / "00.png"
    bad.write_bytes(b"")
    out = tmp_path / "$^$"
    result = nin("train", photos, *short, "--skip-bad", "--out", out, "--json")
    assert result.code == 0, result
    record = json.loads((out / "run.json").read_text())
    assert record["skip_bad"] is True
    assert record["classes"] == ["$\\frac$ 犬", os.fsdecode(b"caf\xe9")]
    assert sum(part["images"] for part in record["data"]["splits"].values()) == 23
    evaluated = nin("evaluate", out, "--json")
    assert evaluated.code == 0
    assert r"caf\udce9 12" in evaluated.err
    assert {row["class"] for row in evaluated.json["per_class"]} == {*record["classes"]}
    refused = nin("train", "--resume", out, "--epochs", 1)
    assert refused.is_mistake()
    good = photos / os.fsdecode(b"caf\xe9") / "01.png"
    Image.new("RGB", (16, 16)).save(good)
    changed = nin("train", "--resume", out, "--epochs", 2)
    assert changed.is_mistake()
    assert "no longer holds the images" in changed.err
    assert json.loads((out / "run.json").read_text()) == record


@pytest.fixture
def no_large_files():
    """The system refuses files above 100 kB: the weights, but not the records."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.slow
@pytest.mark.usefixtures("no_large_files", "tiny")
def test_a_disk_that_fills_up_while_training(nin, tmp_path):
    result = nin("train", "digits", "--epochs", 2, "--limit", 20, "--out", "run")
    assert result.is_mistake(), result
    assert "nin: cannot write run/checkpoint.safetensors: File too large\n" in result.err
    assert {path.name for path in (tmp_path / "run").iterdir()} == {"run.json"}
    assert json.loads((tmp_path / "run/run.json").read_text())["state"] == "interrupted"
    assert nin("predict", "run", __file__).is_mistake()


@pytest.mark.slow
@pytest.mark.usefixtures("few_layers")
def test_a_training_that_dies_says_so_and_its_record_is_still_json(nin, tmp_path):
    line = "book --data digits --preset mnist --image-size 8 --limit 200 --batch-size 8 --epochs 5"
    result = nin("train", *line.split(), "--lr", "1e30", "--out", "run")
    assert (result.code, result.out) == (1, "")
    *_, last = result.err.splitlines()
    assert last.startswith("nin: training stopped: ")
    assert last.endswith("(see run)")
    record = json.loads((tmp_path / "run/run.json").read_text(), parse_constant=_refuse)
    assert record["state"] == "died"
    assert record["health"][-1]["kind"] == "not finite"
    lines = (tmp_path / "run/metrics.jsonl").read_text().splitlines()
    assert 1 <= len(lines) < 5
    rows = [json.loads(each, parse_constant=_refuse) for each in lines]
    assert [row["epoch"] for row in rows] == [*range(1, len(rows) + 1)]
    assert (tmp_path / "run/curves.png").exists()
    used = nin("evaluate", "run")
    assert used.is_mistake()
    assert "not finite" in used.err


def _refuse(constant):
    raise AssertionError(f"{constant} is not JSON")


@pytest.mark.slow
@pytest.mark.usefixtures("tiny")
def test_a_training_that_dies_within_a_few_steps_is_one_line_too(nin, tmp_path):
    line = "book --data digits --preset mnist --image-size 8 --limit 16 --batch-size 8 --epochs 1"
    result = nin("train", *line.split(), "--lr", "1e20", "--out", "run")
    assert result.code in (1, 2)
    assert result.err.splitlines()[-1].startswith("nin: ")
    record = json.loads((tmp_path / "run/run.json").read_text(), parse_constant=_refuse)
    assert record["state"] != "finished"


def test_the_result_is_that_of_the_test_images(trained):
    run = d2l.load(trained.path)
    evaluation = run.evaluate()
    assert evaluation.part == "test"
    assert evaluation.accuracy == run.record["result"]["accuracy"]
    assert math.isclose(evaluation.loss, run.record["result"]["loss"], rel_tol=1e-5)


@pytest.mark.slow
def test_names_of_classes_cannot_write_to_the_terminal(nin, photos, short, tmp_path):
    (photos / "dark").rename(photos / "new\nline")
    (photos / "light").rename(photos / "\x1b[2J")
    out = tmp_path / "run"
    trained = nin("train", photos, *short, "--out", out)
    evaluated = nin("evaluate", out)
    explained = nin("explain", out, photos / "new\nline/00.png")
    for result in (trained, evaluated, explained):
        assert result.code == 0, result
        assert "\x1b" not in result.out + result.err
    assert r"classes: \x1b[2J 12, new\nline 12" in trained.err
    assert len([line for line in evaluated.out.splitlines() if line.startswith(r"new\nline ")]) == 1


@pytest.mark.slow
def test_learning_rates_are_tried_and_one_is_suggested(nin, tmp_path):
    result = nin("train", "digits", "--preset", "lenet", "--limit", 64, "--find-lr", "--json")
    assert result.code == 0, result
    assert result.json["picture"] == "find-lr.png"
    assert result.json["suggestion"] < 1
    assert len(result.json["rates"]) == len(result.json["losses"])
    assert [path.name for path in tmp_path.iterdir()] == ["find-lr.png"]


def test_what_to_do_next_can_be_typed(capsys):
    result = {
        "n": 99,
        "accuracy": 0.9,
        "interval": [0.8, 0.95],
        "split": "test",
        "largest_class": {"name": "a", "share": 0.5},
    }
    _print(Run(Path("my runs/one"), {"result": result}), result, as_json=False)
    said = capsys.readouterr().out
    assert "nin evaluate 'my runs/one'   or   nin predict 'my runs/one' IMAGE" in said


def test_no_default_is_promised_that_a_recipe_has_not(nin):
    assert {each.mixup_prob for each in d2l.RECIPES.values()} != {1.0}
    assert "default: all" not in nin("train", "--help").out
