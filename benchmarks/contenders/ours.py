"""nin: `NiN` in `Trainer.fit`, with its preprocessing, its start and its health watch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import nin
from contenders.clock import Answer, Clock
from contenders.keras_clock import KerasClock
from contenders.task import CLASSES, LEARNING_RATE, Task, noise
from nin.data import ImageData, Split


class Noise(ImageData):
    """Images of random bytes."""

    parts = ("train", "validation")

    def __init__(self, task: Task) -> None:
        resize = None if task.stored[0] == task.size else (task.size, task.size)
        names = [str(number) for number in range(CLASSES)]
        super().__init__("noise", names, task.stored, task.batch_size, resize)
        self.task = task

    def load(self, part: str) -> Mapping[Any, Split]:
        """Make all parts."""
        few = noise(self.task, self.batch_size)
        return {"train": Split(*noise(self.task)), "validation": Split(*few)}


def measure(task: Task, seconds: float) -> Answer:
    """Train through `Trainer`, then predict as a `Run` does."""
    data, model = Noise(task), nin.NiN(LEARNING_RATE, preset=task.preset)
    training = Clock(seconds, task.batch_size)
    nin.Trainer(1, callbacks=[KerasClock(training)], verbose=False).fit(model, data)
    prediction = Clock(seconds, task.batch_size)
    model.predict(
        data.train.images,
        batch_size=task.batch_size,
        verbose=0,
        callbacks=[KerasClock(prediction)],
    )
    return Answer(model.count_params(), training.speed(), prediction.speed())
