"""One way from a set of small pictures to the steps of a training, timed. Started by scale.py.

``open`` lists what is given to nin and divides it into parts, which reads each picture once; no
framework is loaded. ``train`` goes on to the steps: of an epoch, or as many as fit into a time. The
network is about the smallest there is, the mean of each channel and a dense layer, so that what is
seen is how pictures get there. Ours and Keras's are trained by Keras's `fit` on TensorFlow, those
of `webdataset` by a loop in PyTorch, with a process per core that decodes.

The clock starts with the naming of the source, when all libraries are loaded. Memory is the most
that the process has held, on Linux; of several, what all of them held when that was looked at.

Run: python -m alternatives.scale open|train WAY SOURCE SECONDS
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BATCH, SIDE, CLASSES = 64, 32, 10

#: Exit status of a way whose libraries are not installed.
ABSENT = 3


class Clock:
    """When steps ended, until an epoch or the time is over.

    Attributes:
        told: what is to be printed.
    """

    def __init__(self, seconds: float) -> None:
        self.begun, self.limit = time.perf_counter(), seconds
        self.first = self.last = 0.0
        self.steps = 0
        self.is_over = False
        self.told: dict[str, Any] = {}

    def opened(self) -> None:
        """The source is open."""
        self.told["opened"] = round(time.perf_counter() - self.begun, 4)

    def step(self) -> bool:
        """A step has ended; whether there is time for another."""
        self.last = time.perf_counter()
        self.first, self.steps = self.first or self.last, self.steps + 1
        self.is_over = self.last - self.first > self.limit
        return not self.is_over

    def result(self) -> dict[str, Any]:
        """Seconds to the first step, and images a second after it."""
        rate = (self.steps - 1) * BATCH / max(self.last - self.first, 1e-9)
        seconds = round(self.first - self.begun, 3)
        return {
            **self.told,
            "first_step": seconds,
            "steps": self.steps,
            "epoch_is_whole": not self.is_over,
            "images_per_second": round(rate, 1),
        }


class OverError(Exception):
    """The time is over."""


def open_nin(source: str, clock: Clock) -> None:
    """List a source, and divide it into parts by content."""
    from nin.data.folders.division import divide
    from nin.data.source_listing import list_source
    from nin.data.storage.url_path import source_path

    listing = list_source(source_path(source))
    clock.told["listed"] = round(time.perf_counter() - clock.begun, 4)
    divide(listing, 0.1, 0.1, None, 0)
    clock.opened()


def train_nin(source: str, clock: Clock) -> None:
    """Ours, streamed."""
    from nin.data import ImageFolder

    loader = ImageFolder(source, BATCH, image_size=SIDE, stream=True).train_dataloader()
    clock.opened()
    fit(loader, clock)


def train_keras(source: str, clock: Clock) -> None:
    """`keras.utils.image_dataset_from_directory`, on tf.data."""
    import keras

    dataset = keras.utils.image_dataset_from_directory(
        source, batch_size=BATCH, image_size=(SIDE, SIDE), seed=0, verbose=False
    )
    clock.opened()
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
    import torch
    import webdataset

    shards = [str(path) for path in sorted(Path(source).glob("*.tar"))]
    samples = webdataset.WebDataset(shards, shardshuffle=len(shards), seed=0).shuffle(1000)
    samples = samples.decode("pil").to_tuple("jpg", "cls").map_tuple(_pixels, int)
    loader = torch.utils.data.DataLoader(
        samples.batched(BATCH), batch_size=None, num_workers=os.cpu_count() or 1
    )
    clock.opened()
    pooled = [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()]
    model = torch.nn.Sequential(*pooled, torch.nn.Linear(3, CLASSES))
    optimizer = torch.optim.SGD(model.parameters(), 0.01)
    for pixels, labels in loader:
        loss = torch.nn.functional.cross_entropy(
            model(torch.as_tensor(pixels).float().movedim(-1, 1)), torch.as_tensor(labels)
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        is_time_left = clock.step()
        if clock.steps >= 16 and clock.steps.bit_count() == 1:
            clock.told["peak_mib"] = max(clock.told.get("peak_mib", 0), _together())
        if not is_time_left:
            break


def _pixels(picture: Any) -> Any:
    import numpy as np

    return np.asarray(picture.convert("RGB").resize((SIDE, SIDE)))


def _together() -> float:
    """What this process and those below it hold, counting what they share once, in MiB."""
    import psutil

    here = psutil.Process()
    family = [here, *here.children(recursive=True)]
    return round(sum(each.memory_full_info().pss for each in family) / 2**20, 1)


#: (What, way) → what does it, and what is loaded before the clock starts.
WAYS: dict[tuple[str, str], tuple[Callable[[str, Clock], None], tuple[str, ...]]] = {
    ("open", "nin"): (open_nin, ("nin.data.folders.division", "nin.data.source_listing")),
    ("train", "nin"): (train_nin, ("tensorflow", "keras", "nin.data.streaming")),
    ("train", "keras"): (train_keras, ("tensorflow", "keras")),
    ("train", "webdataset"): (train_webdataset, ("torch", "webdataset", "psutil", "PIL.Image")),
}


def peak() -> float:
    """The most memory this process has held so far, in MiB; what started it does not count."""
    status = Path("/proc/self/status").read_text()
    return round(int(re.findall(r"VmHWM:\s*(\d+)", status)[0]) / 1024, 1)


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
    told = clock.result() if what == "train" else clock.told
    print(json.dumps({"before_mib": before, "peak_mib": peak(), **told}), flush=True)
    os._exit(0)  # Whatever still reads ahead.


if __name__ == "__main__":
    main()
