"""`reproduce`: train a published row again from its record, and check whether it agrees."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from nin.data import ImageData
from nin.errors import Advice, Argument, NinError, RunError, UnknownNameError
from nin.files import expand, write_json
from nin.networks.lookup import NETWORKS, class_and_arguments
from nin.networks.network_source import is_in_file
from nin.progress import stderr_console
from nin.study.preparation import fingerprint, make_folder, open_evaluated
from nin.study.results.reproduced_row import ReproducedRow
from nin.study.results.result import Comparison
from nin.study.trials.contender import Contender
from nin.study.trials.row import Row
from nin.training.recipe import Recipe
from nin.training.recipe_fields import renamed

#: An environment variable that makes oneDNN compute float32 in bfloat16; records say if it was set.
FPMATH_MODE = "ONEDNN_DEFAULT_FPMATH_MODE"


#: Names the record whose trainings are repeated in a folder.
MARKER = "reproduced.json"


class PublishedRow(NamedTuple):
    """A row of a record, and what its trainings are made of.

    Attributes:
        row: as published.
        contender: its network.
        recipe: how it was trained, with its learning rate.
        steps: number of batches; None for the recipe's epochs.
    """

    row: Row
    contender: Contender
    recipe: Recipe
    steps: int | None


def reproduce(
    record: str | Path,
    *,
    row: str | None = None,
    out: str | Path | None = None,
    jobs: int | None = None,
) -> list[ReproducedRow]:
    """Repeat the trainings of a published record with the same seeds, and compare the results.

    With the record's versions and processor, predictions should be the same to the bit. Elsewhere
    the mean should lie in the interval that holds the mean of as many further seeds 19 times in 20.

    Args:
        record: a ``compare.json`` of `compare`, `sweep` or `tune`, or a file in ``results/`` that
            holds one.
        row: the network to train again; None for all.
        out: folder in which finished trainings are kept; by default ``runs/reproduce-NAME``.
        jobs: number of trainings at the same time; by default as many as for the record, because
            they divide the processor's threads among them.

    Raises:
        UnknownNameError: the record has no such row.
        RunError: the file is not a record.
        NinError: the record does not say how the row was trained, the images have changed, or `out`
            is the folder of the record itself or of another comparison.
        KeyboardInterrupt: Ctrl-C; finished trainings are kept.

    Example:
        >>> recipe = nin.RECIPES["digits"].revised(epochs=1, limit=64)
        >>> quick = {"rates": [0.001], "seeds": 1, "measured": False}
        >>> found = nin.compare(["lenet"], recipe, out="digits", **quick)
        >>> (again,) = nin.reproduce("digits/compare.json", row="lenet")
        >>> again.agrees
        True
    """
    path = expand(record)
    found, mode = read_record(path)
    _refuse_folds(found)
    try:
        published, _ = list(published_rows(found, row)), found.settings["seeds"]
    except KeyError as error:
        raise RunError(f"{path} does not say what was trained: {error} is missing") from error
    if not published:
        raise RunError(f"{path} holds no rows")
    data, images = _same_images(found, published[0])
    folder = expand(out or f"runs/reproduce-{path.stem}")
    _check_folder(folder, path)
    make_folder(folder / "trainings")
    write_json(folder / MARKER, {"record": path.name})
    if mode is not None:  # Has an effect only before the backend is loaded.
        os.environ.setdefault(FPMATH_MODE, mode)
    jobs = jobs or found.settings.get("jobs") or 1
    return _trained_again(found, published, data, images, folder, jobs, mode)


def _check_folder(folder: Path, record: Path) -> None:
    """Refuse a folder whose trainings may be those of the record: nothing would be repeated."""
    is_its_own = folder.resolve() == record.resolve().parent
    there = any((folder / "trainings").glob("*.json")) and not (folder / MARKER).exists()
    if is_its_own or there:
        whose = "the record itself" if is_its_own else "another comparison"
        raise NinError(
            f"{folder} holds the trainings of {whose}, which would not be repeated",
            Advice("name another folder as {}", Argument("out")),
        )


def read_record(path: Path) -> tuple[Comparison, str | None]:
    """The comparison in a file, and the mode in which oneDNN computed, if the file says so.

    Raises:
        RunError: the file does not hold one.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        mode = content.get("onednn_fpmath_mode")
        return Comparison.model_validate(content.get("comparison", content)), mode
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, AttributeError, RecursionError) as error:
        raise RunError(f"{path} is not a record of a comparison, a sweep or a tuning") from error


def published_rows(found: Comparison, name: str | None) -> Iterator[PublishedRow]:
    """The rows called `name`, or all; a row that occurs in several exercises is given once.

    Raises:
        UnknownNameError: there is no such row.
        NinError: the record does not say how the row was trained.
    """
    names = [row.net for row in found.rows]
    if name is not None and name not in names:
        raise UnknownNameError("row", name, dict.fromkeys(names))
    seen: list[tuple[str, list[float]]] = []
    for row in found.rows:
        if name not in (None, row.net) or (row.net, row.accuracies) in seen:
            continue
        seen.append((row.net, row.accuracies))
        yield _described(row) if row.training else _by_name(found, row)


def _refuse_folds(found: Comparison) -> None:
    if found.settings.get("folds") is not None:
        raise NinError("the record is of folds, and does not hold the learning rate of each")


def _described(row: Row) -> PublishedRow:
    kept = row.training or {}
    contender = Contender(row.net, kept["net"], kept["arguments"])
    recipe = Recipe.parse({**kept["recipe"], "seed": 0})
    if contender.is_own:
        if not is_in_file(contender.net):
            raise NinError(
                f"{row.net} was defined in a process that has ended, and no file holds it"
            )
        if contender.source()["sha256"] != kept["source"]["sha256"]:
            raise NinError(f"{contender.net} has changed since {row.net} was trained: restore it")
    return PublishedRow(row, contender, recipe, kept["steps"])


def _by_name(found: Comparison, row: Row) -> PublishedRow:
    """A row of an older record, which does not say how the row was trained."""
    settings = found.settings
    if row.net not in NETWORKS or row.group or settings.get("seconds") is not None:
        raise NinError(
            f"the record does not hold what {row.net} was made of: it is of an earlier version"
        )
    side, other = settings["image_size"]
    fields = {key: value for key, value in renamed(settings).items() if key in Recipe.model_fields}
    own = {
        "name": "compare",
        "learning_rate": row.learning_rate,
        "image_size": side if side == other else None,
        "precision": settings.get("precision", "float32"),
        "preset": row.net,
        "seed": 0,
    }
    return PublishedRow(
        row,
        Contender(row.net, *class_and_arguments(row.net)),
        Recipe.parse({**fields, **own}),
        None,
    )


def _same_images(found: Comparison, published: PublishedRow) -> tuple[ImageData, str]:
    """The images, and their digest.

    Raises:
        NinError: they are not those of the record.
    """
    judged_on: Any = found.judged_on
    data = open_evaluated(published.recipe, judged_on)
    as_then = published.recipe.revised(**found.data.get("opened_with", {}))
    then = data if as_then == published.recipe else open_evaluated(as_then, judged_on)
    now = then.describe().get("fingerprint")
    if found.data.get("fingerprint") not in (None, now):
        raise NinError(
            f"{published.recipe.data} no longer has the images that the record was made with",
            "restore them",
        )
    return data, fingerprint(published.recipe, data)


def _trained_again(
    found: Comparison,
    published: list[PublishedRow],
    data: ImageData,
    images: str,
    folder: Path,
    jobs: int,
    mode: str | None,
) -> list[ReproducedRow]:
    # Imported here, so that a record is read and refused without Keras.
    from nin.study.trials.results_cache import ResultsCache
    from nin.study.trials.trial import Trial, training_length
    from nin.study.trials.trial_runner import TrialRunner
    from nin.training.runs.provenance import device, versions

    seeds, judged_on = found.settings["seeds"], found.judged_on
    trials: list[list[Trial]] = []
    for each in published:
        recipe, steps = each.recipe, each.steps
        if steps is None:
            recipe, steps = training_length(recipe, len(data.train.labels), None)
        one = Trial(
            each.contender,
            recipe,
            steps,
            images,
            judged_on=judged_on,  # type: ignore[arg-type]
            divided_by=(each.row.training or {}).get("divided_by"),
        )
        trials.append([one.revised(recipe.learning_rate, seed) for seed in seeds])
    count = sum(map(len, trials))
    console = stderr_console()
    with TrialRunner(ResultsCache(folder / "trainings"), jobs, count, count, console) as runner:
        outcomes = runner.outcomes([trial for row in trials for trial in row])
    same = (
        found.versions == versions()
        and found.device == device()
        and os.environ.get(FPMATH_MODE) == mode
        and jobs == found.settings.get("jobs", 1)
    )
    again = []
    for each, row in zip(published, trials, strict=True):
        correct = [outcomes[trial.key()].correct for trial in row]
        again.append(
            ReproducedRow(
                net=each.row.net,
                group=each.row.group,
                published=each.row.accuracies,
                accuracies=[trial.accuracy_of(outcomes[trial.key()]) for trial in row],
                same_predictions=correct == each.row.correct if each.row.correct else None,
                same_conditions=same,
            )
        )
    return again
