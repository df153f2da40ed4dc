"""A comparison: what is chosen by what, what is kept, and what is never done twice."""

from __future__ import annotations

import errno
import json
import os
import shutil
from concurrent.futures import BrokenExecutor

import keras
import numpy as np
import pytest
from custom_networks import write_nets
from tiny_network import MNIST
from undrawn import without_page

from nin.errors import DataError, InputSizeError, NinError, RunError
from nin.networks.presets import PRESETS
from nin.networks.stages import Stage
from nin.study import Comparison, Contender, compare, exercise_contenders
from nin.study.comparison import RECIPE
from nin.study.preparation import check
from nin.study.report.sections import sections
from nin.study.trials.contender import as_contenders
from nin.study.trials.row import Measured, Speed, pack, unpack
from nin.study.trials.trial import SEARCH_SEED, Outcome, digest
from nin.training.runs.dataset import open_images
from nin.training.runs.run_folder import locked

DIGITS = RECIPE.revised(data="digits", epochs=2, limit=200)
SMALL = Contender("small", "NiN", {"preset": "mnist", "width": 0.05})
LARGE = Contender("large", "NiN", {"preset": "mnist", "width": 0.1})
LENET = Contender("lenet", "LeNet", {})
#: With all its stages, as exercises vary them.
WHOLE = PRESETS["mnist"]


@pytest.fixture(scope="module", autouse=True)
def _few_layers():
    """Leave `mnist` four of its nine convolutions: comparisons without training make it, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PRESETS, "mnist", MNIST)
        yield


@pytest.fixture
def trained(monkeypatch):
    """Trainings without training: the trials that were requested, with made-up outcomes."""
    trials = []

    def pretend(trial):
        trials.append(trial)
        width = trial.contender.arguments.get("width", 0.01)
        rate, seed = trial.recipe.learning_rate, trial.recipe.seed
        quality = max(0.0, 0.5 + width - abs(rate - 0.002) * 10)
        accuracy = min(1.0, 0.9 + width - quality / 10 + 0.001 * seed)
        return Outcome(
            validation=quality,
            # The test images disagree with the held-out ones about the best rate.
            accuracy=accuracy if trial.looks_at_test else None,
            n=359 if trial.looks_at_test else 0,
            curve=[quality / 2, quality],
            seconds=1.5,
            died=seed == 1 and width == 0.1,
        )

    monkeypatch.setattr("nin.study.trials.trial_runner.train_trial", pretend)
    without_page(monkeypatch)
    return trials


@pytest.fixture
def compared(tmp_path, trained):  # noqa: ARG001
    """Compare two networks without training."""

    def call(contenders=(SMALL, LARGE), recipe=DIGITS, **settings):
        settings = {"rates": [0.001, 0.002, 0.01], "seeds": 2, "measured": False, **settings}
        return compare(contenders, recipe, out=tmp_path / "out", **settings)

    return call


def test_the_rate_is_the_one_that_held_out_images_like_best(compared, trained):
    rows = compared().rows
    assert [row.learning_rate for row in rows] == [0.002, 0.002]
    assert rows[0].rates == pytest.approx({"0.001": 0.54, "0.002": 0.55, "0.01": 0.47})
    tested = [trial for trial in trained if not trial.is_search]
    assert {trial.recipe.learning_rate for trial in tested} == {0.002}
    assert sorted({trial.recipe.seed for trial in tested}) == [0, 1]


@pytest.mark.parametrize(
    ("rates", "tried", "best"),
    [
        ([0.0005, 0.001], [0.0005, 0.001, 0.002, 0.004], 0.002),
        ([0.1, 0.2], [0.025, 0.05, 0.1, 0.2], 0.025),
        ([0.001, 0.002, 0.003], [0.001, 0.002, 0.003], 0.002),
    ],
)
def test_the_search_goes_on_beyond_an_end_that_is_best(compared, rates, tried, best):
    for row in compared(rates=rates).rows:
        assert sorted(map(float, row.rates)) == pytest.approx(tried)
        assert row.learning_rate == pytest.approx(best)


def test_the_search_may_be_shorter_than_what_it_is_for(compared, trained):
    made = compared(search_share=0.25)
    assert made.settings["search_share"] == 0.25
    lengths = {is_search: set() for is_search in (True, False)}
    for trial in trained:
        lengths[trial.is_search].add(trial.steps)
    assert lengths == {True: {2}, False: {8}}  # of 200 images in batches of 64, twice


def test_one_rate_needs_no_search(compared, trained):
    rows = compared(rates=[0.01]).rows
    assert len(trained) == 4
    assert [(row.learning_rate, row.rates) for row in rows] == [(0.01, {})] * 2


def test_what_a_row_says(compared, tmp_path):
    comparison = compared()
    small, large = comparison.rows
    assert small.accuracies == pytest.approx([0.895, 0.896])
    assert small.curves == [pytest.approx([0.275, 0.55])] * 2
    assert (small.n, small.seconds, small.died, large.died) == (2, 1.5, 0, 1)
    assert (small.on_front, large.on_front) == (True, True)
    assert small.cost.parameters.total < large.cost.parameters.total
    assert comparison.settings["seeds"] == [0, 1]
    assert comparison.settings["image_size"] == [8, 8]
    assert Comparison.model_validate_json((tmp_path / "out/compare.json").read_text()) == comparison
    assert (comparison.judged_on, comparison.images) == ("test", 359)


def test_recipes_are_compared_by_held_out_images_alone(compared, trained):
    changed = SMALL._replace(name="+ smoothing", changes={"label_smoothing": 0.2})
    comparison = compared((SMALL, changed), rates=[0.001], judged_on="validation")
    assert {(trial.evaluated_on, trial.divided_by) for trial in trained} == {("validation", 0)}
    assert [trial.recipe.label_smoothing for trial in trained] == [0, 0, 0.2, 0.2]
    assert (comparison.judged_on, comparison.images) == ("validation", 144)
    assert comparison.rows[0].accuracies == pytest.approx([0.54, 0.54])
    assert [each.rival for each in comparison.differences] == ["+ smoothing"]
    compared((SMALL, changed), rates=[0.001], judged_on="validation")
    assert len(trained) == 4, "it goes on from what is kept"
    compared((SMALL,), rates=[0.001])
    assert len(trained) == 6, "what was not evaluated on test images is not taken for what was"


def test_nothing_is_trained_twice(compared, trained):
    first = compared()
    assert len(trained) == 2 * (3 + 2)
    second = compared()
    assert len(trained) == 2 * (3 + 2)
    assert second == first


def test_more_seeds_rates_or_networks_add_only_what_is_missing(compared, trained):
    compared()
    done = len(trained)
    compared(seeds=4)
    assert [trial.recipe.seed for trial in trained[done:]] == [2, 3, 2, 3]
    done = len(trained)
    medium = Contender("medium", "NiN", {"preset": "mnist", "width": 0.07})
    compared([medium, SMALL, LARGE], seeds=4)
    assert {trial.contender.name for trial in trained[done:]} == {"medium"}


def test_an_interruption_keeps_what_is_finished(compared, trained, monkeypatch):
    from nin.study.trials import trial_runner

    pretend = trial_runner.train_trial

    def interrupted(trial):
        if len(trained) == 4:
            raise KeyboardInterrupt
        return pretend(trial)

    monkeypatch.setattr(trial_runner, "train_trial", interrupted)
    with pytest.raises(KeyboardInterrupt, match="stopped: 4 of 10 trainings are kept"):
        compared()
    monkeypatch.setattr(trial_runner, "train_trial", pretend)
    compared()
    keys = [trial.key() for trial in trained]
    assert len(keys) == len(set(keys)) == 10


def test_a_network_in_several_exercises_is_trained_once(compared, trained, monkeypatch):
    monkeypatch.setitem(PRESETS, "mnist", WHOLE)
    contenders = exercise_contenders(["1", "head"], "mnist", 0.05)
    comparison = compared(contenders)
    assert [row.net for row in comparison.rows].count("as printed") == 2
    assert len(trained) == 5 * (3 + 2)
    groups = {row.group for row in comparison.rows}
    assert len(groups) == 2
    assert {pair.net for pair in comparison.differences} == {"as printed"}


def test_nin_is_held_against_each_rival(compared):
    differences = compared([LENET, SMALL, LARGE]).differences
    assert [(pair.net, pair.rival) for pair in differences] == [
        ("small", "lenet"),
        ("small", "large"),
    ]


def test_a_damaged_result_is_named_and_nothing_else_is_lost(compared, trained, tmp_path):
    compared()
    files = sorted((tmp_path / "out/trainings").iterdir())
    files[0].write_text('{"outcome": {"validation": 1}}')
    contents = [file.read_bytes() for file in files]
    with pytest.raises(RunError, match=f"^{files[0]} is damaged .*: delete it") as caught:
        compared()
    assert "\n" not in str(caught.value)
    assert [file.read_bytes() for file in files] == contents
    files[0].unlink()
    done = len(trained)
    compared()
    assert len(trained) == done + 1


def test_what_other_versions_trained_is_trained_anew(compared, trained, monkeypatch):
    compared()
    done = len(trained)
    monkeypatch.setattr("nin.study.trials.results_cache.versions", lambda: {"keras": "3.99"})
    compared()
    assert len(trained) == 2 * done


def test_a_killed_worker_is_one_line_and_loses_nothing(compared, trained, monkeypatch):
    from nin.study.trials import trial_runner

    pretend = trial_runner.train_trial

    def killed(trial):
        if len(trained) == 4:
            raise BrokenExecutor
        return pretend(trial)

    monkeypatch.setattr(trial_runner, "train_trial", killed)
    with pytest.raises(NinError, match=r"a worker was killed.*; 4 of 10 trainings are kept"):
        compared()


def test_networks_of_the_same_names_in_two_groups_are_kept_apart(compared):
    both = [each._replace(group=group) for group in ("a", "b") for each in (SMALL, LARGE)]
    wide = both[3]._replace(arguments={"preset": "mnist", "width": 0.2})
    comparison = compared([both[0], both[2], both[1], wide])
    found = {pair.group: pair.mean for pair in comparison.differences}
    assert found["b"] < found["a"] < 0
    assert [section.title for section in sections(comparison)] == ["a", "b"]
    assert all(len(section.differences) == 1 for section in sections(comparison))


def test_a_full_disk_keeps_what_is_finished(compared, trained, tmp_path, monkeypatch):
    def full(_):
        if len(trained) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(NinError, match=r"cannot write .*: No space left on device"):
        compared()
    assert len(list((tmp_path / "out/trainings").iterdir())) == 2
    monkeypatch.undo()


def test_a_kept_result_says_what_it_is_of(compared, tmp_path):
    compared()
    for file in (tmp_path / "out/trainings").iterdir():
        content = json.loads(file.read_text())
        assert content["cell"]["recipe"]["data"] == "digits"
        assert content["versions"]["keras"]
        name = "search" if content["cell"]["recipe"]["seed"] == SEARCH_SEED else "seed"
        assert name in file.name


def changed(outcome=(), **content):
    """A change to what was kept: of the outcome, or of all."""
    return lambda kept: {**kept, "outcome": {**kept["outcome"], **dict(outcome)}, **content}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed({"accuracy": 0.99}), "it was changed after it was written"),
        (changed(cell={}), "it was changed after it was written"),
        (changed(cell={}, sha256=None), "it is of another training"),
        (changed({"accuracy": 1.2}, sha256=None), "less than or equal to 1"),
        (changed({"accuracy": -0.2}, sha256=None), "greater than or equal to 0"),
        (changed({"accuracy": None}, sha256=None), "it was not evaluated on test images"),
        (changed({"n": 0}, sha256=None), "it was not evaluated on test images"),
        (
            changed({"correct": "AA=="}, sha256=None),
            "does not hold which of its 359",
        ),
        (changed({"curve": []}, sha256=None), "0 epochs"),
        (changed({"curve": [0.5] * 99}, sha256=None), "99 epochs in place of up to 8"),
        (changed({"validation": 0.9}, sha256=None), "not that of the last epoch"),
        (changed({"seconds": -1}, sha256=None), "greater than or equal to 0"),
        (changed(more=1, sha256=None), "Extra inputs"),
    ],
)
def test_a_result_that_was_changed_is_not_taken(compared, trained, tmp_path, change, said):
    compared([SMALL], rates=[0.002])
    path = next((tmp_path / "out/trainings").glob("*seed0*.json"))
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    done = len(trained)
    with pytest.raises(RunError, match=rf"{path.name} is damaged \(.*{said}.*delete it") as caught:
        compared([SMALL], rates=[0.002])
    assert "\n" not in str(caught.value)
    assert len(trained) == done


def test_a_result_under_the_name_of_another_training_is_not_taken(compared, tmp_path):
    compared([SMALL], rates=[0.002])
    one, other = sorted((tmp_path / "out/trainings").glob("*.json"))
    other.write_bytes(one.read_bytes())
    with pytest.raises(RunError, match="it is of another training"):
        compared([SMALL], rates=[0.002])


def test_a_result_from_before_there_were_digests_is_taken(compared, trained, tmp_path):
    compared([SMALL], rates=[0.002])
    for path in (tmp_path / "out/trainings").glob("*.json"):
        content = json.loads(path.read_text())
        del content["sha256"]
        path.write_text(json.dumps(content))
    done = len(trained)
    compared([SMALL], rates=[0.002])
    assert len(trained) == done


def test_a_result_from_before_predictions_were_kept_is_taken(compared, trained, tmp_path):
    compared([SMALL], rates=[0.002])
    for path in (tmp_path / "out/trainings").glob("*.json"):
        content = json.loads(path.read_text())
        del content["outcome"]["correct"], content["sha256"]
        path.write_text(json.dumps({**content, "sha256": digest(content)}))
    done = len(trained)
    (row,) = compared([SMALL], rates=[0.002]).rows
    assert (len(trained), row.correct) == (done, [])


def test_what_can_be_seen_is_said_before_the_first_training(compared, capsys):
    compared([SMALL], rates=[0.002])
    assert "359 test images show one of 4.7 points" in capsys.readouterr().err
    compared([SMALL], rates=[0.002])
    assert "test images show" not in capsys.readouterr().err


def test_a_budget_of_seconds_becomes_steps_by_measured_speed(
    compared, trained, monkeypatch, capsys
):
    speeds = {"small": 640.0, "large": 64.0}

    def measured(_, workload, *__):
        speed = Speed(images_per_second=speeds[workload.contender.name], peak_bytes=1)
        return Measured(batch_size=64, training=speed, prediction=speed)

    monkeypatch.setattr("nin.study.plan.measure_once", measured)
    comparison = compared(seconds=3.0)
    steps = {trial.contender.name: (trial.steps, trial.recipe.epochs) for trial in trained}
    assert steps == {"small": (30, 8), "large": (3, 1)}
    assert (comparison.settings["seconds"], comparison.settings["epochs"]) == (3.0, None)
    said = capsys.readouterr().err
    short = said.index("3 s are too short for an epoch of all training images: large (96%)")
    assert short < said.index("10 trainings take about"), "it is said before any begins"


def test_a_budget_of_seconds_may_be_that_of_another_machine(
    compared, trained, monkeypatch, tmp_path
):
    def measured(workload):
        rate = {"small": 640.0, "large": 64.0}[workload.contender.name]
        speed = Speed(images_per_second=rate, peak_bytes=1)
        return Measured(batch_size=64, training=speed, prediction=speed)

    monkeypatch.setattr("nin.study.trials.measurement.measure", measured)
    there = compared(seconds=1.0)
    folder = tmp_path / "there"
    shutil.move(tmp_path / "out" / "measured", folder)
    monkeypatch.setattr("nin.study.trials.measurement.measure", None)
    trained.clear()
    here = compared(seconds=3.0, speeds=folder)
    assert {trial.contender.name: trial.steps for trial in trained} == {"small": 30, "large": 3}
    assert [row.measured for row in here.rows] == [row.measured for row in there.rows]
    assert here.settings["measured_on"] == {"device": there.device, "versions": there.versions}
    assert "measured_on" not in there.settings

    with pytest.raises(RunError, match=r"it is of images of \[8, 8\], not of \[16, 16\]"):
        compared(recipe=DIGITS.revised(image_size=16), seconds=3.0, speeds=folder)
    one, other = sorted(folder.glob("*.json"))
    moved = json.loads(one.read_text())
    one.write_text(json.dumps({**moved, "device": {"cores": 64}}))
    with pytest.raises(RunError, match="there holds measurements of several machines"):
        compared(seconds=3.0, speeds=folder)
    one.write_text(other.read_text())
    with pytest.raises(RunError, match=r"there holds several measurements of (small|large)"):
        compared(seconds=3.0, speeds=folder)
    one.unlink()
    with pytest.raises(RunError, match=r"there holds no measurement of (small|large): compare"):
        compared(seconds=3.0, speeds=folder)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"seeds": 0}, "seeds must be 1 or more, not 0"),
        ({"rates": []}, "learning rates must be"),
        ({"rates": [0.1, 0.0]}, "learning rates must be"),
        ({"rates": [0.1, 0.1]}, "a learning rate is given twice: 0.1, 0.1"),
        ({"rates": [0.1, float("nan")]}, "learning rates must be"),
        ({"rates": [float("inf")]}, "learning rates must be"),
        ({"seconds": 0.0}, "the budget must be more than 0 seconds, not 0"),
        ({"seconds": float("nan")}, "the budget must be more than 0 seconds, not nan"),
        ({"seconds": float("inf")}, "the budget must be more than 0 seconds, not inf"),
        ({"search_share": 0.0}, "search_share=0.0: must be above 0 and at most 1"),
        (
            {"recipe": DIGITS.revised(patience=2)},
            "patience=2: every network is trained here",
        ),
        ({"recipe": DIGITS.revised(freeze=1)}, "freeze=1: every network is trained here"),
        ({"contenders": []}, "there is nothing to compare"),
        ({"contenders": [SMALL, SMALL]}, "small is named twice"),
        (
            {"contenders": ["mnist", "efficientnet-lite1"]},
            "efficientnet-lite1 has pretrained weights, and these networks are trained from fresh",
        ),
    ],
)
def test_impossible_requests_are_refused(compared, trained, change, what):
    with pytest.raises(NinError, match=what):
        compared(**change)
    assert not trained


def test_what_networks_given_by_name_do_not_follow_is_not_said_to_be_the_same(compared):
    own = {"batch_norm": True, "depth": 2, "pooling": "average"}
    found = compared(["mnist", "lenet"], recipe=DIGITS.revised(**own), rates=[0.002])
    assert not own.keys() & found.settings.keys()


def test_networks_that_are_called_alike_are_told_apart_by_their_files(tmp_path):
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text("def small(num_classes): pass")
    found = as_contenders([f"{tmp_path}/one.py:small", f"{tmp_path}/two.py:small", "mnist"])
    assert [each.name for each in found] == ["one.py:small", "two.py:small", "mnist"]


def test_an_epoch_more_than_the_recipe_has_is_kept_where_the_seed_makes_epochs_shorter(
    compared, trained, monkeypatch
):
    def longer(trial):
        trained.append(trial)
        made = {"validation": 0.5, "accuracy": 0.5, "n": 359, "seconds": 1.0, "died": False}
        return Outcome(**made, curve=[0.5] * (trial.recipe.epochs + 1))

    monkeypatch.setattr("nin.study.trials.trial_runner.train_trial", longer)
    compared([SMALL], rates=[0.002])
    compared([SMALL], rates=[0.002])
    assert len(trained) == 2


def test_few_images_have_as_many_steps_as_in_a_training_alone(compared, trained):
    compared([SMALL], DIGITS.revised(least_steps=300), rates=[0.002])
    assert {trial.steps for trial in trained} == {300}


def test_a_second_process_in_the_same_folder_is_refused(compared, trained, tmp_path):
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out"), pytest.raises(RunError, match="is in use"):
        compared()
    assert not trained


def test_networks_by_name():
    nin, small = as_contenders(["nin", SMALL])
    assert nin == Contender("nin", "NiN", {"preset": "book"})
    assert small is SMALL
    with pytest.raises(NinError, match="did you mean 'alexnet'"):
        as_contenders(["alexnit"])
    with pytest.raises(NinError, match="lenet is named twice"):
        as_contenders(["lenet", "lenet"])


def own(name, folder, more=""):
    return f"{write_nets(folder, more)}:{name}"


def test_networks_of_ones_own_by_any_name(compared, tmp_path):
    stages = [Stage((4, 10), 3)]
    nets = {"cnn": own("cnn(width=2)", tmp_path), "table": stages, "lenet": LENET}
    rows = compared(nets, DIGITS.revised(image_size=12)).rows
    assert [row.net for row in rows] == ["cnn", "table", "lenet"]
    assert [row.cost.parameters.total for row in rows[:2]] == [88, 90]


def test_a_network_of_ones_own_is_called_as_in_its_file(tmp_path):
    (made,) = as_contenders([own("cnn(width=2)", tmp_path)])
    assert (made.name, made.is_own) == ("cnn(width=2)", True)
    (made,) = as_contenders([Contender("mine", own, {})])
    assert made.net.endswith("test_study_comparison.py:own")


def test_a_network_that_has_changed_does_not_join_trainings_of_before(compared, trained, tmp_path):
    compared([own("Linear", tmp_path)], rates=[0.002])
    done = len(trained)
    compared([own("Linear", tmp_path)], rates=[0.002])
    assert len(trained) == done
    with pytest.raises(RunError, match=r"out holds trainings of .*nets.py:Linear as it was before"):
        compared([own("Linear", tmp_path, "# changed")], rates=[0.002])
    assert len(trained) == done


def test_a_mistake_in_a_network_is_found_before_the_first_training(compared, trained, tmp_path):
    with pytest.raises(NinError, match="softmax ends in softmax"):
        compared(["mnist", own("softmax", tmp_path)])
    assert not trained


def test_what_other_processes_cannot_find_is_trained_here(compared, trained):
    def inside(num_classes):
        return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(num_classes)])

    with pytest.raises(NinError, match="inside exists only in this process: define it in a fil"):
        compared([inside], jobs=2)
    with pytest.raises(NinError, match="inside exists only in this process, and time is measur"):
        compared([inside], seconds=1.0)
    assert not trained
    (row,) = compared([inside], measured=True, rates=[0.002]).rows
    assert (row.net, row.measured, row.n) == (row.net, None, 2)


def test_images_become_as_large_as_all_networks_need(compared):
    comparison = compared(["lenet", "nin"])
    assert comparison.settings["image_size"] == [67, 67]
    assert {row.cost.input_shape for row in comparison.rows} == {(67, 67, 1)}


def test_images_that_a_network_cannot_take_are_refused_at_once(compared, trained):
    with pytest.raises(InputSizeError, match="NiN cannot take images of 66x66"):
        compared(["lenet", "nin"], DIGITS.revised(image_size=66))
    assert not trained


def test_a_table_of_other_classes_is_refused_at_once(compared, trained):
    with pytest.raises(NinError, match="ends in 6 maps, and there are 10 classes"):
        compared([[Stage((4, 6), 3)]])
    assert not trained


def test_too_few_images_are_refused_at_once(compared, trained):
    with pytest.raises(DataError, match=r"a share of 0\.0001 .* for validation"):
        compared(recipe=DIGITS.revised(validation=0.0001))
    assert not trained


def test_a_folder_that_cannot_be_written_is_refused_at_once(tmp_path, trained):
    (tmp_path / "file").write_text("")
    with pytest.raises(NinError, match="cannot write to"):
        compare([SMALL], DIGITS, out=tmp_path / "file", measured=False)
    assert not trained


NUMBERS = np.arange(90)
ARRAYS = (NUMBERS.astype(np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8), NUMBERS % 3)
#: Of 90 images, the one that each network of `folded` gets wrong.
WRONG = {"small": 7, "large": 50}


@pytest.fixture
def folded(monkeypatch, tmp_path):
    """Compare by folds without training: each network errs about one image of all."""
    trials = []

    def pretend(trial):
        trials.append(trial)
        data = open_images(trial.recipe)
        numbers = np.asarray(data.test.images)[:, 0, 0, 0]
        right = numbers != WRONG[trial.contender.name]
        best = (0.001, 0.002, 0.002)[trial.recipe.fold]
        tested = {"accuracy": None, "n": 0}
        if trial.looks_at_test:
            tested = {"accuracy": float(right.mean()), "n": len(right), "correct": pack(right)}
        validation = 0.5 if trial.recipe.learning_rate == best else 0.4
        return Outcome(validation=validation, curve=[validation], seconds=1, died=False, **tested)

    monkeypatch.setattr("nin.study.trials.trial_runner.train_trial", pretend)
    without_page(monkeypatch)

    def call(**settings):
        settings = {"rates": [0.0005, 0.001, 0.002, 0.004], "measured": False, **settings}
        nets, recipe = [SMALL, LARGE], RECIPE.revised(epochs=1, validation=0.2)
        return compare(nets, recipe, data=ARRAYS, folds=3, out=tmp_path / "out", **settings)

    return call, trials


def test_folds_pair_networks_by_fold_and_by_image(folded, tmp_path):
    compared, trials = folded
    found = compared()
    assert found.images == 90
    for row in found.rows:
        assert row.n == 3
        assert len(row.correct) == 1
        assert unpack(row.correct[0], 90).sum() == 89
    (difference,) = found.differences
    assert (difference.folds, difference.unit, difference.mean) == (3, "folds", 0)
    wins = unpack(found.rows[0].correct[0], 90) ^ unpack(found.rows[1].correct[0], 90)
    assert wins.sum() == 2
    assert "3 folds cannot tell small from large" in found.answer
    text = (tmp_path / "out/compare.md").read_text(encoding="utf-8")
    assert "deviation over seeds" not in text
    assert "| seeds |" not in text
    assert Comparison.model_validate_json(found.model_dump_json()) == found
    done = len(trials)
    compared(seeds=2)
    assert len(trials) == done + 2 * 3, "what is finished is not trained again"


def test_each_fold_chooses_its_learning_rate_on_its_own_images(folded):
    compared, trials = folded
    found = compared()
    tested = [trial.recipe for trial in trials if trial.looks_at_test]
    assert {(recipe.fold, recipe.learning_rate) for recipe in tested} == {
        (0, 0.001),
        (1, 0.002),
        (2, 0.002),
    }
    assert found.rows[0].learning_rate == 0.002
    assert found.rows[0].rates["0.002"] == pytest.approx((0.4 + 0.5 + 0.5) / 3)


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"folds": 40}, DataError, "folds=40: each class needs one image per fold or more"),
        ({"data": "digits", "folds": 3}, NinError, "folds=3: digits has a published test set"),
        ({"folds": 3, "judged_on": "validation"}, DataError, "folds=3: the images of a fold are a"),
        ({"jobs": 2}, NinError, "images in memory exist only in this process: save them"),
        ({"data": (ARRAYS[0], ARRAYS[1][:3])}, DataError, "x holds 90 images, and y 3 labels"),
    ],
)
def test_what_arrays_cannot_be_compared_by_is_one_line(tmp_path, settings, error, said):
    with pytest.raises(error, match=said) as caught:
        compare([SMALL], **{"data": ARRAYS, "out": tmp_path / "out", **settings})
    assert "\n" not in str(caught.value)


def test_a_file_of_stages_gives_its_network_its_name(tmp_path):
    path = tmp_path / "three.toml"
    path.write_text('[[stages]]\nwidths = [8, "classes"]\nkernel_size = 3\n')
    assert as_contenders([str(path)])[0].name == "three"


def test_a_network_called_like_another_is_not_held_to_its_size(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets.py").write_text("def book(num_classes): ...")
    small = RECIPE.revised(data="digits", image_size=16)
    check(["nets.py:book"], small, tmp_path / "out", [0.001], 1, None)
    with pytest.raises(InputSizeError, match="the smallest that works is 67x67"):
        check(["book"], small, tmp_path / "out", [0.001], 1, None)
