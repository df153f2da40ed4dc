"""A sweep: what is trained, what comes of it, what is kept, and what is asked before."""

from __future__ import annotations

import json
import math

import pytest
from undrawn import without_page

from nin import RECIPES
from nin.errors import NinError
from nin.study import Comparison, sweep
from nin.study.report.report_page import write_report
from nin.study.sweeps import time_estimate
from nin.study.sweeps.equal_cost import at_equal_cost
from nin.study.sweeps.factor_grid import contender_at
from nin.study.sweeps.factorial import MANY
from nin.study.trials.row import Measured, Speed, pack
from nin.study.trials.trial import Outcome

SHORT = {"epochs": 2, "limit": 200}
VARY = {"width": [0.05, 0.1], "depth": [1, 2]}


@pytest.fixture
def trained(monkeypatch):
    """Trainings without training: wide is better, and deep where it is wide."""
    trials = []

    def pretend(trial):
        trials.append(trial)
        arguments, seed = trial.contender.arguments, trial.recipe.seed % 100
        wide, deep = arguments["width"] > 0.07, arguments.get("depth", 1) > 1
        right = 200 + 60 * wide + 40 * (wide and deep) + seed
        if trial.is_search:  # The lower, the better.
            better = 0.5 - trial.recipe.learning_rate
            return Outcome(
                validation=better, accuracy=None, n=0, curve=[better], seconds=1.5, died=False
            )
        return Outcome(
            validation=0.5,
            accuracy=right / 359,
            n=359,
            correct=pack([True] * right + [False] * (359 - right)),
            curve=[0.4, 0.5],
            seconds=1.5 + wide,
            died=False,
        )

    monkeypatch.setattr("nin.study.trials.trial_runner.train_trial", pretend)
    without_page(monkeypatch)
    return trials


@pytest.fixture
def swept(tmp_path, trained):  # noqa: ARG001
    def call(vary=VARY, recipe="digits", **settings):
        return sweep(recipe, vary, out=tmp_path / "out", **{"seeds": 3, **SHORT, **settings})

    return call


def test_every_combination_is_trained_with_every_seed(swept, trained, tmp_path):
    found = swept()
    assert len(trained) == 2 * 2 * 3
    assert {trial.recipe.learning_rate for trial in trained} == {0.003}, "the recipe's"
    assert [row.levels for row in found.rows][1] == {"width": 0.05, "depth": 2}
    assert found.factors == VARY
    assert found.rows[0].cost.parameters.total < found.rows[1].cost.parameters.total
    kept = (tmp_path / "out/compare.json").read_text()
    assert Comparison.model_validate_json(kept) == found
    assert json.loads(kept)["rows"][1]["training"]["arguments"]["depth"] == 2
    swept()
    assert len(trained) == 12, "nothing is trained twice"
    swept({"width": [0.05, 0.1, 0.2], "depth": [1, 2]})
    assert len(trained) == 12 + 6, "more values add what is missing"


def test_what_is_found_is_said_first(swept, tmp_path):
    found = swept()
    assert found.answer == (
        "Most accurate is width 0.1, depth 2 (83.8%); averaged over the rest, width 0.05 is clearly"
        " less accurate than width 0.1 (by 22.3 points); depth 1 is clearly less accurate than"
        " depth 2 (by 5.6 points); the step from width 0.05 to 0.1 at depth 2 is worth 11.1 points"
        " more than at depth 1."
    )
    frame = found.frame()
    assert frame["factor_width"] == [0.05, 0.05, 0.1, 0.1]
    assert "width 0.1, depth 2" in found.to_markdown()
    assert r"\toprule" in found.to_latex()
    write_report(found, tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.index(found.answer[:40]) < page.index("<svg")
    for shown in (
        "What each factor is worth",
        "Width.",
        "Width and depth together.",
        "Interactions",
        "Learning curves of every training.",
        "Accuracy against time.",
    ):
        assert shown in page
    assert "## Interactions" in (tmp_path / "out/compare.md").read_text(encoding="utf-8")


def test_one_factor_is_told_by_its_rows(swept):
    found = swept({"width": [0.05, 0.1]})
    assert (found.effects, found.interactions) == ([], [])
    assert found.answer == ("width 0.05 is clearly less accurate than width 0.1 (by 16.7 points).")


def test_rates_and_image_sizes_are_factors_too(swept, trained):
    found = swept({"learning_rate": [0.001, 0.01], "image_size": [8, 12]}, width=0.1)
    assert [row.learning_rate for row in found.rows] == [0.001, 0.001, 0.01, 0.01]
    assert found.rows[1].cost.input_shape == (12, 12, 1)
    assert {trial.recipe.learning_rate for trial in trained} == {0.001, 0.01}
    steps = {row.levels["limit"]: row for row in swept({"limit": [64, 128]}, limit=None).rows}
    assert steps[64].training["steps"] * 2 == steps[128].training["steps"]


def test_networks_of_equal_cost(swept):
    found = swept({"window": [1, 3], "batch_norm": [False, True]}, equal="parameters", width=0.5)
    counts = [row.cost.parameters.total for row in found.rows]
    assert max(counts) / min(counts) < 1.02
    narrow = found.rows[2].training["arguments"]
    assert narrow["width"] < 0.4
    assert found.rows[0].training["arguments"]["width"] == 0.5
    assert found.settings["equal"] == "parameters"
    flat = swept({"window": [1, 3]}, equal="multiply-adds", width=0.5)
    assert math.isclose(*(row.cost.multiply_adds for row in flat.rows), rel_tol=0.03)


@pytest.mark.parametrize(
    ("vary", "settings", "said"),
    [
        (VARY, {"equal": "parameters"}, "width cannot be varied where parameters are equal"),
        ({"depth": [1, 2]}, {"equal": "size"}, "equal=size: what can be equal is parameters or"),
        (
            {"preset": ["mnist", "lenet"]},
            {"equal": "parameters", "width": 1.0},
            "only a NiN has a width",
        ),
        ({"head": ["none", "4096-4096"]}, {"equal": "parameters"}, "no width makes it cost"),
        ({"epochs": [1, 2]}, {"seconds": 3.0}, "epochs cannot be varied where something else"),
        ({"lr": [0.1, 0.2]}, {"rates": [0.1, 0.2]}, "learning_rate cannot be varied"),
        (VARY, {"seeds": 0}, "seeds must be 1 or more"),
        ({"padding": ["same", "valid"]}, {}, "cannot take images of"),
        ({"image_size": [12, 8]}, {"preset": "lenet"}, "the smallest that works is"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(swept, trained, vary, settings, said):
    if "seconds" in settings:
        settings = {**settings, "epochs": None}
    with pytest.raises(NinError) as caught:
        swept(vary, **settings)
    assert said in str(caught.value)
    assert not trained


def test_pretrained_weights_have_one_width():
    photos = RECIPES["photos"]
    with pytest.raises(NinError, match=r"equal=parameters: efficientnet-lite1 has the width of it"):
        at_equal_cost([contender_at(photos, {})], photos, "parameters", 2, lambda _: (1, 1, 3))


def test_the_views_of_a_frozen_trunk_are_factors_and_rates_are_not(
    tmp_path, monkeypatch, photographs_of_two_classes
):
    seen = []

    def pretend(trial):
        seen.append((trial.recipe.image_size, trial.recipe.resize_mode))
        return Outcome(
            validation=0.5, accuracy=0.5, n=2 + trial.recipe.seed, correct=pack([1] * 9),
            curve=[0.5], seconds=1.0, died=False,
        )  # fmt: skip

    monkeypatch.setattr("nin.study.trials.trial_runner.train_pretrained", pretend)
    without_page(monkeypatch)
    vary = {"image_size": [64, 96], "resize_mode": ["crop", "squash"]}
    found = sweep(photographs_of_two_classes, vary, out=tmp_path / "out", seeds=2)
    assert len(seen) == 8
    assert set(seen) == {(side, mode) for side in (64, 96) for mode in ("crop", "squash")}
    assert not any(row.correct for row in found.rows), "of other numbers of test images"
    with pytest.raises(NinError, match="learning_rate changes nothing where the trunk is frozen"):
        sweep(photographs_of_two_classes, {"lr": [0.1, 0.2]}, out=tmp_path / "out")


def test_beside_a_frozen_trunk_no_rate_is_chosen_on_test_images(
    tmp_path, photographs_of_two_classes
):
    vary = {"preset": ["efficientnet-lite1", "mnist"]}
    settings = {"out": tmp_path / "out", "rates": [0.001, 0.003], "seeds": 1}
    with pytest.raises(NinError, match="has no validation images"):
        sweep(photographs_of_two_classes, vary, **settings)


def test_a_sweep_is_confirmed_if_it_takes_more_trainings_than_are_kept(swept, trained):
    swept({"width": [0.05, 0.1]})
    done = len(trained)
    with pytest.raises(NinError, match="none of them was begun"):
        swept({"width": [0.2, 0.3], "depth": [1, 2]}, consent=lambda *_: False)
    assert len(trained) == done


def test_trainings_of_other_lengths_are_not_taken_for_those_that_are_kept(swept, trained):
    asked = []

    def answer(*said):
        asked.append(said[-1])
        return True

    searched = {"vary": {"width": [0.05, 0.1]}, "rates": [0.001, 0.002], "consent": answer}
    swept(**searched, seeds=2)
    done = len(trained)
    swept(**searched, seeds=2)
    assert (asked, len(trained)) == ([8], done)
    swept(**searched, seeds=3)
    assert (asked, len(trained)) == ([8, 2], done + 2)
    swept({"width": [0.05, 0.1]}, seeds=2, epochs=4, consent=answer)
    assert asked == [8, 2, 4]
    for rates, expected in (
        ([0.001, 0.01], [4]),
        ([0.001, 0.01], []),
        ([0.003, 0.01, 0.02], [4]),
    ):
        asked.clear()
        swept({"learning_rate": rates}, seeds=2, width=0.1, consent=answer)
        assert asked == expected
    swept({"width": [0.05, 0.1]}, seeds=2, consent=answer)
    assert asked == [4, 2], "those of width 0.1 are kept"


def test_rates_that_were_varied_are_not_among_what_was_the_same(swept):
    assert "learning_rates" in swept({"width": [0.05, 0.1]}).settings
    found = swept({"learning_rate": [0.001, 0.01]}, width=0.1)
    assert "learning_rates" not in found.settings


@pytest.fixture
def photographs_of_two_classes(tmp_path):
    from PIL import Image

    for name, colour in ("sky", "skyblue"), ("sea", "navy"):
        (tmp_path / "views" / name).mkdir(parents=True)
        for number in range(8):
            picture = Image.new("RGB", (40, 30), colour)
            picture.putpixel((number, 0), (255, number, 0))
            picture.save(tmp_path / "views" / name / f"{number}.png")
    return tmp_path / "views"


def test_trainings_on_the_same_cores_take_turns(swept, capsys):
    def refuse(*_):
        return False

    for jobs in (1, 4):
        with pytest.raises(NinError, match=r"6 trainings take about 3\.0 h on this machine: none"):
            swept({"width": [0.1, 0.2]}, seeds=3, seconds=1800.0, jobs=jobs, consent=refuse)
    assert capsys.readouterr().err.count("3.0 h") == 2


def test_a_large_space_is_asked_about_with_its_hours(swept, trained, monkeypatch, capsys):
    speed = Speed(images_per_second=100.0, peak_bytes=1)
    made = Measured(batch_size=64, training=speed, prediction=speed)
    monkeypatch.setattr(time_estimate, "measure_once", lambda *_: made)
    many = {"width": [0.1 + 0.001 * n for n in range(200)], "shift": [*range(100)]}
    asked = []

    def refuse(*said):
        asked.append(said)
        return False

    with pytest.raises(NinError) as caught:
        swept(many, seeds=5, consent=refuse)
    ((said, seconds, trainings),) = asked
    assert trainings == 100_000 > MANY
    # Two epochs of 200 images in batches of 64: 256 images each, and wider networks take longer.
    assert seconds > trainings * 2 * 256 / 100
    assert said.startswith("100,000 trainings take about")
    assert said in capsys.readouterr().err
    assert str(caught.value).endswith(
        "none of them was begun: to begin, add yes=True, or vary less"
    )
    assert not trained
