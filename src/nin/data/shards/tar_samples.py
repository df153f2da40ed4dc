"""The labelled pictures of a tar file in WebDataset's layout: ``000123.jpg``, ``000123.cls``."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence

from nin.data.folders.picture_files import EXTENSIONS, LeftOut
from nin.data.shards.sample_labels import Label, ShardSamples
from nin.data.storage.listing_cache import kept_listing
from nin.data.storage.picture_store import TARS, open_stored
from nin.data.storage.tar_members import TarMembers
from nin.errors import DataError
from nin.names import normalized

#: Suffixes of label files, of which a sample's first counts; and names of the label in JSON.
LABELS, KEYS = (".cls", ".json"), ("label", "cls")

#: The largest label file, in bytes.
_LARGEST_LABEL = 2**20

_NUMBER = re.compile(r"-?\d{1,9}")

#: Suffixes of other files that are counted separately: ``.txt``, ``.seg.npy``.
_USUAL_ENDING = re.compile(r"(\.[a-z][a-z0-9]{0,7}){1,2}")


def tar_pictures(path: str) -> list[str]:
    """The names of all pictures in a tar file, whether they are labelled or not.

    Raises:
        DataError: it is damaged; see `nin.data.storage.tar_members.read_members`.
    """
    return [f"{path}/{name}" for name in TARS.members(path).names if _ending(name) in EXTENSIONS]


def tar_samples(path: str) -> ShardSamples:
    """Read which pictures a tar file holds, and their labels.

    Files with the same name up to the first dot are one sample, and one of them is a picture.

    Args:
        path: the tar file.

    Raises:
        DataError: the tar file is damaged, a sample holds two pictures, or a label is invalid.
    """
    return kept_listing(
        "samples 2", path, lambda: _read_samples(path), list, ShardSamples.from_lists
    )


def _read_samples(path: str) -> ShardSamples:
    members = TARS.members(path)
    left_out = LeftOut(members.passed_over)
    pictures: dict[str, str] = {}
    labels: dict[str, tuple[int, int]] = {}
    for row, name in enumerate(members.names):
        key, ending = _divided(name)
        if ending in EXTENSIONS:
            if key in pictures:
                raise DataError(
                    f"{path}: {pictures[key]} and {name} have the same key, {key}: a sample has one"
                    " picture, and keys end at the first dot"
                )
            pictures[key] = name
        elif ending in LABELS:
            rank = LABELS.index(ending)
            labels[key] = min(labels.get(key, (rank, row)), (rank, row))
        else:
            kind = ending if _USUAL_ENDING.fullmatch(ending) else "other"
            left_out[f"{kind} files in shards"] += 1
    rows = [labels.get(key) for key in pictures]
    read = list(_read_labels(path, members, rows))
    return ShardSamples(
        [f"{path}/{name}" for name in pictures.values()], read, [*pictures], left_out
    )


def _read_labels(
    path: str, members: TarMembers, rows: Sequence[tuple[int, int] | None]
) -> Iterator[Label]:
    with open_stored(path) as file:
        for found in rows:
            if found is None:
                yield None
                continue
            rank, row = found
            where = f"{path}: {members.names[row]}"
            if members.sizes[row] > _LARGEST_LABEL:
                raise DataError(f"{where}: is not a label: it has {members.sizes[row]:,} bytes")
            file.seek(int(members.starts[row]))
            content = file.read(int(members.sizes[row]))
            yield (_json_label if LABELS[rank] == ".json" else _text_label)(content, where)


def _text_label(content: bytes, where: str) -> Label:
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: is not text: a number, or the name of a class") from error
    if len(text.splitlines()) > 1:
        raise DataError(f"{where}: has several lines: a number, or the name of a class")
    return _number(int(text)) if _NUMBER.fullmatch(text) else normalized(text) or None


def _json_label(content: bytes, where: str) -> Label:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise DataError(f"{where}: is not a JSON object")
    label = next((found[key] for key in KEYS if found.get(key) is not None), None)
    if isinstance(label, str):
        return normalized(label.strip()) or None
    if label is None:
        return None
    if isinstance(label, int) and not isinstance(label, bool):
        return _number(label)
    raise DataError(f"{where}: its label must be a number or the name of a class, not {label!r}")


def _number(label: int) -> Label:
    """A number; below 0 it means no label, as in `datasets`."""
    return label if label >= 0 else None


def _divided(name: str) -> tuple[str, str]:
    """A member's key and suffix, divided at the first dot after its folders."""
    folder, slash, file = name.rpartition("/")
    stem, dot, ending = file.partition(".")
    return f"{folder}{slash}{stem}", f"{dot}{ending}".lower()


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122
