"""A head on a frozen trunk: what a run holds is what was fitted, and can be gone on with."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import photographs
import pytest
from PIL import Image
from record_keys import unnamed
from safetensors.numpy import load_file

import nin as d2l
from nin.data.decoding.decode import FRAMES, decode
from nin.errors import DataError, RecipeError, RunError
from nin.pretrained import FeatureExtractor, load_trunk
from nin.training.runs.description import describe
from nin.training.runs.run_format import RunRecord
from nin.training.starting_recipe import choose
from nin.training.transfer_learning import feature_cache as module

pytestmark = pytest.mark.slow

SIDE = 64


def recipe(path, **changes):
    return choose(str(path), None).revised(image_size=SIDE, **changes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Photographs to train on, and others to be evaluated on."""
    return photographs.folder(tmp_path_factory.mktemp("given") / "stripes", ("train", "test"))


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    return d2l.train(recipe(folder), tmp_path_factory.mktemp("runs") / "stripes")


@pytest.fixture(scope="module")
def seen(folder):
    """The test photographs as the network is shown them, and their labels."""
    paths = sorted((folder / "test").rglob("*.png"))
    images = np.stack([decode(path, SIDE, 3, "crop") for path in paths])
    return images, np.array([path.parent.name == "down" for path in paths], int)


def test_all_that_is_recorded_is_named(run):
    assert {"pretrained", "head", "duplicates"} <= run.record.keys()
    assert not [*unnamed(run.record, RunRecord)]


def test_a_run_directory_holds_these_files(run):
    assert {path.name for path in run.path.iterdir()} == {
        *("run.json", "metrics.jsonl", "curves.png", "features.safetensors"),
        *("weights.safetensors", "pictures.safetensors"),
    }
    assert d2l.load(run.path).record == json.loads(json.dumps(run.record))


def test_the_record_says_what_was_done(run):
    record = run.record
    assert (record["state"], record["classes"]) == ("finished", ["across", "down"])
    assert record["recipe"]["preset"] == "efficientnet-lite1"
    trunk = load_trunk("efficientnet-lite1")
    assert record["pretrained"] == {"name": trunk.name, "sha256": trunk.digest}
    splits = record["data"]["splits"]
    assert {part: told["images"] for part, told in splits.items()} == {"train": 24, "test": 24}
    result = record["result"]
    assert (result["split"], result["n"], result["accuracy"]) == ("test", 24, 1.0)
    assert result["interval"][0] > result["largest_class"]["share"] == 0.5
    assert (record["health"], record["restarts"]) == ([], [])
    candidates = {each["C"]: np.mean(each["loss"]) for each in record["head"]["candidates"]}
    assert record["head"]["C"] == min(candidates, key=candidates.__getitem__)
    (row,) = run.metrics()
    assert row["epoch"] == result["epoch"] == 0
    assert row["accuracy"] == 1
    assert "val_loss" not in row


def test_the_record_describes_the_network_that_it_is_rebuilt_to(run):
    described = describe(run.model, run.input_shape)
    assert json.loads(json.dumps(described)) == run.record["model"]
    assert run.model.count_params() == run.record["parameters"]
    assert type(run.model).__name__ == "NiN"


def test_logits_are_the_head_on_the_trunks_features(run, seen):
    images, labels = seen
    logits = run.model.predict(images, verbose=0)
    weights = load_file(run.weights_path)
    features = FeatureExtractor(load_trunk("efficientnet-lite1"))(images)
    (kernel,) = (array for array in weights.values() if array.shape == (1, 1, 1280, 2))
    (bias,) = (array for array in weights.values() if array.shape == (2,))
    np.testing.assert_allclose(logits, features @ kernel[0, 0] + bias, atol=1e-4)
    assert np.array_equal(logits.argmax(axis=1), labels)


def test_the_mean_of_a_class_map_is_its_logit(run, seen):
    images, _ = seen
    maps = np.asarray(run.model.class_maps(images))
    assert maps.shape == (24, 2, 2, 2)
    logits = run.model.predict(images, verbose=0)
    np.testing.assert_allclose(maps.mean(axis=(1, 2)), logits, rtol=1e-5, atol=1e-5)


def test_the_network_says_of_its_photographs_what_the_run_says(run):
    evaluation = run.evaluate()
    assert evaluation.part == "test"
    assert evaluation.accuracy == run.record["result"]["accuracy"]
    assert evaluation.loss == pytest.approx(run.record["result"]["loss"], abs=1e-4)


def same(one, other):
    """Whether two runs have the same weights, to the bit, and the same result."""
    ours, theirs = load_file(one.weights_path), load_file(other.weights_path)
    results = [{**each.record["result"], "seconds": 0} for each in (one, other)]
    bits = all(np.array_equal(ours[key], theirs[key]) for key in ours | theirs)
    return bits and results[0] == results[1]


def test_whatever_the_seed_the_result_is_the_same(run, folder, tmp_path):
    for seed in (1, 2**32 - 1):
        assert same(d2l.train(recipe(folder, seed=seed), tmp_path / str(seed)), run)


def test_without_a_test_folder_the_seed_chooses_what_is_held_out(tmp_path):
    plain = photographs.folder(tmp_path / "stripes")
    one, other = (d2l.train(recipe(plain, seed=seed), tmp_path / str(seed)) for seed in (0, 1))
    for trained in (one, other):
        splits = trained.record["data"]["splits"]
        assert trained.record["result"]["n"] == splits["test"]["images"] > 0
        assert splits["test"]["images"] + splits["train"]["images"] == 24
    assert one.record["data"]["fingerprint"] != other.record["data"]["fingerprint"]


def test_held_out_photographs_are_looked_at_where_there_are_any(tmp_path):
    plain = photographs.folder(tmp_path / "stripes")
    trained = d2l.train(recipe(plain, validation=0.25), tmp_path / "run")
    (row,) = trained.metrics()
    assert row["val_accuracy"] == 1
    splits = trained.record["data"]["splits"]
    assert sum(part["images"] for part in splits.values()) == 24
    assert all(part["images"] for part in splits.values())


def test_of_a_train_folder_alone_what_is_held_out_is_the_test(tmp_path):
    plain = photographs.folder(tmp_path / "stripes", ("train",))
    trained = d2l.train(recipe(plain, validation=0.25), tmp_path / "run")
    held_out = trained.record["data"]["splits"]["validation"]["images"]
    result = trained.record["result"]
    assert (result["split"], result["n"]) == ("validation", held_out)


def test_pictures_that_say_nothing_are_not_said_to_be_learnt(tmp_path):
    empty = photographs.folder(tmp_path / "noise", ("train", "test"), draw=photographs.noise)
    trained = d2l.train(recipe(empty), tmp_path / "run")
    (finding,) = trained.record["health"]
    assert finding["kind"] == "not learnt"
    assert finding["message"] == 'no better than always naming "across"'
    assert trained.record["result"]["interval"][0] < 0.5


@pytest.fixture
def damaged(tmp_path):
    """Photographs of which one of each class cannot be read."""
    root = photographs.folder(tmp_path / "stripes")
    (root / "across/03.png").write_bytes(b"no picture")
    (root / "down/00.png").write_bytes((root / "down/01.png").read_bytes()[:100])
    return root


def test_unreadable_photographs_are_named(damaged, tmp_path):
    with pytest.raises(DataError) as caught:
        d2l.train(recipe(damaged), tmp_path / "run")
    assert str(caught.value).startswith("2 picture(s) cannot be read: ")
    assert "across/03.png: not a JPEG" in str(caught.value)
    assert "down/00.png: " in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert d2l.load(tmp_path / "run").record["state"] == "interrupted"


def test_unreadable_photographs_are_left_out(damaged, tmp_path, capsys):
    trained = d2l.train(recipe(damaged), tmp_path / "run", skip_bad=True)
    assert len(trained.record["skipped"]) == 2
    assert trained.record["skip_bad"] is True
    assert len(load_file(tmp_path / "run/features.safetensors")["digests"]) == 22
    said = capsys.readouterr().err
    assert "left out 2 unreadable photographs" in said
    assert "of them new" not in said


def test_what_was_refused_for_a_bad_photograph_goes_on_without_it(damaged, tmp_path, monkeypatch):
    with pytest.raises(DataError):
        d2l.train(recipe(damaged), tmp_path / "run")
    monkeypatch.setattr(FeatureExtractor, "__call__", lambda *_: pytest.fail("known already"))
    trained = d2l.resume(tmp_path / "run", skip_bad=True)
    assert trained.record["state"] == "finished"
    assert len(trained.record["skipped"]) == 2


def test_what_cannot_be_read_may_be_removed_or_repaired_before_it_goes_on(damaged, tmp_path):
    with pytest.raises(DataError, match="2 picture"):
        d2l.train(recipe(damaged), tmp_path / "run")
    (damaged / "across/03.png").unlink()
    Image.new("RGB", (SIDE, SIDE), "blue").save(damaged / "down/00.png")
    trained = d2l.resume(tmp_path / "run")
    assert trained.record["state"] == "finished"
    assert trained.images.open().fingerprint() == trained.record["data"]["fingerprint"]
    assert trained.images.for_evaluation().notes() == []


def test_a_class_of_which_nothing_can_be_read(tmp_path):
    root = photographs.folder(tmp_path / "stripes", ("train", "test"))
    for path in (root / "train/down").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(DataError, match="no picture of 'down' is left for training"):
        d2l.train(recipe(root), tmp_path / "run", skip_bad=True)


def test_a_part_of_which_nothing_can_be_read(tmp_path):
    root = photographs.folder(tmp_path / "stripes", ("train", "test"))
    for path in (root / "test").rglob("*.png"):
        path.write_bytes(b"no picture")
    with pytest.raises(DataError, match="no picture is left for test"):
        d2l.train(recipe(root), tmp_path / "run", skip_bad=True)


def test_what_is_odd_about_photographs_is_said_and_recorded(tmp_path, capsys):
    root = photographs.folder(tmp_path / "stripes")
    for name in ("across", "down"):
        with Image.open(root / name / "00.png") as frame:
            frame.save(root / name / "0.gif", save_all=True, append_images=[frame.rotate(90)])
    trained = d2l.train(recipe(root), tmp_path / "run")
    assert trained.record["remarks"] == {FRAMES: 2}
    assert f"2 picture(s) with {FRAMES}\n" in capsys.readouterr().err


def test_few_photographs_are_enough(tmp_path):
    root = photographs.folder(tmp_path / "stripes", ("train", "test"), each=1)
    trained = d2l.train(recipe(root), tmp_path / "run")
    assert trained.record["head"]["candidates"] == []
    assert (trained.path / "curves.png").stat().st_size > 1000


def test_a_frozen_trunk_cannot_do_everything(folder, tmp_path):
    digits = d2l.RECIPES["digits"].revised(preset="efficientnet-lite1")
    for wrong, said in (
        (digits, "digits is held in memory: choose another preset"),
        (recipe(folder, width=0.5), "pretrained weights are of width 1"),
        (
            recipe(folder, balance="sampling"),
            "a head is fitted to all photographs: use balance=weights",
        ),
    ):
        with pytest.raises(RecipeError, match=said):
            d2l.train(wrong, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_directory_in_use_is_refused_before_anything_is_read(folder, run):
    with pytest.raises(RunError, match="is not empty"):
        d2l.train(recipe(folder, data="missing"), run.path)


def test_there_is_nothing_to_go_on_with_at_the_optimum(run):
    before = {path: path.read_bytes() for path in run.path.iterdir()}
    with pytest.raises(RunError, match="is at its optimum: there is nothing left to train"):
        d2l.resume(run.path)
    with pytest.raises(RunError, match=r"is not trained by gradients: leave out epochs$"):
        d2l.resume(run.path, epochs=3)
    assert {path: path.read_bytes() for path in run.path.iterdir()} == before


class Signalling(FeatureExtractor):
    """A trunk that sends this process a signal while it is asked a second time."""

    calls = 0

    def __call__(self, images):
        type(self).calls += 1
        if self.calls == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return super().__call__(images)


@pytest.fixture
def stopped(folder, tmp_path, monkeypatch):
    """The directory of a training at which Ctrl-C was pressed, and what was said."""
    monkeypatch.setattr(Signalling, "calls", 0)
    with monkeypatch.context() as patch:
        patch.setattr("nin.training.transfer_learning.part_features.FeatureExtractor", Signalling)
        with pytest.raises(KeyboardInterrupt) as caught:
            d2l.train(recipe(folder), tmp_path / "run")
    return tmp_path / "run", str(caught.value)


def test_ctrl_c_keeps_what_is_done(stopped):
    path, said = stopped
    assert said == f"stopped; to continue: nin train --resume {path}"
    assert Signalling.calls == 2
    assert d2l.load(path).record["state"] == "interrupted"
    assert len(load_file(path / "features.safetensors")["digests"]) == 2 * module.BATCH
    assert {each.name for each in path.iterdir()} == {
        *("run.json", "features.safetensors", "pictures.safetensors")
    }


def test_resumed_it_ends_where_an_unbroken_training_ends(stopped, run, capsys):
    resumed = d2l.resume(stopped[0])
    assert same(resumed, run)
    assert resumed.record["state"] == "finished"
    assert f"{48 - 2 * module.BATCH} of them new" in capsys.readouterr().err


def test_it_does_not_go_on_with_other_photographs(tmp_path, monkeypatch):
    root = photographs.folder(tmp_path / "stripes", ("train", "test"))
    monkeypatch.setattr(Signalling, "calls", 0)
    monkeypatch.setattr("nin.training.transfer_learning.part_features.FeatureExtractor", Signalling)
    with pytest.raises(KeyboardInterrupt):
        d2l.train(recipe(root), tmp_path / "run")
    (root / "train/down/03.png").unlink()
    with pytest.raises(RunError, match="no longer holds the images that"):
        d2l.resume(tmp_path / "run")


def test_it_does_not_go_on_from_a_record_that_has_changed_meanwhile(stopped, monkeypatch):
    path, _ = stopped

    def finish_elsewhere(data):
        d2l.load(path).update(skip_bad=True)
        return data

    monkeypatch.setattr("nin.training.transfer_learning.transfer._of_photographs", finish_elsewhere)
    with pytest.raises(RunError, match="has changed meanwhile: resume it again"):
        d2l.resume(path)


def test_a_network_that_is_interrupted_has_no_weights_yet(stopped):
    with pytest.raises(RunError, match=r"weights\.safetensors is missing"):
        d2l.load(stopped[0]).model  # noqa: B018


KILLED = """
import os, signal, sys
import nin
from nin.pretrained import FeatureExtractor
from nin.training.transfer_learning import feature_cache as features
from nin.training.starting_recipe import choose

features.SAVE_EVERY = 0
calls, ask = [], FeatureExtractor.__call__

def killing(self, images):
    calls.append(len(images))
    if len(calls) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return ask(self, images)

FeatureExtractor.__call__ = killing
nin.train(choose(sys.argv[1], None).revised(image_size=64), sys.argv[2])
"""


@pytest.mark.parametrize("call", [1, 2, 4])
def test_killed_while_it_looks_it_ends_as_if_nothing_had_happened(folder, run, tmp_path, call):
    path = tmp_path / "run"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, folder, path, str(call)], capture_output=True, timeout=120
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert d2l.load(path).record["state"] == "training"
    assert not (path / "weights.safetensors").exists()
    assert (path / "features.safetensors").exists() is (call > 1)
    assert same(d2l.resume(path), run)


FRESH = """
import sys
from nin.cli.entry_point import run
code = run(sys.argv[1:])
heavy = "keras tensorflow jax torch sklearn scipy onnx onnxruntime matplotlib PIL".split()
print(code, *[name for name in heavy if name in sys.modules])
"""


def imported(*arguments):
    """The exit code of a command in a process of its own, and which packages it loaded."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FRESH, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    code, *names = done.stdout.splitlines()[-1].split()
    return int(code), set(names)


def test_no_framework_is_loaded_to_train_on_photographs(folder, tmp_path):
    code, names = imported("train", folder, "--image-size", SIDE, "--out", tmp_path / "run")
    assert code == 0
    assert not names & {"keras", "tensorflow", "jax", "torch"}
    assert names >= {"sklearn", "onnxruntime"}


def test_nothing_is_loaded_to_show_the_help():
    assert imported("--help") == (0, set())
    assert imported("train", "--help") == (0, set())


def test_with_training_photographs_alone_some_are_held_out(tmp_path):
    root = photographs.folder(tmp_path / "stripes", ("train",))
    run = d2l.train(recipe(root), tmp_path / "run")
    assert run.record["result"]["split"] == "validation"
    assert run.record["recipe"]["validation"] == 0.1
    evaluation = run.evaluate()
    assert (evaluation.part, evaluation.n) == ("validation", run.record["result"]["n"])


@pytest.mark.slow
def test_what_was_repaired_is_compared_with_what_was_there(tmp_path, capsys):
    root = photographs.folder(tmp_path / "stripes", ("train", "test"))
    bad = root / "test/down/00.png"
    bad.write_bytes(b"no picture")
    with pytest.raises(DataError):
        d2l.train(recipe(root), tmp_path / "run")
    bad.write_bytes((root / "train/down/00.png").read_bytes())
    capsys.readouterr()
    d2l.resume(tmp_path / "run")
    assert "WARNING" in capsys.readouterr().err


def test_a_run_on_photographs_takes_no_images_in_memory(tmp_path):
    root = photographs.folder(tmp_path / "stripes", ("train", "test"))
    bad = root / "test/down/00.png"
    bad.write_bytes(b"no picture")
    with pytest.raises(DataError):
        d2l.train(recipe(root), tmp_path / "run")
    with pytest.raises(RunError, match="not on images in memory: leave out data"):
        d2l.resume(tmp_path / "run", data=(np.zeros((2, 8, 8)), np.array([0, 1])))
