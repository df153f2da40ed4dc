"""A training that cannot learn is begun again, and killed at any moment it ends the same."""

import json
import shutil

import pytest
from same_training import assert_same_training
from test_training_resume import stop_at

import nin
from nin.errors import TrainingDiedError
from nin.training.checkpoint import Checkpoint, read_position
from nin.training.restart import MOST, GiveUp

pytestmark = pytest.mark.slow

#: Far too high a rate: it dies. A restart at a fraction of it learns.
RECIPE = nin.RECIPES["digits"].revised(
    epochs=6, limit=90, batch_size=16, width=0.1, image_size=8, learning_rate=5.0, warmup=0
)


class KilledError(Exception):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def _a_large_step_down(monkeypatch):
    monkeypatch.setattr("nin.training.restart.SHARE", 4e-4)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nin.training.restart.SHARE", 4e-4)
        return nin.train(RECIPE, tmp_path_factory.mktemp("restarted") / "run")


def test_it_is_begun_again_at_a_lower_rate(unbroken):
    (restart,) = unbroken.record["restarts"]
    assert restart["reason"] in ("dead", "nearly dead", "not finite", "same answer")
    assert restart["step"] == 20
    assert restart["learning_rate"] == pytest.approx(2e-3)
    assert unbroken.record["recipe"]["learning_rate"] == 5.0, "the recipe is what was asked for"
    assert [row["epoch"] for row in unbroken.metrics()] == [1, 2, 3, 4, 5, 6]
    assert "dead" not in {finding["kind"] for finding in unbroken.record["health"]}


def test_it_says_so_in_one_line(tmp_path, capsys):
    nin.train(RECIPE, tmp_path / "run")
    lines = [line for line in capsys.readouterr().err.splitlines() if "begun again" in line]
    (line,) = lines
    assert line.startswith("step 20: begun again at a learning rate of 0.002 (")


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


@pytest.mark.parametrize("step", [13, 20, 21])
def test_stopped_before_and_after_it_is_begun_again(unbroken, tmp_path, monkeypatch, step):
    with monkeypatch.context() as patch:
        stop_at(patch, step)
        with pytest.raises(KeyboardInterrupt):
            nin.train(RECIPE, tmp_path / "run")
    run = nin.resume(tmp_path / "run")
    assert_same_training(run, unbroken)
    assert run.record["restarts"] == unbroken.record["restarts"]


@pytest.mark.parametrize(("save", "written"), [(20, True), (21, False), (21, True), (30, True)])
def test_killed_before_or_after_any_writing(unbroken, tmp_path, monkeypatch, save, written):
    with monkeypatch.context() as patch:
        kill_at(patch, save, written=written)
        with pytest.raises(KilledError):
            nin.train(RECIPE, tmp_path / "run", save_every=0)
    run = nin.resume(tmp_path / "run", save_every=0)
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
    assert GiveUp(RECIPE, 0, lambda: [finding]).restart() is None
