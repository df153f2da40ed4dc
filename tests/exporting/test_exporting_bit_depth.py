"""The range of values of a folder's pictures: said, recorded, exported, and used in prediction."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nin
from nin.data.decoding.decode import FRAMES, decode
from nin.errors import DataError, ExportError, RunError
from nin.inference.metadata import parse
from nin.training.runs.data_notes import pictures_note
from nin.training.runs.dataset import open_images

DARK, BRIGHT = 601, 3000


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    """Pictures of 12 bits in files of 16, dark and bright ones in each class."""
    folder = tmp_path_factory.mktemp("deep") / "pictures"
    for name, values in (("flat", (1, 1)), ("half", (1, 0))):
        (folder / name).mkdir(parents=True)
        for number in range(10):
            image = np.zeros((8, 8), np.uint16)
            image[:, :4], image[:, 4:] = np.multiply(values, BRIGHT if number % 2 else DARK)
            Image.fromarray(image).save(folder / name / f"{number}.tif")
    pages = {"save_all": True, "append_images": [Image.new("L", (8, 8))]}
    Image.fromarray(image).save(folder / "half/9.tif", **pages)
    return folder


@pytest.fixture(scope="module")
def deep_run(deep, tmp_path_factory):
    recipe = nin.RECIPES["digits"].revised(
        data=str(deep), image_size=8, epochs=1, width=0.1, batch_size=8
    )
    with contextlib.redirect_stderr(io.StringIO()) as said:
        run = nin.train(recipe, tmp_path_factory.mktemp("runs") / "deep")
    run.said = said.getvalue()
    return run


@pytest.mark.slow
def test_a_run_and_its_exports_keep_the_range(deep, deep_run, tmp_path):
    assert deep_run.record["data"]["bit_depth"] == deep_run.bit_depth == 12
    dark = deep / "flat/0.tif"
    wanted = decode(dark, 8, 3, bit_depth=12)
    assert (decode(dark, 8, 3) > wanted).all(), "alone it would be brighter"
    path = nin.export(deep_run, out=tmp_path / "deep.onnx").path
    for predictor in (nin.Predictor(deep_run), nin.Predictor(deep_run.path), nin.Predictor(path)):
        assert predictor.bit_depth == 12
        assert (predictor.read(dark) == wanted).all()
        (prediction,) = predictor.predict_files([dark])
        assert prediction["probability"] == pytest.approx(
            deep_run.predict(wanted[None]).max(), abs=1e-5
        )


@pytest.mark.slow
def test_what_was_decided_is_printed_and_recorded(deep_run):
    line = f"1 picture(s) with {FRAMES}; pictures of more than 8 bits are read as 12 bits: 4,095 is"
    assert deep_run.said.count(line) == 1
    assert deep_run.record["remarks"] == {FRAMES: 1}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Pictures are missing.
def test_a_run_is_evaluated_in_its_range_when_its_brightest_pictures_are_gone(deep_run, tmp_path):
    evaluation = deep_run.evaluate()
    train = open_images(deep_run.recipe).files("train").paths
    bright = [Path(path) for path in train if int(Path(path).stem) % 2]
    for number, path in enumerate(bright):
        shutil.move(path, tmp_path / f"{number}.tif")
    try:
        left = nin.ImageFolder(bright[0].parents[1], image_size=8, test=0, validation=0)
        again = nin.load(deep_run.path).evaluate()
    finally:
        for number, path in enumerate(bright):
            shutil.move(tmp_path / f"{number}.tif", path)
    assert len(left.train.labels) == 20 - len(bright)
    assert (again.part, again.loss) == (evaluation.part, evaluation.loss)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Some were trained on.
def test_other_pictures_are_evaluated_in_the_range_of_the_run(deep, deep_run, tmp_path):
    others = tmp_path / "others"
    shutil.copytree(deep, others, ignore=shutil.ignore_patterns("[13579].tif"))
    evaluation = deep_run.evaluate(str(others))
    assert evaluation.part == "all"
    images = [decode(path, 8, 3, bit_depth=12) for path in sorted(others.rglob("*.tif"))]
    labels = deep_run.predict(np.stack(images)).argmax(axis=1)
    assert evaluation.accuracy == np.mean(labels == np.repeat([0, 1], 5))


def test_all_pictures_of_a_folder_share_a_range(deep):
    data = nin.ImageFolder(deep, image_size=8)
    assert data.describe()["bit_depth"] == 12
    assert sorted(np.unique(data.train.images)) == [0, round(DARK / 4095 * 255), 187]
    streamed = nin.ImageFolder(deep, image_size=8, stream=True)
    assert (streamed.train.images[:] == data.train.images).all()
    assert pictures_note(data).endswith(
        "pictures of more than 8 bits are read as 12 bits: 4,095 is white"
    )


def test_another_range_can_be_given(deep):
    data = nin.ImageFolder(deep, image_size=8, bit_depth=14)
    assert data.train.images.max() == round(BRIGHT / 16_383 * 255)
    assert data.bit_depth == data.describe()["bit_depth"] == 14


@pytest.mark.parametrize("bits", [0, 11, 32, "12"])
def test_a_range_that_is_none_is_refused(deep, bits):
    with pytest.raises(DataError, match=r"^bit_depth=.*: must be 8, 10, 12, 14, 16 or None$"):
        nin.ImageFolder(deep, bit_depth=bits)


def test_folders_of_8_bits_say_nothing(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        for number in range(10):
            Image.new("L", (8, 8), number).save(tmp_path / name / f"{number}.png")
    data = nin.ImageFolder(tmp_path, image_size=8)
    assert data.bit_depth is None
    assert "bit_depth" not in data.describe()


@pytest.mark.slow
@pytest.mark.parametrize("bits", [13, "12", True])
def test_a_range_that_cannot_be_is_named(deep_run, tmp_path, bits):
    run = shutil.copytree(deep_run.path, tmp_path / "run")
    record = json.loads((run / "run.json").read_text())
    record["data"]["bit_depth"] = bits
    (run / "run.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"run.json is damaged: .*bit_depth"):
        nin.load(run)
    description = nin.Predictor(deep_run).description | {"bit_depth": bits}
    with pytest.raises(ExportError, match=r"is damaged: its bit_depth is .*, not one of 8, 10, 12"):
        parse(json.dumps(description), run)
