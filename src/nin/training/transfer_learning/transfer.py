"""Training on a pretrained trunk that stays frozen: features, then a head at its optimum.

Features learnt from 1.2 million photographs serve for others as well (Donahue et al. 2014, *DeCAF*,
arXiv 1310.1531). Nothing here imports Keras or its backend.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from safetensors.numpy import save

from nin.data import ImageData, ImageFolder
from nin.errors import NinError, RunError, WeightsError
from nin.files import write_bytes
from nin.pretrained import Trunk, load_trunk, trunk_of
from nin.progress import stderr_console
from nin.training.leak_warning import warn_of_duplicates
from nin.training.preflight import check_pretrained
from nin.training.recipe import Recipe
from nin.training.runs.arrays import read_arrays
from nin.training.runs.data_notes import show_found
from nin.training.runs.dataset import data_record, open_new
from nin.training.runs.evaluation import evaluate_logits
from nin.training.runs.membership_file import keep_membership
from nin.training.runs.provenance import device, session, sessions_of
from nin.training.runs.run import Run, load, resume_hint
from nin.training.runs.run_folder import check_free, locked, new_run
from nin.training.runs.run_format import FindingRecord, RunResult
from nin.training.runs.run_result import has_learnt, not_learnt_line
from nin.training.stop_signal import StopSignal
from nin.training.transfer_learning.from_scratch import compare_with_scratch, is_worth_trying
from nin.training.transfer_learning.head import Head, fit_head
from nin.training.transfer_learning.head_figure import save_candidates
from nin.training.transfer_learning.head_record import first_record, fitted_record, head_versions
from nin.training.transfer_learning.part_features import PartFeatures, part_features

#: Share of the training photographs held out if there are no others to evaluate on.
HELD_OUT = 0.1


def train_head(
    recipe: Recipe,
    out: str | Path | None = None,
    *,
    data: ImageData | None = None,
    skip_bad: bool = False,
) -> Run:
    """Train a new head on the frozen, pretrained trunk of `recipe`.

    Args:
        recipe: its preset has pretrained weights; its data is a folder.
        out: the run directory; by default ``runs/<recipe>-<number>``.
        data: the recipe's photographs, if they are already open.
        skip_bad: skip photographs that cannot be read.

    Returns:
        The finished run.

    Raises:
        WeightsError: the trunk's weights are not installed, or damaged.
        DataError: the photographs cannot be found, or some cannot be read.
        RecipeError: the recipe has settings that a frozen trunk does not support.
        RunError: the run directory cannot be used.
        KeyboardInterrupt: Ctrl-C; features so far are kept, and the message says how to continue.
    """
    check_free(out)
    check_pretrained(recipe)
    trunk = _trunk(recipe)
    photographs = data if isinstance(data, ImageFolder) else _photographs(recipe, skip_bad)
    # There would be nothing to evaluate on, or nothing to choose an epoch by.
    parts = photographs.parts
    if parts == ("train",) or (recipe.finetune and "validation" not in parts):
        recipe = recipe.revised(validation=HELD_OUT)
        photographs = _photographs(recipe, skip_bad)
    for part in photographs.parts:
        photographs.check_left(part, photographs.files(part).labels)
    show_found(photographs)
    duplicates = warn_of_duplicates(photographs, recipe.init)
    path = new_run(recipe.name, out)
    with locked(path):
        run = Run(path, {})
        keep_membership(path, photographs, recipe.init)
        run.update(**first_record(path, recipe, photographs, trunk, skip_bad), **duplicates)
        return _fit(run, photographs, trunk)


def resume_head(run: Run, *, skip_bad: bool = False) -> Run:
    """Continue a training that was interrupted while it computed features.

    Args:
        run: its run.
        skip_bad: from now on, skip photographs that cannot be read.

    Raises:
        RunError: it has ended, the photographs are no longer the same, or another process is
            training there.
    """
    recipe = run.recipe
    if run.record["state"] == "finished":
        raise RunError(f"{run.path} is at its optimum: there is nothing left to train")
    skip_bad = skip_bad or bool(run.record.get("skip_bad", False))
    if recipe.init is not None:
        recipe = recipe.revised(init=str(run.locate(recipe.init)))
    trunk = _trunk(recipe)
    is_untrained = "head" not in run.record and bool(run.record.get("unreadable"))
    data = _of_photographs(run.images.open(skip_bad=skip_bad, is_untrained=is_untrained))
    if trunk.digest != run.record["pretrained"]["sha256"]:
        raise RunError(f"{recipe.init} no longer has the weights that {run.path} started from")
    with locked(run.path):
        if load(run.path).record != run.record:
            raise RunError(f"{run.path} has changed meanwhile: resume it again")
        now = session(run.path, 0, head_versions(), device(gpus=0))
        sessions = [*sessions_of(run.record), now]
        if data.fingerprint() != run.record["data"]["fingerprint"]:
            show_found(data)
            keep_membership(run.path, data, recipe.init)
            run.update(data=data_record(data), **warn_of_duplicates(data, recipe.init))
        run.update(state="training", skip_bad=skip_bad, sessions=sessions)
        return _fit(run, data, trunk)


def _trunk(recipe: Recipe) -> Trunk:
    """The trunk with weights from ImageNet, or from the run that the recipe starts from."""
    if recipe.init is None:
        return load_trunk(recipe.preset)
    run = load(recipe.init)
    try:
        return trunk_of(recipe.preset, read_arrays(run.weights_path))
    except WeightsError as error:
        raise RunError(f"{run.path} cannot be started from: {error}") from error


def _photographs(recipe: Recipe, skip_bad: bool) -> ImageFolder:
    return _of_photographs(open_new(recipe, skip_bad=skip_bad))


def _of_photographs(data: ImageData) -> ImageFolder:
    assert isinstance(data, ImageFolder)
    return data


def _fit(run: Run, data: ImageFolder, trunk: Trunk) -> Run:
    begun, console = time.monotonic(), stderr_console()
    recipe, stop_signal = run.recipe, StopSignal()
    try:
        with stop_signal.caught():
            features = part_features(run, data, trunk, stop_signal, console)
            balance = recipe.balance != "none"
            head = fit_head(*features["train"][:2], len(data.classes), balance=balance)
            if stop_signal.received:
                raise KeyboardInterrupt
        console.print(_head_line(head), markup=False)
        write_bytes(run.weights_path, save(_weights(trunk, head), metadata={"format": "nin"}))
        _finish(run, features, head, time.monotonic() - begun)
    except BaseException as error:
        with contextlib.suppress(NinError):  # Of a full disk, say.
            run.update(state="interrupted")
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(f"stopped; {resume_hint(run.path)}") from error
        raise
    if not recipe.finetune and is_worth_trying(head, features["train"].paths):
        _compare(run, features["train"], console)
    return run


def _compare(run: Run, train: PartFeatures, console: Console) -> None:
    """Print whether training from scratch would be better; the run is finished in any case."""
    console.print("training from scratch on a part of them, to compare", markup=False)
    try:
        comparison = compare_with_scratch(run, *train)
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(f"stopped comparing; {run.path} is finished") from stop
    if comparison:
        run.update(from_scratch=comparison._asdict())
        console.print(comparison.in_words(), markup=False)


def _weights(trunk: Trunk, head: Head) -> dict[str, NDArray[Any]]:
    number = trunk.layout.head
    return {
        **trunk.weights(),
        f"{number}.conv2d.kernel": head.kernel[None, None],
        f"{number}.conv2d.bias": head.bias,
    }


def _head_line(head: Head) -> str:
    """How the head was fitted, in one line."""
    words = f"class maps fitted to their optimum, C = {head.C:g}"
    chosen = head.chosen
    if chosen is None:
        return f"{words}: too few photographs of a class to choose it by"
    folds = len(chosen.accuracy)
    return f"{words} by {folds} folds of the training photographs: {np.mean(chosen.accuracy):.3f}"


def _finish(run: Run, features: Mapping[str, PartFeatures], head: Head, seconds: float) -> None:
    part = "test" if "test" in features else "validation"
    evaluations = {
        name: evaluate_logits(head.logits(inputs), labels, run.classes)
        for name, (inputs, labels, _) in features.items()
    }
    row = {"epoch": 0, "loss": evaluations["train"].loss, "accuracy": evaluations["train"].accuracy}
    if "validation" in evaluations:
        held_out = evaluations["validation"]
        row |= {"val_loss": held_out.loss, "val_accuracy": held_out.accuracy}
    run.write_metrics([{**row, "seconds": round(seconds, 2)}])
    fitted = fitted_record(head)
    save_candidates(run.path / "curves.png", head, str(run.path))
    if run.record["recipe"]["finetune"]:
        run.update(head=fitted)
        return
    result: RunResult = {
        "split": part,
        **evaluations[part].summary(),
        "seconds": round(seconds, 2),
        "epoch": 0,
    }
    finding: FindingRecord = {"step": 0, "kind": "not learnt", "message": not_learnt_line(result)}
    run.update(
        state="finished",
        head=fitted,
        restarts=[],
        health=[] if has_learnt(result) else [finding],
        result=result,
    )
