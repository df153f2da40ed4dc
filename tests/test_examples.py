"""The examples run as they stand."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nin
from nin.cli.train import train

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def few_digits(monkeypatch):
    """An example's comparison is as long as it has images and rates to try."""
    monkeypatch.setitem(nin.RECIPES, "digits", nin.RECIPES["digits"].revised(limit=100))
    monkeypatch.setattr("nin.study.trials.learning_rate_search.BEYOND", 0)


@pytest.mark.slow
@pytest.mark.usefixtures("few_digits")
def test_a_comparison_on_two_dask_workers(tmp_path, monkeypatch, capsys):
    pytest.importorskip("dask.distributed", reason="needs keras-nin[cluster]")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["compare_with_dask.py"])
    runpy.run_path(str(EXAMPLES / "compare_with_dask.py"), run_name="__main__")
    quarter, lenet = capsys.readouterr().out.splitlines()
    assert quarter.startswith("quarter NiN: 22,626 parameters")
    assert lenet.startswith("LeNet: 21,386 parameters")
    trainings = [path.name for path in (tmp_path / "runs/dask/trainings").iterdir()]
    assert len([name for name in trainings if "-search-" in name]) >= 2 * 2
    assert len([name for name in trainings if "-seed" in name]) == 2 * 2


@pytest.mark.slow
@pytest.mark.usefixtures("few_digits")
def test_a_network_of_ones_own_against_nin(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLES / "own_network.py"), run_name="__main__")
    conclusion, *table = capsys.readouterr().out.splitlines()
    assert "own CNN" in conclusion
    assert [line.split(" | ")[0] for line in table[2:]] == ["| own CNN", "| NiN of two blocks"]
    assert (tmp_path / "runs/own-network/report.html").exists()


@pytest.mark.slow
def test_the_maps_of_one_image(tmp_path, monkeypatch, capsys):
    run = nin.train("digits", tmp_path / "run", epochs=1, limit=60, width=0.1)
    picture = tmp_path / "maps.png"
    monkeypatch.setattr("sys.argv", ["class_maps.py", str(run.path), "3", str(picture)])
    runpy.run_path(str(EXAMPLES / "class_maps.py"), run_name="__main__")
    test = run.images.for_evaluation().split
    assert capsys.readouterr().out == f"{picture}: {run.classes[test.labels[3]]}\n"
    with Image.open(picture) as drawn:
        assert drawn.width > drawn.height > 300


#: A network with class maps: five of these commands build it anew.
TWO_STAGES = """
[[stages]]
widths = [8]
kernel_size = 3
pool = "same"

[[stages]]
widths = ["classes"]
kernel_size = 3
"""


@pytest.mark.slow
def test_arrays_of_ones_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLES / "own_arrays.py"), run_name="__main__")
    accuracy, *classes, first = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"\d+% of 180 test images", accuracy)
    assert [line.split(":")[0] for line in classes] == [*"0123456789"]
    assert first.startswith("the first image: ")
    assert (tmp_path / "runs/own-arrays/images.npz").exists()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_from_a_folder_to_a_server(tmp_path, program):
    pytest.importorskip("fastapi", reason="needs keras-nin[serve]")
    random = np.random.default_rng(0)
    for name, least in (("dark", 0), ("light", 128)):
        (tmp_path / "my photos" / name).mkdir(parents=True)
        for number in range(12):
            pixels = random.integers(least, least + 128, (20, 16, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "my photos" / name / f"{number} a.png")
    (tmp_path / "two.toml").write_text(TWO_STAGES)
    options = ["--preset", "two.toml", "--image-size", "16", "--epochs", "1", "--lr", "0.001"]
    done = subprocess.run(
        ["sh", EXAMPLES / "photos.sh", "my photos", "run", *options],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr
    [prediction] = json.loads(done.stdout.splitlines()[-1])["predictions"]
    assert (prediction["name"], len(prediction["top"])) == ("0 a.png", 2)
    made = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"evaluations", "maps.png", "model.onnx", "model.int8.onnx", "run.json"} <= made
    judged = {path.name for path in (tmp_path / "run/evaluations/my photos-test").iterdir()}
    assert {"confusion.png", "mistakes.csv", "reliability.png"} <= judged
    assert " labels equal, largest difference of a probability " in done.stdout


def test_the_job_for_kubernetes_is_whole_and_calls_what_exists():
    yaml = pytest.importorskip("yaml", reason="comes with keras-nin[cluster]")
    service, job = yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text())
    assert service["metadata"]["name"] == job["spec"]["template"]["spec"]["subdomain"]
    assert service["spec"]["selector"] == {"job-name": job["metadata"]["name"]}
    assert job["spec"]["completions"] == job["spec"]["parallelism"] == 2
    (container,) = job["spec"]["template"]["spec"]["containers"]
    told = {each["name"]: each["value"] for each in container["env"]}
    assert told["KERAS_DISTRIBUTION_NUM_PROCESSES"] == "2"
    first = f"{job['metadata']['name']}-0.{service['metadata']['name']}:"
    assert told["KERAS_DISTRIBUTION_JOB_ADDRESSES"].startswith(first)
    options = re.findall(r"--(\w+)", container["args"][0])
    assert set(options) == {"resume", "join", "out"} <= train.__annotations__.keys()
