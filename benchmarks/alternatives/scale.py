"""One way from a set of small pictures to the steps of a training, timed. Started by scale.py.

``open`` lists what is given to nin and divides it into parts, which reads each picture once; no
framework is loaded. ``train`` goes on to the steps: of an epoch, or as many as fit into a time. The
network is about the smallest there is, the mean of each channel and a dense layer, so that what is
seen is how pictures get there. Ours and Keras's are trained by Keras's `fit` on TensorFlow, those
of `webdataset` by a loop in PyTorch, with a process per core that decodes.

The clock starts with the naming of the source, when all libraries are loaded. Beside it stands what
processors worked, for all threads and processes of a way (but not for a server): that is the same
where other work runs on them. Memory is the most that the process has held, on Linux; of several,
what they held when that was looked at, with what they share counted once.

Run: python -m alternatives.scale open|train WAY SOURCE SECONDS
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from alternatives.memory import peak

BATCH, SIDE, CLASSES = 64, 32, 10

#: Exit status of a way whose libraries are not installed.
ABSENT = 3


class Times(NamedTuple):
    """Seconds by the clock, and those that processors worked for this process."""

    wall: float
    processor: float

    def since(self, begun: Times) -> Times:
        """What has passed."""
        return Times(self.wall - begun.wall, self.processor - begun.processor)


class Clock:
    """When steps ended, until an epoch or the time is over.

    Attributes:
        told: what is to be printed.
        workers: processes whose work counts as well.
    """

    def __init__(self, seconds: float) -> None:
        self.told: dict[str, Any] = {}
        self.workers: list[Any] = []
        self.limit, self.steps, self.is_over = seconds, 0, False
        self.begun = self.first = self.last = self._now()

    def _now(self) -> Times:
        worked = sum(sum(each.cpu_times()[:2]) for each in self.workers)
        return Times(time.perf_counter(), time.process_time() + worked)

    def tell(self, name: str) -> None:
        """Something is done: what it took, by the clock and of the processor."""
        passed = self._now().since(self.begun)
        self.told |= {name: round(passed.wall, 4), f"{name}_processor": round(passed.processor, 4)}

    def step(self) -> bool:
        """A step has ended; whether there is time for another."""
        self.steps += 1
        self.last = self._now()
        if self.steps == 1:
            self.first = self.last
            self.tell("first_step")
        self.is_over = self.last.wall - self.first.wall > self.limit
        return not self.is_over

    def tell_rates(self) -> None:
        """Images in a second after the first step."""
        images, passed = (self.steps - 1) * BATCH, self.last.since(self.first)
        self.told |= {
            "steps": self.steps,
            "epoch_is_whole": not self.is_over,
            "images_per_second": round(images / passed.wall, 1),
            "images_per_processor_second": round(images / passed.processor, 1),
        }


class OverError(Exception):
    """The time is over."""


def open_nin(source: str, clock: Clock) -> None:
    """List a source, and divide it into parts by content."""
    from nin.data.folders.division import divide
    from nin.data.source_listing import list_source
    from nin.data.storage.url_path import source_path

    listing = list_source(source_path(source))
    clock.tell("listed")
    divide(listing, 0.1, 0.1, None, 0)
    clock.tell("opened")


def train_nin(source: str, clock: Clock) -> None:
    """Ours, streamed."""
    from nin.data import ImageFolder

    loader = ImageFolder(source, BATCH, image_size=SIDE, stream=True).train_dataloader()
    clock.tell("opened")
    fit(loader, clock)


def train_keras(source: str, clock: Clock) -> None:
    """`keras.utils.image_dataset_from_directory`, on tf.data."""
    import keras

    dataset = keras.utils.image_dataset_from_directory(
        source, batch_size=BATCH, image_size=(SIDE, SIDE), seed=0, verbose=False
    )
    clock.tell("opened")
    fit(dataset, clock)


def fit(loader: Any, clock: Clock) -> None:
    """Train by Keras."""
    import keras

    class Steps(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if not clock.step():
                raise OverError

    layers = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(CLASSES)]
    model = keras.Sequential([keras.Input((SIDE, SIDE, 3)), *layers])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(loader, shuffle=False, verbose=0, callbacks=[Steps()])


def train_webdataset(source: str, clock: Clock) -> None:
    """`webdataset` through PyTorch's `DataLoader`: shards and a thousand samples are shuffled."""
    import psutil
    import torch
    import webdataset

    torch.set_num_threads(1)  # More would only wait for one another in so small a step.
    shards = [str(path) for path in sorted(Path(source).glob("*.tar"))]
    samples = webdataset.WebDataset(shards, shardshuffle=len(shards), seed=0).shuffle(1000)
    samples = samples.decode("pil").to_tuple("jpg", "cls").map_tuple(_pixels, int)
    loader = torch.utils.data.DataLoader(
        samples.batched(BATCH), batch_size=None, num_workers=os.cpu_count() or 1
    )
    clock.tell("opened")
    pooled = [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()]
    model = torch.nn.Sequential(*pooled, torch.nn.Linear(3, CLASSES))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    for pixels, labels in loader:
        clock.workers = clock.workers or psutil.Process().children()
        loss = torch.nn.functional.cross_entropy(
            model(torch.as_tensor(pixels).float().movedim(-1, 1)), torch.as_tensor(labels)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        is_time_left = clock.step()
        if clock.steps >= 16 and clock.steps.bit_count() == 1:
            held = sum(each.memory_full_info().pss for each in [psutil.Process(), *clock.workers])
            clock.told["peak_mib"] = max(clock.told.get("peak_mib", 0), round(held / 2**20, 1))
        if not is_time_left:
            break


def _pixels(picture: Any) -> Any:
    import numpy as np

    return np.asarray(picture.convert("RGB").resize((SIDE, SIDE)))


#: (What, way) → what does it, and what is loaded before the clock starts.
WAYS: dict[tuple[str, str], tuple[Callable[[str, Clock], None], tuple[str, ...]]] = {
    ("open", "nin"): (open_nin, ("nin.data.folders.division", "nin.data.source_listing")),
    ("train", "nin"): (train_nin, ("tensorflow", "keras", "nin.data.streaming")),
    ("train", "keras"): (train_keras, ("tensorflow", "keras")),
    ("train", "webdataset"): (train_webdataset, ("torch", "webdataset", "psutil", "PIL.Image")),
}


def main() -> None:
    """Measure; print a line of JSON."""
    what, way, source, seconds = sys.argv[1:5]
    work, needed = WAYS[what, way]
    try:
        for name in needed:
            __import__(name)
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(ABSENT)
    before, clock = peak(), Clock(float(seconds))
    with contextlib.suppress(OverError):
        work(source, clock)
    if what == "train":
        clock.tell_rates()
    print(json.dumps({"before_mib": before, "peak_mib": peak(), **clock.told}), flush=True)
    os._exit(0)  # Whatever still reads ahead.


if __name__ == "__main__":
    main()
