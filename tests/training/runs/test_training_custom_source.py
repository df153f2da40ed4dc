"""A run of a custom network: what it keeps, and who may open it."""

from __future__ import annotations

import json
import shutil

import keras
import numpy as np
import pytest
from custom_networks import write_nets

import nin
from nin.errors import NinError, RunError
from nin.networks import network_source

QUICK = {"epochs": 1, "limit": 20, "image_size": 8}


@pytest.fixture(scope="module")
def trained_own(tmp_path_factory):
    """A run of ``nets.py:cnn``, with its file beside it."""
    folder = tmp_path_factory.mktemp("own")
    nets = write_nets(folder)
    return nin.train("digits", folder / "run", preset=f"{nets}:cnn(width=3)", **QUICK)


@pytest.fixture
def stranger(trained_own, tmp_path, monkeypatch):
    """The same run in a process that knows nothing of its network."""
    monkeypatch.setattr(network_source, "_objects", {})
    monkeypatch.setattr(network_source, "_modules", {})
    shutil.copytree(trained_own.path.parent, tmp_path / "there")
    path = tmp_path / "there/run"
    record = (
        (path / "run.json")
        .read_text()
        .replace(str(trained_own.path.parent), str(tmp_path / "there"))
    )
    (path / "run.json").write_text(record)
    return path


@pytest.mark.slow
def test_the_record_names_the_code_and_holds_none(trained_own):
    described = trained_own.record["model"]
    assert described["net"].endswith("nets.py:cnn(width=3)")
    assert described["source"]["arguments"] == {"width": 3}
    assert len(described["source"]["sha256"]) == 64
    assert "Conv2D" not in json.dumps(trained_own.record)


@pytest.mark.slow
def test_whoever_trained_it_goes_on_with_it(trained_own):
    evaluation = trained_own.evaluate()
    assert (evaluation.part, evaluation.n) == ("test", 359)
    digits = nin.Digits().test.images[:2]
    assert trained_own.predict(digits).shape == (2, 10)


@pytest.mark.slow
def test_a_strangers_code_is_not_run(stranger, monkeypatch):
    def look(*_):
        raise AssertionError("imported")

    monkeypatch.setattr(network_source, "_imported", look)
    run = nin.load(stranger)
    assert run.classes[0] == "0"
    for open_it in (lambda: run.model, lambda: nin.resume(stranger, 2)):
        with pytest.raises(
            RunError, match=r"there/run: its network cnn is the code of .*nets\.py"
        ) as caught:
            open_it()
        assert "trust=True" in str(caught.value)


@pytest.mark.slow
def test_a_run_that_names_code_beside_another_network_is_refused(stranger):
    record = json.loads((stranger / "run.json").read_text())
    del record["model"]["source"]
    record["model"]["net"] = "NiN"
    (stranger / "run.json").write_text(json.dumps(record))
    (stranger / "checkpoint.safetensors").unlink()
    with pytest.raises(RunError, match=r"run\.json is damaged: it names two networks"):
        nin.resume(stranger, 2, trust=True)


@pytest.mark.slow
def test_a_run_to_start_from_brings_no_code_along(stranger, tmp_path):
    folder = tmp_path / "pictures/a"
    folder.mkdir(parents=True)
    with pytest.raises(
        NinError, match=r"init=.*: its network is custom code, .*nets\.py:cnn.*: name it as pre"
    ):
        nin.train(folder.parent, init=stranger)


@pytest.mark.slow
def test_trusted_it_opens_and_goes_on(stranger, trained_own):
    run = nin.load(stranger, trust=True)
    digits = nin.Digits().test.images[:2]
    assert np.allclose(run.predict(digits), trained_own.predict(digits), atol=1e-5)
    again = nin.resume(stranger, 2, trust=True)
    assert [row["epoch"] for row in again.metrics()] == [1, 2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda nets: nets.write_text(nets.read_text() + "#"),
            "nets.py has changed since .*run was",
        ),
        (lambda nets: nets.unlink(), "cannot read .*nets.py: No such file"),
    ],
)
def test_code_that_has_changed_is_refused(change, said, stranger):
    change(stranger.parent / "nets.py")
    for open_it in (
        lambda: nin.load(stranger, trust=True).model,
        lambda: nin.resume(stranger, 2, trust=True),
    ):
        with pytest.raises(RunError, match=said):
            open_it()


@pytest.mark.slow
def test_a_keras_model_is_kept_as_its_configuration(tmp_path, monkeypatch):
    layers = [keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]
    run = nin.train("digits", tmp_path / "run", preset=keras.Sequential(layers), **QUICK)
    monkeypatch.setattr(network_source, "_objects", {})
    with pytest.raises(RunError, match="a configuration of Keras, which would run when"):
        _ = nin.load(run.path).model
    digits = nin.Digits().test.images[:2]
    found = nin.load(run.path, trust=True).predict(digits)
    assert np.allclose(found, run.predict(digits), atol=1e-5)


@pytest.mark.slow
def test_a_table_of_stages_needs_no_trust(tmp_path):
    stages = [nin.Stage((4, 10), 3)]
    run = nin.train("digits", tmp_path / "run", preset=stages, **QUICK)
    assert nin.load(run.path).model.count_params() == 90
    assert "source" not in run.record["model"]


@pytest.mark.slow
def test_a_mistake_is_found_before_there_is_a_run(tmp_path):
    nets = write_nets(tmp_path)
    with pytest.raises(NinError, match="softmax ends in softmax"):
        nin.train("digits", tmp_path / "run", preset=f"{nets}:softmax", **QUICK)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("field", "value"), [("width", 0.5), ("dropout", 0.1)])
def test_what_belongs_to_presets_is_refused(field, value, tmp_path):
    nets = write_nets(tmp_path)
    with pytest.raises(NinError, match=f"{field}="):
        nin.train("digits", tmp_path / "run", preset=f"{nets}:cnn", **{**QUICK, field: value})


@pytest.mark.slow
def test_it_is_trained_from_the_beginning_and_opened_from_another_directory(tmp_path, monkeypatch):
    write_nets(tmp_path)
    monkeypatch.chdir(tmp_path)
    run = nin.train("digits", tmp_path / "run", preset="nets.py:cnn", **QUICK)
    (tmp_path / "else").mkdir()
    monkeypatch.chdir(tmp_path / "else")
    assert nin.load(run.path, trust=True).model.count_params() == run.model.count_params()
    for name in ("checkpoint.safetensors", "metrics.jsonl", "weights.safetensors"):
        (run.path / name).unlink()
    run.update(state="interrupted")
    monkeypatch.setattr(network_source, "_objects", {})
    monkeypatch.setattr(network_source, "_modules", {})
    again = nin.resume(run.path, trust=True)
    assert (again.record["state"], again.record["recipe"]["preset"]) == ("finished", "nets.py:cnn")


@pytest.mark.slow
def test_a_class_of_this_process_is_trained(tmp_path):
    class Net(nin.Classifier):
        def __init__(self, num_classes=10):
            super().__init__()
            layers = [keras.layers.Flatten(), keras.layers.Dense(num_classes)]
            self.net = keras.Sequential(layers)

    run = nin.train("digits", tmp_path / "run", preset=Net, **QUICK)
    assert run.record["state"] == "finished"
    assert nin.load(run.path).model.count_params() == 8 * 8 * 10 + 10
