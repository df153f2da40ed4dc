"""Trains a run by gradients, in one attempt or several, and records the result."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, cast

from nin.backends.distribution import Layout, gather, layout, leave, lost_peers
from nin.errors import NinError, PeerLostError, SourceError, TrainingDiedError
from nin.training.attempt import Attempt, new_attempt
from nin.training.averaging import showing_averages
from nin.training.health import Finding
from nin.training.restart import MOST, StopToRestart
from nin.training.runs.checkpoint import Checkpoint, Position
from nin.training.runs.figures import save_curves
from nin.training.runs.run import SAVE_EVERY, Run, resume_hint
from nin.training.runs.run_format import (
    FindingRecord,
    RestartRecord,
    RunRecord,
    RunResult,
    State,
)
from nin.training.runs.run_result import final_result, has_learnt, not_learnt_line
from nin.training.runs.weights import load_weights
from nin.training.stop_signal import StopSignal


def fit_run(
    run: Run,
    attempt: Attempt,
    save_every: float = SAVE_EVERY,
    callbacks: Sequence[Any] = (),
    stop_signal: StopSignal | None = None,
) -> Run:
    """Train a run to its end, restarting at a lower learning rate if it can no longer learn.

    Args:
        run: where everything is written.
        attempt: the network, and the position to continue from.
        save_every: seconds between two checkpoints within an epoch.
        callbacks: further Keras callbacks.
        stop_signal: once received, training stops after its step; None for a new one.

    Raises:
        PeerLostError: another process of this training has ended.
        SourceError: pictures behind a URL can no longer be read.
        TrainingDiedError: the training could not recover.
        KeyboardInterrupt: a signal to stop; the message states how to continue.
    """
    here, stop_signal, recipe = layout(), stop_signal or StopSignal(), attempt.recipe
    try:
        with stop_signal.caught(), lost_peers():
            while again := _train(run, attempt, save_every, callbacks, stop_signal):
                step, reason, rate = again.restarts[-1]
                attempt.trainer.note(
                    f"step {step}: restarted at a learning rate of {rate:.2g} ({reason})"
                )
                attempt = new_attempt(recipe, attempt.data, here, again)
        stop_signal.release()
        skipped = {*run.record.get("skipped", ()), *getattr(attempt.data, "skipped", ())}
        run.update(skipped=sorted(skipped))
        if remarks := getattr(attempt.data, "remarks", None):
            run.update(remarks=dict(remarks))
        _check_alive(run, attempt)
        epoch = attempt.choose_weights(run)
        attempt.trainer.note(_fallback(attempt, epoch))
        if _is_usable(run):
            load_weights(run.weights_path, attempt.model)
            run.model = attempt.model
        gather()
        leave()
        if here.is_chief:
            _finish(run, "finished", attempt, final_result(run, attempt.data, epoch))
    except (Exception, KeyboardInterrupt, SystemExit) as error:
        if (told := _ended_by(error, run, attempt, here)) is not error:
            raise told from error
        raise
    return run


def _train(
    run: Run, attempt: Attempt, save_every: float, callbacks: Sequence[Any], stop_signal: StopSignal
) -> Position | None:
    """Train to the end and return None, or give up and return the position to restart from."""
    position, trainer, recipe = attempt.position, attempt.trainer, attempt.recipe
    # A fitted head is there to fall back on: no restart is needed.
    restarts = MOST if "head" in run.record else len(position.restarts)
    give_up = StopToRestart(recipe, restarts, attempt.findings)
    checkpoint = Checkpoint(
        run,
        position,
        every=save_every,
        health=attempt.findings,
        lost=give_up.restart,
        stop_signal=stop_signal,
    )
    trainer.callbacks = [*showing_averages(callbacks), give_up, checkpoint]
    trainer.best_loss = run.best_loss(checkpoint.rows)
    begin = recipe.epochs if run.is_over(checkpoint.rows) else position.epoch
    trainer.fit(attempt.model, attempt.data, initial_epoch=begin, initial_batch=position.batch)
    if (restart := give_up.restart()) is None:
        return None
    return Position(seconds=checkpoint.seconds(), restarts=(*position.restarts, restart))


def _fallback(attempt: Attempt, epoch: int | None) -> str | None:
    """The note if fine-tuning failed, or was no better than the fitted head."""
    died = attempt.trainer.health.died if attempt.trainer.health else None
    if died:
        return f"fine-tuning failed ({died}): epoch {epoch} is kept"
    if epoch == 0:
        return "fine-tuning was no better on the held-out images: the frozen trunk is kept"
    return None


def _ended_by(error: BaseException, run: Run, attempt: Attempt, here: Layout) -> BaseException:
    """Record that a training was ended by `error`; returns what to raise."""
    if run.record["state"] in ("finished", "died"):
        return error
    with contextlib.suppress(NinError):  # Of a full disk, say; the checkpoint is what counts.
        _finish(run, "interrupted", attempt)
    how = _how_to_go_on(run, here)
    if isinstance(error, PeerLostError):
        return PeerLostError(f"another process was lost; {how}")
    if isinstance(error, SourceError):
        return SourceError(f"{error}; the training stopped: {how}")
    if isinstance(error, KeyboardInterrupt):
        return KeyboardInterrupt(f"stopped; {how}")
    return error


def _check_alive(run: Run, attempt: Attempt) -> None:
    assert attempt.trainer.health is not None
    died = attempt.trainer.health.died
    if died and "head" not in run.record:
        _finish(run, "died", attempt)
        raise TrainingDiedError(f"training stopped: {died} (see {run.path})")


def _is_usable(run: Run) -> bool:
    """Whether the trained network can serve as the run's model: on one device, in float32."""
    alone = layout().devices == 1
    return alone and run.recipe.precision == "float32"


def _how_to_go_on(run: Run, here: Layout) -> str:
    together = " --join, in every process" if here.processes > 1 else ""
    return resume_hint(run.path if here.is_chief else "RUN") + together


def _finish(run: Run, state: State, attempt: Attempt, result: RunResult | None = None) -> None:
    findings = attempt.findings()
    if result and not has_learnt(result):
        findings.append(Finding(attempt.step, "not learnt", not_learnt_line(result)))
    ended: RunRecord = {
        "state": state,
        "restarts": [cast(RestartRecord, each._asdict()) for each in attempt.position.restarts],
        "health": [cast(FindingRecord, each._asdict()) for each in findings],
    }
    run.update(**ended if result is None else {**ended, "result": result})
    rows = run.metrics()
    if rows:
        kept = run.best_epoch(rows) if result is None else result["epoch"]
        save_curves(run.path / "curves.png", rows, str(run.path), kept)
