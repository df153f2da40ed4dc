"""Whether a network trained from scratch would do better than a pretrained one.

Pictures that are unlike photographs, such as spectrograms, scans, textures or sprites, may have
little in common with what a trunk was trained on. If training from scratch is cheap, both are tried
on the same held-out training pictures.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nin.data import ImageFolder
from nin.data.storage.picture_store import file_of
from nin.errors import NinError
from nin.training.precision import resolve_precision
from nin.training.recipe import Recipe
from nin.training.recipes import RECIPES
from nin.training.runs.run import Run
from nin.training.schedule import adjust
from nin.training.transfer_learning.head import Head, fit_head
from nin.urls import is_url

#: Side in pixels, the smallest that the book's network takes.
IMAGE_SIZE = 67
#: Share of the training pictures held out from both networks, to evaluate them on.
HELD_OUT = 0.3
#: Nothing is tried at this cross-validated accuracy or above: there is little to gain.
GOOD = 0.9
#: Nor with fewer training pictures than this: too few of them could be held out.
FEWEST = 60
#: Nor if training would take more images than this, in all epochs together.
MOST_IMAGES = 10_000
#: A difference with a smaller p-value is reported as one.
SIGNIFICANT = 0.05


class ScratchComparison(NamedTuple):
    """A pretrained network and one trained from scratch, on the same held-out pictures.

    Attributes:
        n: how many pictures they were evaluated on.
        pretrained: how many of them the pretrained network classified correctly.
        from_scratch: how many of them the other network classified correctly.
        p: p-value of the difference, by the exact test of McNemar (1947).
        image_size: side in pixels of the images that the network from scratch was trained on.
        seconds: how long training from scratch took.
    """

    n: int
    pretrained: int
    from_scratch: int
    p: float
    image_size: int
    seconds: float

    def in_words(self) -> str:
        """Which network was better, and how to train from scratch if it is, in one line."""
        shares = (
            f"of {self.n} held-out training pictures {self.pretrained / self.n:.0%} by the"
            f" pretrained network, {self.from_scratch / self.n:.0%} by one trained from scratch at"
            f" {self.image_size} px"
        )
        if self.p >= SIGNIFICANT:
            return f"{shares}: too few to tell which is better; --preset book trains from scratch"
        if self.from_scratch > self.pretrained:
            return f"{shares}, which is better: train with --preset book"
        return f"{shares}: pretraining is better here"


def is_worth_trying(head: Head, paths: Sequence[str]) -> bool:
    """Whether there is something to gain, and training from scratch is cheap.

    Args:
        head: the pretrained network's.
        paths: the pictures to train on; none may be in a shard or behind a URL.
    """
    images = len(paths)
    chosen = head.chosen
    if images < FEWEST or chosen is None or float(np.mean(chosen.accuracy)) >= GOOD:
        return False
    is_cheap = adjust(_recipe(), images).epochs * images <= MOST_IMAGES
    return is_cheap and not any(is_url(path) or file_of(path) != path for path in paths)


def compare_with_scratch(
    run: Run, features: NDArray[np.float32], labels: NDArray[np.int32], paths: Sequence[str]
) -> ScratchComparison | None:
    """Train both networks on a part of the training pictures, and evaluate them on the rest.

    Args:
        run: the run of the pretrained network.
        features: (n, channels), the trunk's features of the training pictures.
        labels: (n,), their labels.
        paths: their files.

    Returns:
        The comparison; None if a class has too few pictures or the training failed.
    """
    from sklearn.model_selection import train_test_split

    try:
        kept, held = train_test_split(
            np.arange(len(labels)), test_size=HELD_OUT, stratify=labels, random_state=0
        )
    except ValueError:  # A class has too few pictures.
        return None
    kept, held = np.sort(kept), np.sort(held)
    balance = run.recipe.balance != "none"
    head = fit_head(features[kept], labels[kept], len(run.classes), balance=balance)
    pretrained = head.logits(features[held]).argmax(axis=1) == labels[held]
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nin-scratch-") as scratch:
        folder = Path(scratch) / "pictures"
        try:
            _link(folder / "train", paths, labels, kept)
            _link(folder / "test", paths, labels, held)
            predicted = _predicted_classes(_recipe(run.recipe, folder), Path(scratch) / "run")
        except (NinError, OSError):
            return None
    from_scratch = predicted == labels[held]
    return ScratchComparison(
        n=len(held),
        pretrained=int(pretrained.sum()),
        from_scratch=int(from_scratch.sum()),
        p=mcnemar(pretrained, from_scratch),
        image_size=IMAGE_SIZE,
        seconds=round(time.monotonic() - begun, 1),
    )


def mcnemar(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """The exact p-value for two networks being right equally often on the same pictures."""
    from scipy.stats import binomtest

    better, worse = int((one & ~other).sum()), int((other & ~one).sum())
    return float(binomtest(better, better + worse).pvalue) if better + worse else 1.0


def _recipe(pretrained: Recipe | None = None, folder: Path | None = None) -> Recipe:
    shift = RECIPES["scratch"].shift * IMAGE_SIZE // (RECIPES["scratch"].image_size or IMAGE_SIZE)
    recipe = RECIPES["scratch"].revised(image_size=IMAGE_SIZE, shift=shift)
    if pretrained is None:
        return recipe
    same = {name: getattr(pretrained, name) for name in ("resize_mode", "flip", "balance", "seed")}
    return recipe.revised(data=str(folder), **same)


def _link(
    folder: Path, paths: Sequence[str], labels: NDArray[np.int32], chosen: NDArray[np.intp]
) -> None:
    """Link the chosen pictures into `folder`, a directory per class, with numbers as names."""
    for number in chosen.tolist():
        path = Path(paths[number])
        link = folder / f"{labels[number]:05}" / f"{number:07}{path.suffix}"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path.resolve())


def _predicted_classes(recipe: Recipe, out: Path) -> NDArray[np.intp]:
    """Train silently, and predict the test pictures' classes, in the order of their numbers."""
    from nin.training import pipeline
    from nin.training.runs.dataset import open_images

    with contextlib.redirect_stderr(io.StringIO()):
        run = pipeline.train(resolve_precision(recipe), out)
        data = open_images(recipe)
        assert isinstance(data, ImageFolder)
        predicted: NDArray[np.intp] = run.predict(data.test.images).argmax(axis=1)
    return predicted[np.argsort([Path(path).name for path in data.files("test").paths])]
