"""Draws the curves of a training on a `ProgressBoard`, as they grow."""

from __future__ import annotations

import keras

from nin.progress_board import ProgressBoard


class DrawCurves(keras.callbacks.Callback):
    """Draws loss and accuracy on a board while a model trains.

    Args:
        board: where to draw.
        per_epoch: how many points of the training loss are drawn per epoch.
    """

    def __init__(self, board: ProgressBoard, per_epoch: int = 2) -> None:
        super().__init__()
        self.board = board
        self.per_epoch = per_epoch
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Remember the epoch, which is the position on the x axis."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Draw the training loss at regular intervals within the epoch."""
        steps = self.params.get("steps") or 1
        every = max(1, steps // self.per_epoch)
        if (batch + 1) % every == 0 and logs and "loss" in logs:
            self.board.draw(self._epoch + (batch + 1) / steps, logs["loss"], "train_loss")

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Draw the validation metrics."""
        for key, label in (("val_loss", "val_loss"), ("val_accuracy", "val_acc")):
            if logs and key in logs:
                self.board.draw(epoch + 1, logs[key], label)
