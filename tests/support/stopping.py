"""Ctrl-C, or another signal, in the middle of a training."""

import signal

from nin.training.runs.checkpoint import Checkpoint


def stop_at(monkeypatch, step, number=signal.SIGINT):
    """Ask this process to stop when so many batches have been trained on."""
    steps = iter(range(1, 10**6))
    note = Checkpoint.on_train_batch_end

    def watched(self, batch, logs=None):
        if next(steps) == step:
            signal.raise_signal(number)
        note(self, batch, logs)

    monkeypatch.setattr(Checkpoint, "on_train_batch_end", watched)
