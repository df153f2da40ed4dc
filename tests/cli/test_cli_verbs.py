"""`nin evaluate`, `nin predict`, `nin summary`."""

import csv
import json
import re
from pathlib import Path

import pytest
from custom_networks import write_nets
from PIL import Image
from shards import as_tar_shards

import nin as d2l
from nin.accounting import walk
from nin.models import PRESETS, RIVALS
from nin.training.runs.evaluation_report import record


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "seven.png"
    Image.fromarray(d2l.Digits().test.images[0, ..., 0]).save(path)
    return path


def test_a_photograph_with_odd_metadata_is_predicted_without_a_warning(nin, digits, tmp_path):
    path = tmp_path / "odd.jpg"
    Image.new("L", (8, 8)).save(path, exif=b"Exif\0\0II*\0\x08\0\0\0\x09\0" + bytes(20))
    result = nin("predict", digits, path)
    assert (result.code, result.err) == (0, "")


def test_evaluate_prints_json_with_stable_keys(nin, digits, monkeypatch):
    result = nin("evaluate", digits, "--json")
    assert (result.code, result.err) == (0, "")
    report = result.json
    keys = "split data n accuracy interval largest_class loss calibration_error per_class confusion"
    assert [*report] == [*keys.split(), "reliability", "folder", "picture", "mistakes"]
    result = json.loads((digits / "run.json").read_text())["result"]
    assert (report["accuracy"], report["n"]) == (result["accuracy"], 359)
    assert report["split"] == "test"
    right = sum(report["confusion"][i][i] for i in range(10))
    assert report["accuracy"] == right / 359
    assert [row["class"] for row in report["per_class"]] == [*"0123456789"]
    assert [row["n"] for row in report["per_class"]] == [sum(row) for row in report["confusion"]]
    assert report["calibration_error"] == result["calibration_error"]
    assert report["folder"] == str(digits / "evaluations/digits-test")
    names = ("confusion.png", "mistakes.png", "reliability.png")
    for picture in (report["picture"], *(Path(report["folder"]) / name for name in names)):
        with Image.open(picture, formats=["PNG"]) as drawn:
            drawn.load()
    monkeypatch.setattr("nin.cli.evaluate._draw_mistakes", lambda *_: None)
    assert nin("evaluate", digits, "--json").json["folder"] == report["folder"]
    wrong = 359 - right
    with Path(report["mistakes"]).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == wrong
    probabilities = d2l.load(digits).predict(d2l.Digits().test.images)
    for row in rows:
        chances, truth = probabilities[int(row["file"])], int(row["truth"])
        assert int(row["prediction"]) == chances.argmax() != truth
        assert float(row["truth_probability"]) == pytest.approx(chances[truth], abs=1e-4)


def test_evaluate_for_people(nin, digits):
    result = nin("evaluate", digits, "--data", "digits", "--out", "new/place")
    assert (result.code, result.err) == (0, "")
    header, *rows, accuracy, loss, mistakes, picture = result.out.splitlines()
    assert header.split() == ["class", "n", "recall", "precision"]
    assert len(rows) == 10
    assert accuracy.startswith("accuracy 0.")
    assert accuracy.endswith(f' on 359 test images; always naming "3" gives {37 / 359:.3f}')
    assert re.fullmatch(r"loss \d\.\d{4}  calibration error 0\.\d{3}", loss)
    assert re.fullmatch(
        r"\d+ mistakes: new/place/mistakes\.csv, the worst in mistakes\.png", mistakes
    )
    assert picture == "confusion matrix: new/place/confusion.png"
    assert Path("new/place/confusion.png").stat().st_size > 1000
    assert not (digits / "evaluations").exists()


def test_evaluate_on_what_is_behind_a_url(nin, digits, server, tmp_path):
    images, labels = d2l.Digits().test
    for number in range(20):
        path = tmp_path / f"pictures/{labels[number]}/{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(images[number, ..., 0]).save(path)
    as_tar_shards(tmp_path / "pictures", server.folder, 2)
    url = f"{server.url}/{{000..001}}.tar"
    result = nin("evaluate", digits, "--data", url, "--json")
    assert result.code == 0, result.err
    there, here = result.json, record(d2l.load(digits).evaluate("pictures"))
    assert there["data"]["source"] == url
    for measured in ("n", "accuracy", "loss", "confusion"):
        assert there[measured] == here[measured]
    with Path(there["mistakes"]).open(newline="") as file:
        wrong = [row["file"] for row in csv.DictReader(file)]
    assert len(wrong) == there["n"] - round(there["accuracy"] * there["n"])
    assert all(name.startswith(f"{server.url}/00") for name in wrong)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--data missing", "unknown data set"),
        ("--data missing/folder", "no such folder"),
        (
            "--data photos",
            "has classes that the run does not have: dark, light; it was trained on 0, 1",
        ),
        ("--out seven.png", "--out seven.png: name a folder: evaluation.json, mistakes.csv"),
        ("--out seven.png/x", "seven.png is not a folder"),
        ("--out mine", "mine/mistakes.png already exists"),
    ],
)
@pytest.mark.usefixtures("photos", "picture")
def test_what_evaluate_refuses(nin, digits, options, said):
    Path("mine").mkdir()
    Path("mine/mistakes.png").write_bytes(b"mine")
    result = nin("evaluate", digits, *options.split())
    assert result.is_mistake()
    assert said in result.err
    assert not (digits / "evaluations").exists()


def test_predict_prints_a_json_line_an_image(nin, digits, picture):
    result = nin("predict", digits, picture, "seven.png", "--top", 3, "--json")
    assert (result.code, result.err) == (0, "")
    first, second = map(json.loads, result.out.splitlines())
    assert [*first] == ["file", "label", "probability", "top"]
    assert (first["file"], second["file"]) == (str(picture), "seven.png")
    assert first["label"] == second["label"]
    assert first["probability"] == pytest.approx(second["probability"])
    assert len(first["top"]) == 3
    assert first["top"][0] == {"label": first["label"], "probability": first["probability"]}
    chances = [row["probability"] for row in first["top"]]
    assert chances == sorted(chances, reverse=True)
    assert {row["label"] for row in first["top"]} <= {*"0123456789"}
    expected = d2l.load(digits).predict(d2l.Digits().test.images[:1])[0]
    assert chances[0] == pytest.approx(expected.max())


def test_predict_for_people_and_more_predictions_than_classes(nin, digits, picture):
    result = nin("predict", digits, picture, "--top", 10**20)
    assert (result.code, result.err) == (0, "")
    name, _, probabilities = result.out.partition(": ")
    assert name == str(picture)
    words = probabilities.split()
    assert sorted(words[::2]) == [*"0123456789"]
    assert sum(map(float, words[1::2])) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("missing.png", "missing.png: No such file"),
        ("digits/weights.safetensors", "not a JPEG"),
        ("seven.png/x", "Not a directory"),
        ("x" * 300, "File name too long"),
        ("empty.png", "empty.png: "),
    ],
)
@pytest.mark.usefixtures("picture")
def test_an_image_that_cannot_be_read_is_one_line(nin, digits, image, said):
    (digits.parent / "empty.png").write_bytes(b"")
    result = nin("predict", digits, image)
    assert result.is_mistake(), result
    assert said in result.err


@pytest.mark.parametrize("verb", ["evaluate", "predict"])
@pytest.mark.parametrize("path", ["missing", ".", "seven.png", "x" * 300, "digits/run.json"])
@pytest.mark.usefixtures("digits")
def test_what_is_no_run_is_one_line(nin, picture, verb, path):
    result = nin(verb, path, *([picture] if verb == "predict" else []))
    assert result.is_mistake(), result
    said = {"evaluate": "run.json", "predict": "does not exist|run directory|name too long"}[verb]
    assert re.search(said, result.err, re.IGNORECASE)


@pytest.mark.parametrize("line", ["predict MODEL x.png", "explain MODEL x.png", "serve MODEL"])
def test_a_saved_model_is_opened_only_where_it_is_trusted(nin, tmp_path, line):
    (tmp_path / "MODEL/assets.extra").mkdir(parents=True)
    (tmp_path / "MODEL/saved_model.pb").touch()
    Image.new("L", (8, 8)).save(tmp_path / "x.png")
    result = nin(*line.split())
    assert result.is_mistake(), result
    assert "MODEL is a SavedModel, which can read and write any of your files" in result.err
    assert result.err.endswith(": if you trust whoever made it, give --trust\n")
    result = nin(*line.split(), "--trust")
    assert result.is_mistake(), result
    assert "MODEL was not written by nin export" in result.err


def test_summary_adds_up(nin):
    report = nin("summary", "book", "--json").json
    assert [*report] == ["network", "input", "parameters", "multiply_adds", "layers", "cost"]
    assert (report["network"], report["input"]) == ("book", [224, 224, 1])
    assert report["parameters"] == 1_992_166
    for key in ("parameters", "multiply_adds"):
        assert sum(layer[key] for layer in report["layers"]) == report[key]
    assert report["layers"][0]["output_shape"] == [54, 54, 96]
    cost = report["cost"]
    assert sum(cost["parameters"].values()) == report["parameters"]
    assert (cost["batch_size"], cost["receptive_field"]) == (128, [195, 195])
    assert nin("summary", "nin", "--json").json["cost"] == cost


def test_summary_in_words(nin):
    lines = nin("summary", "book").out.splitlines()
    end = lines.index("")
    assert lines[0].split() == ["layer", "output", "parameters", "multiply-adds"]
    assert lines[1].split() == ["input", "224×224×1"]
    assert lines[2].split() == ["Conv2D", "11x11", "54×54×96", "11,712", "33,872,256"]
    assert lines[end - 1].split() == ["total", "1,992,166", "762,297,352"]
    assert end == len(walk(d2l.NiN(), (224, 224, 1))) + 3
    assert [line.split("  ")[0] for line in lines[end + 1 : -2]] == [
        "parameters in larger convolutions",
        "parameters in 1×1 convolutions",
        "multiply-adds per image",
        "weights",
        "optimiser's state, AdamW",
        "kept for training, batch of 128",
        "alive in prediction, batch of 128",
        "receptive field",
    ]
    assert [line.split("  ")[-1].strip() for line in lines[end + 1 : -2]] == [
        "1,546,058",
        "446,108",
        "762,297,352",
        "7.6 MiB",
        "15.2 MiB",
        "799 MiB",
        "273 MiB",
        "195×195 pixels",
    ]


def test_summary_of_a_network_of_ones_own(nin, tmp_path):
    write_nets(tmp_path)
    result = nin("summary", "nets.py:cnn(width=2)", "--input", "8,8,1", "--json")
    assert result.json["parameters"] == 88
    result = nin("summary", "nets.py:cnn")
    assert result.is_mistake()
    assert "nets.py:cnn: give the shape of its images, such as --input 32,32,3" in result.err


def test_summary_says_where_a_branch_comes_from(nin):
    lines = nin("summary", "googlenet", "--batch-size", "1").out.splitlines()
    assert lines[0].split()[-1] == "from"
    assert lines[1].split() == ["0", "input", "224×224×1"]
    assert lines[7].split() == ["6", "Conv2D", "1x1", "28×28×64", "12,352", "9,633,792"]
    assert lines[8].split()[0::6] == ["7", "5"]
    assert lines[14].split("  ")[-1].strip() == "6, 8, 10, 12"
    assert "kept for training, batch of 1 " in "\n".join(lines)


@pytest.mark.parametrize("name", [*PRESETS, *RIVALS])
def test_summary_of_every_network(nin, name):
    result = nin("summary", name, "--batch-size", "7")
    assert (result.code, result.err) == (0, "")
    published = (PRESETS.get(name) or RIVALS[name]).parameters
    (total,) = [line for line in result.out.splitlines() if line.startswith("total ")]
    assert total.split()[1] == f"{published:,}"
    assert "batch of 7 " in result.out
    whole = name in ("lenet", "alexnet", "vgg11", "vgg11-quarter")
    (field,) = [line for line in result.out.splitlines() if line.startswith("receptive field")]
    assert field.endswith("the whole image" if whole else " pixels")


def test_summary_of_another_image_and_other_classes(nin):
    report = nin("summary", "mnist", "--input", "40,50,3", "--classes", "7", "--json").json
    assert report["input"] == [40, 50, 3]
    assert report["layers"][-1]["output_shape"] == [7]
    model = d2l.NiN(num_classes=7, preset="mnist")
    model.build((None, 40, 50, 3))
    assert report["parameters"] == model.count_params()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bok", "did you mean 'book'?"),
        ("book --input 224", "--input 224: give height"),
        ("book --input 224,224", "give height"),
        ("book --input 224,224,1,1", "give height"),
        ("book --input 224,224,0", "give height"),
        ("book --input -1,224,1", "give height"),
        ("book --input a,b,c", "give height"),
        ("book --input 2.5,224,1", "give height"),
        (f"book --input {'9' * 5000},224,1", "give height"),
        ("book --input ٣,٣,١", "give height"),
        ("book --input 66,224,1", "smallest that works is 67x67"),
        ("vgg11 --input 31,31,1", "smallest that works is 32x32"),
        ("book --classes two", "'--classes'"),
        ("book --batch-size 0", "'--batch-size'"),
        ("book --batch-size all", "'--batch-size'"),
    ],
)
def test_what_summary_refuses(nin, line, said):
    result = nin("summary", *line.split())
    assert result.is_mistake(), result
    assert said in result.err


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ("[keras.layers.Reshape((28, 28, 1))]", "nets.py:net cannot take images of 32×32×1: "),
        ("[keras.layers.Flatten(), keras.layers.UpSampling2D()]", "cannot take images of 32×32×1"),
        ("[keras.layers.Flatten(), keras.layers.Dense(7)]", "--classes 5: nets.py:net always ends"),
    ],
)
def test_layers_that_do_not_fit_one_another_or_the_classes(nin, tmp_path, layers, said):
    (tmp_path / "nets.py").write_text(
        f"import keras\n\n\ndef net(num_classes):\n    return keras.Sequential({layers})\n"
    )
    result = nin("summary", "nets.py:net", "--input", "32,32,1", "--classes", 5)
    assert result.is_mistake(), result
    assert said in result.err


def test_a_list_is_no_network(nin, tmp_path):
    (tmp_path / "nets.py").write_text(
        "import keras, nin\n\n\nclass Net(nin.Classifier):\n"
        "    def __init__(self, num_classes=10):\n        super().__init__()\n"
        "        self.net = [keras.layers.Flatten(), keras.layers.Dense(num_classes)]\n"
    )
    result = nin("summary", "nets.py:Net", "--input", "32,32,1")
    assert result.is_mistake(), result
    assert "it is no layer and no model" in result.err


def test_a_run_that_can_keep_no_evaluation_is_refused_at_once(nin, digits, monkeypatch):
    (digits / "evaluations").write_text("")
    monkeypatch.setattr(
        "nin.training.runs.evaluation.evaluate_images", lambda *_, **__: pytest.fail("in vain")
    )
    result = nin("evaluate", digits)
    assert result.is_mistake(), result
    assert result.err.endswith("name a folder elsewhere: --out\n")


@pytest.mark.usefixtures("photos")
@pytest.mark.parametrize(
    "words",
    [
        ("train", ""),
        ("train", "book", "--data", ""),
        ("data", ""),
        ("predict", "digits", ""),
        ("evaluate", "digits", "--data", ""),
    ],
)
def test_an_empty_name_is_no_folder(nin, digits, words):  # noqa: ARG001 - it is in the folder
    result = nin(*words)
    assert result.is_mistake(), result
    assert "an empty name" in result.err
