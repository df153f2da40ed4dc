"""One way to load a folder of pictures: an epoch of shuffled batches, timed. Started by loading.py.

The clock runs from the naming of the folder to the last batch: listing, decoding, resizing to a
square, cutting into batches. Starting Python and importing the libraries is left out.

Run: python benchmarks/alternatives/loading.py WAY FOLDER SIDE
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from alternatives.memory import peak

BATCH = 64

#: Anything that yields batches, and how many pictures one holds.
Epoch = Iterator[int]


def nin_loader(folder: str, side: int, stream: bool) -> Any:
    """Our batches of every picture of a folder."""
    from nin.data import ImageFolder

    data = ImageFolder(folder, BATCH, image_size=side, validation=0, test=0, stream=stream)
    return data.train_dataloader()


def memory() -> Callable[[str, int], Epoch]:
    """Ours, all read into memory first."""
    import nin.data.loader  # noqa: F401

    return lambda folder, side: (len(y) for _, y in nin_loader(folder, side, stream=False))


def streamed() -> Callable[[str, int], Epoch]:
    """Ours, decoded ahead of the step."""
    import nin.data.streaming  # noqa: F401

    return lambda folder, side: (len(y) for _, y in nin_loader(folder, side, stream=True))


def fit() -> Callable[[str, int], Epoch]:
    """Ours, streamed into `fit` of about the smallest network there is."""
    import keras

    def epoch(folder: str, side: int) -> Epoch:
        loader = nin_loader(folder, side, stream=True)
        layers = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1000)]
        model = keras.Sequential([keras.Input((side, side, 3)), *layers])
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(loader, shuffle=False, verbose=0)
        yield loader.num_samples

    return epoch


def keras_directory() -> Callable[[str, int], Epoch]:
    """`keras.utils.image_dataset_from_directory`, on tf.data; it does not antialias."""
    import keras
    import tensorflow  # noqa: F401

    def epoch(folder: str, side: int) -> Epoch:
        dataset = keras.utils.image_dataset_from_directory(
            folder, batch_size=BATCH, image_size=(side, side), seed=0, verbose=False
        )
        yield from (len(labels) for _, labels in dataset)

    return epoch


def torchvision_folder() -> Callable[[str, int], Epoch]:
    """`torchvision.datasets.ImageFolder` through a `DataLoader` with a process a core."""
    from torch.utils.data import DataLoader
    from torchvision import datasets, transforms

    def epoch(folder: str, side: int) -> Epoch:
        change = transforms.Compose([transforms.Resize((side, side)), transforms.PILToTensor()])
        dataset = datasets.ImageFolder(folder, change)
        loader = DataLoader(dataset, BATCH, shuffle=True, num_workers=os.cpu_count() or 1)
        yield from (len(labels) for _, labels in loader)

    return epoch


#: Way → how to make it ready, and what it is made of.
WAYS: dict[str, tuple[Callable[[], Callable[[str, int], Epoch]], tuple[str, ...]]] = {
    "streamed": (streamed, ("pillow",)),
    "memory": (memory, ("pillow",)),
    "fit": (fit, ("pillow", "keras")),
    "keras": (keras_directory, ("keras", "tensorflow_cpu", "tensorflow")),
    "torchvision": (torchvision_folder, ("torch", "torchvision", "pillow")),
}

#: Exit status of a way whose libraries are not installed, or cannot be loaded.
ABSENT = 3


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """Of those that are installed: TensorFlow is called otherwise elsewhere."""
    found = {}
    for name in names:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def main() -> None:
    """Load one epoch; print what was measured as a line of JSON."""
    way, folder, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
    prepare, made_of = WAYS[way]
    try:
        epoch = prepare()
    except (ImportError, RuntimeError) as error:
        print(error, file=sys.stderr)
        sys.exit(ABSENT)
    before, begun = peak(), time.perf_counter()
    images = sum(epoch(folder, side))
    seconds = time.perf_counter() - begun
    measured = {
        "images": images,
        "images_per_second": round(images / seconds, 1),
        "seconds": round(seconds, 3),
        "peak_mib": peak(),
        "of_it_before_mib": before,
        "made_of": versions(made_of),
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
