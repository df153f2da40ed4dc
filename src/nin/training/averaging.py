"""A moving average of the weights (Polyak and Juditsky 1992), which is evaluated and saved.

Keras's optimisers compute it (`use_ema`). Training goes on with the weights themselves; whenever
the network predicts or is saved, the averages stand in their place.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras


def averaged_variables(model: Any) -> list[tuple[Any, Any]]:
    """Each trained variable with its average; none where there are none."""
    if not getattr(model.optimizer, "use_ema", False):
        return []
    found = [each for each in model.optimizer.variables if each.name.endswith("_average")]
    return list(zip(model.trainable_variables, found, strict=True))


class ValidateAverages(keras.callbacks.Callback):
    """Puts the averages into the network while it is validated, to the bit and back.

    Keras's `SwapEMAWeights` exchanges them by sums and differences, which rounds both.
    """

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        """Put them in."""
        self._exchange()

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        """Take them out."""
        self._exchange()

    def _exchange(self) -> None:
        for variable, average in averaged_variables(self.model):
            now = keras.ops.copy(variable.value)
            variable.assign(average.value)
            average.assign(now)


@contextmanager
def keeping_unaveraged(optimizer: Any) -> Iterator[None]:
    """Within this the end of a `fit` leaves the weights as they are.

    Keras would put the averages in their place, also where a `fit` is but the rest of an epoch.
    """
    optimizer.finalize_variable_values = _leave
    try:
        yield
    finally:
        del optimizer.finalize_variable_values


def _leave(_: Any) -> None:
    """Do nothing with these variables."""
