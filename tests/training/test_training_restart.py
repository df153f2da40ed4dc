"""A training that cannot learn is restarted, and killed at any moment it ends the same."""

import io
import json
import shutil
from contextlib import redirect_stderr

import pytest
from same_training import assert_same_training
from stopping import stop_at

import nin
from nin.errors import TrainingDiedError
from nin.training.restart import MOST, StopToRestart
from nin.training.runs.checkpoint import Checkpoint, read_position

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("tiny")]

#: Far too high a rate: it dies. A restart at a fraction of it learns.
RECIPE = nin.RECIPES["digits"].revised(
    precision="float32",
    epochs=6,
    limit=90,
    batch_size=16,
    width=0.1,
    image_size=8,
    learning_rate=5.0,
    warmup=0,
)


class KilledError(BaseException):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def _a_large_step_down(monkeypatch):
    monkeypatch.setattr("nin.training.restart.SHARE", 4e-4)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A training that was restarted, and what it said."""
    with pytest.MonkeyPatch.context() as patch, redirect_stderr(io.StringIO()) as said:
        patch.setattr("nin.training.restart.SHARE", 4e-4)
        run = nin.train(RECIPE, tmp_path_factory.mktemp("restarted") / "run")
    return run, said.getvalue()


@pytest.fixture(scope="module")
def unbroken(trained):
    return trained[0]


def test_it_is_begun_again_at_a_lower_rate(unbroken):
    (restart,) = unbroken.record["restarts"]
    assert restart["reason"] in ("dead", "nearly dead", "not finite", "same answer")
    assert restart["step"] == 20
    assert restart["learning_rate"] == pytest.approx(2e-3)
    assert unbroken.record["recipe"]["learning_rate"] == 5.0, "the recipe is what was given"
    assert [row["epoch"] for row in unbroken.metrics()] == [1, 2, 3, 4, 5, 6]
    assert "dead" not in {finding["kind"] for finding in unbroken.record["health"]}


def test_one_line_is_printed(trained):
    (line,) = (line for line in trained[1].splitlines() if "restarted" in line)
    assert line.startswith("step 20: restarted at a learning rate of 0.002 (")


def test_it_is_begun_again_a_few_times_only(tmp_path, monkeypatch):
    monkeypatch.setattr("nin.training.restart.SHARE", 1.0)
    with pytest.raises(TrainingDiedError, match="lower the learning rate"):
        nin.train(RECIPE, tmp_path / "run")
    record = nin.load(tmp_path / "run").record
    assert record["state"] == "died"
    assert len(record["restarts"]) == MOST
    assert record["health"]


def test_no_hope_is_seen_at_the_end_of_a_training_that_is_too_short_for_any_other_look(tmp_path):
    run = nin.train(RECIPE.revised(epochs=1, learning_rate=50.0), tmp_path / "run")
    assert [restart["step"] for restart in run.record["restarts"]] == [6]


def train_on(path, **settings):
    """Begin the training, or go on with it."""
    if path.exists():
        return nin.resume(path, **settings)
    return nin.train(RECIPE, path, **settings)


def place(path):
    """Where a run goes on: epoch, batch, and how often it has been restarted."""
    position = read_position(nin.load(path))
    return position.epoch, position.batch, len(position.restarts)


def test_stopped_before_and_after_it_is_begun_again(unbroken, tmp_path, monkeypatch):
    """The 20th step calls for a restart: stopped there, it is made again from the 18th."""
    path = tmp_path / "run"
    for steps, expected in ((13, (2, 1, 0)), (7, (3, 0, 0)), (3, (0, 1, 1))):
        with monkeypatch.context() as patch:
            stop_at(patch, steps)
            with pytest.raises(KeyboardInterrupt):
                train_on(path)
        assert place(path) == expected
    run = train_on(path)
    assert_same_training(run, unbroken)
    assert run.record["restarts"] == unbroken.record["restarts"]


def test_stopped_where_weights_are_no_longer_finite_it_ends_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("nin.training.restart.SHARE", 1e-33)
    recipe = RECIPE.revised(learning_rate=2e30)
    whole = nin.train(recipe, tmp_path / "whole")
    assert [restart["reason"] for restart in whole.record["restarts"]] == ["not finite"]
    path = tmp_path / "run"
    with monkeypatch.context() as patch:
        stop_at(patch, 13)
        with pytest.raises(KeyboardInterrupt):
            nin.train(recipe, path)
    assert place(path) == (0, 0, 0), "the last place from which it can go on"
    assert_same_training(nin.resume(path), whole)


def test_killed_before_or_after_any_writing(unbroken, tmp_path, monkeypatch):
    """After the 19th step, as it is restarted, just then, and nine steps later."""
    path = tmp_path / "run"
    for save, written, expected in (
        (20, True, (3, 1, 0)),
        (1, False, (3, 1, 0)),
        (1, True, (0, 0, 1)),
        (10, True, (1, 3, 1)),
    ):
        with monkeypatch.context() as patch:
            kill_at(patch, save, written=written)
            with pytest.raises(KilledError):
                train_on(path, save_every=0)
        assert place(path) == expected
    run = train_on(path, save_every=0)
    assert_same_training(run, unbroken)
    assert run.record["restarts"] == unbroken.record["restarts"]


def kill_at(monkeypatch, number, *, written):
    """End the process as it writes its checkpoint for the so many'th time."""
    count = iter(range(1, 10**6))
    write = Checkpoint._save

    def watched(self, epoch, batch):
        last = next(count) == number
        if written or not last:
            write(self, epoch, batch)
        if last:
            raise KilledError

    monkeypatch.setattr(Checkpoint, "_save", watched)


def test_a_checkpoint_tells_of_the_restarts(unbroken, tmp_path):
    run = nin.load(shutil.copytree(unbroken.path, tmp_path / "run"))
    place = read_position(run)
    assert [restart._asdict() for restart in place.restarts] == unbroken.record["restarts"]
    assert json.loads(json.dumps(place.model_dump()))["restarts"]


def test_hope_is_not_given_up_for_every_finding():
    finding = nin.training.Finding(80, "silent class", "one class")
    assert StopToRestart(RECIPE, 0, lambda: [finding]).restart() is None
