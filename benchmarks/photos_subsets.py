"""Small, few and unbalanced classes, drawn by seed from a large folder of photographs.

Each subset is a folder of links with train/ and test/, called by its counts and its seed:
``100-50-20-seed-0`` has 100, 50 and 20 training photographs of three classes. Which classes these
are, and which photographs of the folder's train/, is up to the seed. The test photographs, as many
of each class, come from the folder's other parts and are the same for all seeds.

Run: python benchmarks/photos_subsets.py FOLDER OUT [--counts 20,20 100,50,20,10,5] [--seeds 3]
[--judged 60]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

from nin.data.folders.listing import list_folder

#: Class → its photographs.
Classes = Mapping[str, Sequence[Path]]

COUNTS = ("20,20", "60,60", "120,120", "20,20,20,20,20", "100,50,20,10,5")


def listed(folder: Path) -> dict[str, dict[str, list[Path]]]:
    """Part → class → photographs in the order of their paths; all in "train" if it has no parts."""
    listing = list_folder(folder)
    return {
        part: {
            name: sorted(
                Path(path)
                for path, label in zip(files.paths, files.labels.tolist(), strict=True)
                if label == number
            )
            for number, name in enumerate(listing.classes)
        }
        for part, files in listing.parts.items()
    }


def link(folder: Path, classes: Classes) -> None:
    """Make `folder` with links to the photographs of each class, numbered: names may recur."""
    for name, paths in classes.items():
        (folder / name).mkdir(parents=True)
        for number, path in enumerate(paths):
            (folder / name / f"{number:05}-{path.name}").symlink_to(path.resolve())


def unseen(parts: Mapping[str, Classes]) -> dict[str, list[Path]]:
    """Class → photographs that are not in train/."""
    others = [classes for part, classes in parts.items() if part != "train"]
    return {name: sorted(path for part in others for path in part[name]) for name in parts["train"]}


def subset(
    parts: Mapping[str, Classes], folder: Path, counts: Mapping[str, int], judged: int, seed: int
) -> None:
    """Make train/ and test/ of some classes in `folder`.

    Args:
        parts: see `listed`.
        folder: is made.
        counts: class → how many to train on.
        judged: how many of each class to judge by; fewer if there are fewer.
        seed: chooses those to train on.
    """
    others = unseen(parts)
    train = {name: Random(seed).sample(parts["train"][name], counts[name]) for name in counts}
    test = {name: Random(0).sample(others[name], min(judged, len(others[name]))) for name in counts}
    link(folder / "train", train)
    link(folder / "test", test)


def classes_for(counts: Iterable[int], parts: Mapping[str, Classes], seed: int) -> dict[str, int]:
    """Give each count a class that has so many photographs in train/, drawn by seed.

    Raises:
        SystemExit: there are not so many such classes.
    """
    rng, left = Random(seed), dict(parts["train"])
    given: dict[str, int] = {}
    for count in sorted(counts, reverse=True):
        enough = sorted(name for name, paths in left.items() if len(paths) >= count)
        if not enough:
            raise SystemExit(f"too few classes with {count} training photographs")
        name = rng.choice(enough)
        given[name] = count
        del left[name]
    return given


def main() -> None:
    """Make every subset that is not there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="photographs in train/ and other parts")
    parser.add_argument("out", type=Path, help="where the subsets are made")
    parser.add_argument("--counts", nargs="+", default=COUNTS, help="of each class's photographs")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--judged", type=int, default=60, help="test photographs of each class")
    asked = parser.parse_args()
    parts = listed(asked.folder)
    for text in asked.counts:
        for seed in range(asked.seeds):
            folder = asked.out / f"{text.replace(',', '-')}-seed-{seed}"
            if not folder.exists():
                counts = classes_for(map(int, text.split(",")), parts, seed)
                subset(parts, folder, counts, asked.judged, seed)
                print(folder, counts, flush=True)


if __name__ == "__main__":
    main()
