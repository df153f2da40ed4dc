"""A file of arrays, ``.npz``: which array names are known, and what is never loaded from it.

Nothing is unpickled, and an array is read only if its name is known. The known names are those of
Keras (``x_train``, ``y_train``, …), of MedMNIST (``train_images``, ``train_labels``,
``val_images``, …) and of a single part (``images`` and ``labels``, ``x`` and ``y``), and
``class_names`` and ``groups``. Case does not matter.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import Any, NamedTuple

import numpy as np

from nin.data.split import PARTS, Part
from nin.errors import DataError, first_line
from nin.files import did_you_mean

#: How array names refer to the parts.
_PARTS: dict[Part, tuple[str, ...]] = {
    "train": ("train",),
    "validation": ("val", "valid", "validation"),
    "test": ("test",),
}
_IMAGES, _LABELS, _GROUPS = ("x", "images"), ("y", "labels"), ("groups",)
_CLASSES = ("class_names", "classes", "label_names")
#: The names to suggest in a message.
_KNOWN = "x_train, y_train, x_test, y_test; train_images, train_labels, …; or images and labels"


class StoredArrays(NamedTuple):
    """What a file holds.

    Attributes:
        parts: images, labels and groups of each part; groups may be None.
        classes: names of the classes. None: the file does not hold them.
    """

    parts: dict[Part, tuple[Any, Any, Any]]
    classes: list[str] | None


def is_npz(path: str | Path) -> bool:
    """Whether `path` has the suffix of a file of arrays."""
    return Path(path).suffix.lower() == ".npz"


def npz_image_shape(path: Path) -> tuple[int, int, int]:
    """Return the (height, width, channels) of the images; only a header is read.

    Raises:
        DataError: see `read_npz`.
    """
    with _readable(path), zipfile.ZipFile(path) as file:
        names = _names(path, [name.removesuffix(".npy") for name in file.namelist()])
        for part in PARTS:
            if (name := names.get(("images", part))) is None:
                continue
            with file.open(f"{name}.npy") as array:
                version = np.lib.format.read_magic(array)
                read = np.lib.format.read_array_header_1_0
                shape, _, _ = (read if version == (1, 0) else np.lib.format.read_array_header_2_0)(
                    array
                )
            sides = (*shape[1:], 1)[:3] if len(shape) > 2 else ()
            if len(sides) != 3:
                raise DataError(
                    f"{path}: {name} is of shape {shape}: images are (n, height, width) or"
                    " (n, height, width, channels)"
                )
            is_first = sides[0] in (1, 3) and sides[2] not in (1, 3)
            return (sides[1], sides[2], sides[0]) if is_first else (sides[0], sides[1], sides[2])
    raise DataError(f"{path} holds no images: known are {_KNOWN}")


def read_npz(path: Path) -> StoredArrays:
    """Read the arrays whose names are known.

    Raises:
        DataError: the file is missing or damaged, holds pickled objects or unknown names, or
            lacks the images or labels of a part.
    """
    with _readable(path), zipfile.ZipFile(path), np.load(path, allow_pickle=False) as file:
        names = _names(path, file.files)
        found = {role: _array(path, file, name) for role, name in names.items()}
    classes = found.pop(("classes", "train"), None)
    parts: dict[Part, tuple[Any, Any, Any]] = {}
    for part in PARTS:
        pair = [found.get((kind, part)) for kind in ("images", "labels")]
        if any(each is not None for each in pair):
            if missing := [kind for kind in ("images", "labels") if (kind, part) not in found]:
                raise DataError(f"{path} has no {missing[0]} for {part}: known are {_KNOWN}")
            parts[part] = (pair[0], pair[1], found.get(("groups", part)))
    if not parts:
        raise DataError(f"{path} holds no images: known are {_KNOWN}")
    return StoredArrays(parts, None if classes is None else _texts(path, classes))


def _texts(path: Path, names: Any) -> list[str]:
    if names.ndim != 1:
        raise DataError(f"{path}: class_names is of shape {names.shape}: it must be a list")
    if names.dtype.kind == "S":
        names = np.char.decode(names, "utf-8", "surrogateescape")
    return [str(name) for name in names]


Role = tuple[str, Part]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file{did_you_mean(path)}") from error
    except (
        *(OSError, EOFError, ValueError, TypeError, KeyError, zipfile.BadZipFile),
        *(RuntimeError, TokenError, lzma.LZMAError),  # Encrypted; cut off; damaged LZMA.
    ) as error:
        raise DataError(f"{path} is damaged, or not an .npz file: {first_line(error)}") from error
    except zlib.error as error:
        raise DataError(f"{path} is damaged: {error}") from error
    except MemoryError as error:
        raise DataError(f"{path} holds arrays that do not fit in memory") from error


def _names(path: Path, stored: list[str]) -> dict[Role, str]:
    """The role of each array → its name in the file."""
    found: dict[Role, str] = {}
    for name in stored:
        role = _roles().get(name.lower())
        if role is None:
            raise DataError(f"{path} holds {name!r}, which is not a known name: {_KNOWN}")
        if role in found:
            raise DataError(f"{path} holds both {found[role]!r} and {name!r}: keep one of them")
        found[role] = name
    return found


def _roles() -> dict[str, Role]:
    roles: dict[str, Role] = dict.fromkeys(_CLASSES, ("classes", "train"))
    for kind, words in (("images", _IMAGES), ("labels", _LABELS), ("groups", _GROUPS)):
        for word in words:
            roles[word] = (kind, "train")
            for part, names in _PARTS.items():
                for name in names:
                    roles[f"{word}_{name}"] = roles[f"{name}_{word}"] = (kind, part)
    return roles


def _array(path: Path, file: Any, name: str) -> Any:
    try:
        array = file[name]
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{name!r} is not an array")
        return array
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        raise DataError(
            f"{path}: {name!r} holds pickled Python objects, which can run code and are never"
            " loaded: save plain arrays, texts as np.array(texts, dtype=str)"
        ) from error
