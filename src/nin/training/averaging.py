"""A moving average of the weights (Polyak and Juditsky 1992), which is evaluated and saved.

Keras's optimisers compute it (`use_ema`). Training uses the weights themselves; whenever the
network predicts or is saved, the averages take their place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import keras

from nin.models.custom_optimizer import innermost


def averaged_variables(model: Any) -> list[tuple[Any, Any]]:
    """Each trained variable with its average; empty if the optimiser keeps none."""
    optimizer = innermost(model.optimizer)
    if not getattr(optimizer, "use_ema", False):
        return []
    found = [each for each in optimizer.variables if each.name.endswith("_average")]
    return list(zip(model.trainable_variables, found, strict=True))


def exchange(model: Any) -> None:
    """Swap the weights and their averages, bit for bit.

    Keras's `SwapEMAWeights` swaps them by sums and differences, which rounds both.
    """
    for variable, average in averaged_variables(model):
        now = keras.ops.copy(variable.value)
        variable.assign(average.value)
        average.assign(now)


class ValidateAverages(keras.callbacks.Callback):
    """Puts the averages into the network while it is validated.

    Args:
        epochs: total number of epochs, after which the averages stay in the network, for callbacks
            that come later to see. None to always take them out again.
    """

    def __init__(self, epochs: int | None = None) -> None:
        super().__init__()
        self.epochs = epochs

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        """Put the averages in."""
        exchange(self.model)

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        """Take the averages out."""
        exchange(self.model)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        """Leave the averages in if the training is over."""
        if self.epochs is None or not int(self.model.optimizer.iterations):
            return
        if self.model.stop_training or self.params["epochs"] >= self.epochs:
            optimizer = self.model.optimizer
            # The class's method: `keeping_unaveraged` hides it on the instance.
            type(optimizer).finalize_variable_values(optimizer, self.model.trainable_variables)


class ShowAverages(keras.callbacks.Callback):
    """Goes before and after other callbacks, which then see the averages at an epoch's end."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Put the averages in, or take them out."""
        exchange(self.model)


def showing_averages(callbacks: Sequence[Any]) -> list[Any]:
    """The callbacks, which will see the averages; those that back up the state will not."""
    backups = [each for each in callbacks if isinstance(each, keras.callbacks.BackupAndRestore)]
    others = [each for each in callbacks if each not in backups]
    return [ShowAverages(), *others, ShowAverages(), *backups]


@contextmanager
def keeping_unaveraged(optimizer: Any) -> Iterator[None]:
    """Within this block, the end of a `fit` leaves the weights as they are.

    Keras would replace them by the averages, even after a `fit` for the rest of one epoch.
    """
    optimizer.finalize_variable_values = _leave
    try:
        yield
    finally:
        del optimizer.finalize_variable_values


def _leave(_: Any) -> None:
    """Do nothing with these variables."""
