"""bfloat16 and batches in parts: what changes, and what must not."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

import nin
from nin import backends
from nin.backends.devices import multiplies_bfloat16
from nin.errors import RecipeError
from nin.networks.stages import MBConv
from nin.training.precision import precision_policy, resolve_precision
from nin.training.schedule import optimizer

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny")]

RECIPE = nin.RECIPES["digits"].revised(
    epochs=2, limit=96, batch_size=32, width=0.1, image_size=8, dropout=0.0, shift=0
)


def convolutions(model):
    return [layer for block in model.net.layers for layer in getattr(block, "layers", [])]


@pytest.mark.every_backend
def test_bfloat16_is_for_what_is_made_in_the_block_and_leaves_weights_and_outputs_alone():
    with precision_policy("bfloat16"):
        model = nin.NiN(preset="mnist", width=0.1)
        model.build((None, 12, 12, 1))
    assert keras.config.dtype_policy().name == "float32"
    assert {layer.compute_dtype for layer in convolutions(model)} == {"bfloat16"}
    assert {weight.dtype for weight in model.weights} == {"float32"}
    assert keras.backend.standardize_dtype(model(np.zeros((1, 12, 12, 1))).dtype) == "float32"


@pytest.mark.every_backend
def test_other_networks_output_float32_too():
    with precision_policy("bfloat16"):
        model = nin.LeNet()
        outputs = model(np.zeros((2, 28, 28, 1), np.uint8))
    assert keras.backend.standardize_dtype(outputs.dtype) == "float32"


@pytest.mark.every_backend
def test_a_run_in_bfloat16_learns_what_one_in_float32_does_and_is_one_in_float32(tmp_path):
    runs = [
        nin.train(RECIPE.revised(precision=precision, epochs=4), tmp_path / precision)
        for precision in ("float32", "bfloat16")
    ]
    exact, rough = (run.metrics() for run in runs)
    assert [row["loss"] for row in rough] == pytest.approx([row["loss"] for row in exact], rel=0.05)
    assert [row["loss"] for row in rough] != [row["loss"] for row in exact]
    loaded = nin.load(tmp_path / "bfloat16")
    assert {layer.compute_dtype for layer in convolutions(loaded.model)} == {"float32"}
    again = loaded.evaluate()
    assert (again.accuracy, again.loss) == (
        runs[1].record["result"]["accuracy"],
        runs[1].record["result"]["loss"],
    )


@pytest.mark.every_backend
def test_a_batch_in_parts_takes_the_same_steps_as_a_whole_one():
    data = nin.Digits(batch_size=32, limit=64)
    images, labels = data.train
    trained = []
    for parts in (1, 4):
        keras.utils.set_random_seed(0)
        recipe = RECIPE.revised(accumulate=parts, schedule="constant", clip_norm=0.1)
        model = nin.NiN(preset="mnist", width=0.1, dropout=0.0)
        trainer = nin.Trainer(
            1,
            gradient_clip_val=recipe.clip_norm,
            optimizer=optimizer(recipe, 2 * parts),
            verbose=False,
        )
        trainer.prepare_model(model, data)
        before = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
        size = 32 // parts
        for first in range(0, 64, size):
            model.train_on_batch(images[first : first + size], labels[first : first + size])
        trained.append([keras.ops.convert_to_numpy(weight) for weight in model.weights])
    assert any(not np.array_equal(a, b) for a, b in zip(before, trained[1], strict=True))
    for whole, parts in zip(*trained, strict=True):
        np.testing.assert_allclose(parts, whole, atol=2e-4)


@pytest.mark.every_backend
def test_a_run_with_batches_in_parts_counts_its_steps_by_whole_batches(tmp_path):
    run = nin.train(RECIPE.revised(accumulate=2, epochs=1, precision="float32"), tmp_path / "run")
    assert run.record["recipe"]["accumulate"] == 2
    assert int(run.model.optimizer.iterations) == 3


def test_parts_that_are_not_equal_are_refused():
    with pytest.raises(
        RecipeError, match="batches of 32 images cannot be divided into 5 equal parts"
    ):
        RECIPE.revised(accumulate=5)


@pytest.mark.parametrize("fast", [True, False])
def test_auto_is_settled_by_the_device(monkeypatch, fast):
    monkeypatch.setattr(backends.current(), "fast_in_bfloat16", lambda: fast)
    assert resolve_precision(RECIPE).precision == ("bfloat16" if fast else "float32")


def test_a_run_goes_on_as_it_began_wherever_that_is(tmp_path, monkeypatch):
    monkeypatch.setattr(backends.current(), "fast_in_bfloat16", lambda: True)
    nin.train(RECIPE.revised(epochs=1), tmp_path / "run")
    monkeypatch.setattr(backends.current(), "fast_in_bfloat16", lambda: False)
    assert nin.resume(tmp_path / "run", 2).recipe.precision == "bfloat16"


def test_depthwise_networks_stay_in_float32_and_need_no_backend_to_know(monkeypatch):
    monkeypatch.setattr(backends, "current", pytest.fail)
    assert resolve_precision(nin.RECIPES["photos"]).precision == "float32"
    assert resolve_precision(RECIPE.revised(precision="bfloat16")).precision == "bfloat16"


def test_a_run_from_before_there_was_a_choice_is_one_in_float32(tmp_path):
    record = {"recipe": {**RECIPE.model_dump(mode="json")}}
    del record["recipe"]["precision"]
    assert nin.Run(tmp_path, record).recipe.precision == "float32"


@pytest.mark.parametrize(
    ("flags", "fast"),
    [
        ("flags\t\t: fpu avx512f avx512_bf16 avx2", True),
        ("Features\t: fp asimd bf16", True),
        ("flags\t\t: fpu avx512f avx512_bf162", False),
        ("", False),
    ],
)
def test_linux_tells_whether_the_processor_multiplies_bfloat16(monkeypatch, flags, fast):
    monkeypatch.setattr(Path, "read_text", lambda _: f"processor\t: 0\n{flags}\n")
    assert multiplies_bfloat16() is fast


def test_elsewhere_it_is_not_known_and_not_assumed(monkeypatch):
    def missing(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "read_text", missing)
    assert not multiplies_bfloat16()


def test_a_table_with_depthwise_stages_stays_in_float32(monkeypatch):
    monkeypatch.setattr(backends.current(), "fast_in_bfloat16", lambda: True)
    table = [nin.Stage((8,), 3), MBConv(8, 3), nin.Stage((0,), 1)]
    assert resolve_precision(RECIPE.revised(preset=table)).precision == "float32"
    plain = RECIPE.revised(preset=[nin.Stage((8,), 3), nin.Stage((0,), 1)])
    assert resolve_precision(plain).precision == "bfloat16"
