"""Lists a set of shards like a folder of pictures: its classes, pictures and parts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nin.data.folders.inventory import FolderInventory
from nin.data.folders.listing import Files, Listing
from nin.data.folders.picture_files import LeftOut
from nin.data.image_statistics import images_per_class
from nin.data.shards.parquet_samples import parquet_pictures, parquet_samples
from nin.data.shards.sample_labels import (
    CLASS_FILES,
    ClassNames,
    ShardSamples,
    class_of,
    find_class_names,
    in_order,
)
from nin.data.shards.shard_files import ShardFile, ShardFiles
from nin.data.shards.tar_samples import tar_pictures, tar_samples
from nin.data.split import PARTS, Part
from nin.data.storage.parquet_shards import ENDING as PARQUET
from nin.data.storage.url_path import source_path
from nin.errors import DataError
from nin.progress import progress
from nin.urls import share_signature


class _Labelled(NamedTuple):
    """The labelled pictures of a part, and for each the position of its label in `_Labels`."""

    names: list[str]
    places: list[int]


class _Labels:
    """The distinct labels of shards.

    Attributes:
        places: label → its position, in the order in which they were found.
        shards: the first shard that has each.
    """

    def __init__(self) -> None:
        self.places: dict[int | str, int] = {}
        self.shards: list[str] = []

    def place(self, label: int | str, shard: str) -> int:
        """The position of a label; a new label is added."""
        place = self.places.setdefault(label, len(self.places))
        if place == len(self.shards):
            self.shards.append(shard)
        return place


def list_shards(path: Path, shards: ShardFiles) -> Listing:
    """List the pictures of shards, in the shards' order, and their labels.

    Args:
        path: the path that the user named.
        shards: the shards that it stands for.

    Raises:
        DataError: a shard is damaged or has no labels, two shards of a part have the same key, or
            there are fewer than two classes to train on.
    """
    left_out: LeftOut = Counter()
    by_part, part_names = _by_part(path, shards, left_out)
    folders = [*_beside(shards)]
    share_signature(shards.files[0].path, (str(f / name) for f in folders for name in CLASS_FILES))
    known = find_class_names(folders)
    seen = _Labels()
    found: dict[Part, _Labelled] = {}
    with progress("reading shards", sum(map(len, by_part.values()))) as advance:
        for part, files in by_part.items():
            found[part] = _Labelled([], [])
            keys: dict[str, str] = {}
            for file in files:
                samples = shard_samples(file.path)
                _check_keys(keys, samples, file.path)
                known = _same_classes(known, samples, file.path)
                _add(found[part], samples, seen, file.path, part, left_out)
                advance(1)
    return _listing(path, shards, found, part_names, seen, known, left_out)


def shard_samples(path: str) -> ShardSamples:
    """The pictures of a shard of any kind, and their labels.

    Raises:
        DataError: it is damaged, or of another layout.
    """
    return parquet_samples(path) if path.endswith(PARQUET) else tar_samples(path)


def shard_pictures(path: str) -> list[str]:
    """The names of all pictures in a shard of any kind, labelled or not.

    Raises:
        DataError: it is damaged, or of another layout.
    """
    return parquet_pictures(path) if path.endswith(PARQUET) else tar_pictures(path)


def _by_part(
    path: Path, shards: ShardFiles, left_out: LeftOut
) -> tuple[dict[Part, list[ShardFile]], dict[Part, str]]:
    """The shards of each part, and the names of the parts; all are ``"train"`` if undivided.

    Shards of only one part are meant to be divided. Training shards in a folder, however, count as
    divided already, like a folder of pictures; and shards of another part are kept from those of
    no known part.
    """
    parts = {part: [file for file in shards.files if file.part == part] for part in PARTS}
    parts = {part: files for part, files in parts.items() if files}
    unknown = sum(file.part is None for file in shards.files)
    is_divided = shards.is_folder if "train" in parts else unknown > 0
    if not parts or (len(parts) == 1 and not is_divided):
        return {"train": list(shards.files)}, {}
    if "train" not in parts:
        raise DataError(
            f"{path}: has shards of {' and '.join(parts)}, and none to train on: call these train-…"
        )
    left_out["shards of no known part"] += unknown
    return parts, {part: files[0].part_name for part, files in parts.items()}


def _beside(shards: ShardFiles) -> Iterator[Path]:
    """The folder that all shards are in, and then the folder of each."""
    yield shards.root
    yield from dict.fromkeys(source_path(file.path).parent for file in shards.files)


def _check_keys(keys: dict[str, str], samples: ShardSamples, path: str) -> None:
    for key in samples.keys:
        if (other := keys.setdefault(key, path)) != path:
            raise DataError(
                f"{path}: key {key} is in {other}, too: is one of them a copy? Give each picture a"
                " key of its own"
            )


def _same_classes(known: ClassNames | None, samples: ShardSamples, path: str) -> ClassNames | None:
    """The names of the classes from a file beside the shards, or else from the first shard."""
    if samples.classes is None or (known is not None and known.names == samples.classes):
        return known
    if known is None:
        return ClassNames(samples.classes, path)
    raise DataError(f"{path}: its classes differ from those of {known.source}")


def _add(
    found: _Labelled,
    samples: ShardSamples,
    seen: _Labels,
    path: str,
    part: Part,
    left_out: LeftOut,
) -> None:
    left_out.update(samples.left_out)
    if not samples.names:
        raise DataError(f"{path}: holds no pictures, such as 000123.jpg: remove it")
    labelled = [label is not None for label in samples.labels]
    if not any(labelled) and part == "train":
        raise DataError(f"{path}: none of its {len(labelled):,} pictures has a label: add them")
    left_out["pictures without a label"] += labelled.count(False)
    for name, label in zip(samples.names, samples.labels, strict=True):
        if label is not None:
            found.names.append(name)
            found.places.append(seen.place(label, path))


def _listing(
    path: Path,
    shards: ShardFiles,
    found: dict[Part, _Labelled],
    part_names: dict[Part, str],
    seen: _Labels,
    known: ClassNames | None,
    left_out: LeftOut,
) -> Listing:
    if known is None and len({type(label) for label in seen.places}) > 1:
        raise DataError(
            f"{path}: some labels are numbers and some are names: write only one kind, or name the"
            " classes in classes.txt"
        )
    every = zip(seen.places, seen.shards, strict=True)
    names = [class_of(label, known, shard) for label, shard in every]
    trained = {names[place] for place in set(found["train"].places)}
    classes = in_order(trained, seen.places, known)
    if len(classes) < 2:
        raise DataError(f"{path}: {len(classes)} class(es) to train on: two or more are needed")
    position = {name: index for index, name in enumerate(classes)}
    numbers = np.array([position.get(name, -1) for name in names], np.int32)
    parts: dict[Part, Files] = {}
    for part, labelled in found.items():
        labels = numbers[np.array(labelled.places, np.intp)]
        if (labels < 0).any():
            _refuse_unknown(part, seen.shards, names, set(labelled.places), classes)
        if len(labels):
            parts[part] = Files(labelled.names, labels)
    counts = {part: images_per_class(files.labels, classes) for part, files in parts.items()}
    passed_over = {why: count for why, count in left_out.items() if count > 0}
    part_names = {part: name for part, name in part_names.items() if part in parts}
    labels_from = Path(known.source).name if known is not None else None
    inventory = FolderInventory(str(path), counts, part_names, passed_over, labels_from)
    return Listing(shards.root, classes, parts, split=bool(part_names), inventory=inventory)


def _refuse_unknown(
    part: Part,
    shards: Sequence[str],
    names: Sequence[str],
    places: Collection[int],
    classes: Collection[str],
) -> None:
    unknown = {names[place]: shards[place] for place in places if names[place] not in classes}
    named = ", ".join(sorted(unknown)[:10])
    raise DataError(
        f"{unknown[min(unknown)]}: no training pictures of {named}, which {part} has: add some, or"
        " leave those out"
    )
