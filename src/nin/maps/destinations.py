"""Where pictures of class maps are written; other programs' files there are not overwritten."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from nin.errors import Advice, Argument, NinError
from nin.files import beginning, expand
from nin.maps.picture import MARK
from nin.plotting import has_mark

#: Images per picture; if there are more, further, numbered pictures are made.
PAGE = 8
#: The arrays in an ``.npz`` of class maps.
ARRAYS = ("maps", "probabilities", "classes", "files", "resize_mode")

#: Most bytes of a file's name, on almost every file system.
_LONGEST_NAME = 255


def pictures(
    files: Sequence[Path], out: Path | None = None, overwrite: bool = False
) -> dict[Path, list[int]]:
    """Picture → the indices of the images in it.

    Args:
        files: the images.
        out: a ``.png`` or ``.svg`` for all images, eight per picture, further ones with ``-2``,
            ``-3`` before the suffix; or a folder for one picture per image,
            ``<image>-maps.png``, with a number if that name is taken. None writes to the working
            directory: that picture for one image, ``maps.png`` for more.
        overwrite: whether to replace files that `nin explain` did not write.

    Raises:
        NinError: there are no files; `out` has another suffix; or one of `files`, or a file that
            `nin explain` did not write, would be overwritten.
    """
    if not files:
        raise NinError("there are no images to explain")
    out = None if out is None else expand(out)
    if out is not None and _is_folder(out):
        return {path: [i] for i, path in enumerate(_names(out, files, overwrite))}
    if out is None:
        out = Path(_fitting(files[0].stem, "-maps.png") if len(files) == 1 else "maps.png")
    if out.suffix.lower() not in (".png", ".svg"):
        raise NinError("give a .png or .svg file, or a folder", about=Argument("out", out))
    numbers = list(range(len(files)))
    pages = [numbers[first : first + PAGE] for first in range(0, len(files), PAGE)]
    paths = [out, *(out.with_stem(f"{out.stem}-{page}") for page in range(2, len(pages) + 1))]
    for path in paths:
        check_free("out", path, files, overwrite)
    return dict(zip(paths, pages, strict=True))


def check_free(argument: str, path: Path, files: Iterable[Path], overwrite: bool) -> None:
    """Refuse to overwrite an image, or a file that `nin explain` did not write.

    Args:
        argument: the argument that gave `path`, for the message.
        path: where to write.
        files: the images.
        overwrite: whether to replace files that `nin explain` did not write; never the images.

    Raises:
        NinError: a file is in the way; the message names it.
    """
    if _is_any_of(files, path):
        raise NinError(f"cannot write {path}: it is one of the images")
    if not overwrite and not _is_ours(path):
        raise NinError(
            f"{path} already exists, and nin explain did not write it",
            Advice("name another {}", Argument(argument)),
            Advice("replace it: {}", Argument("overwrite", True)),
        )


def _is_folder(out: Path) -> bool:
    return out.is_dir() or not out.suffix


def _names(folder: Path, files: Sequence[Path], overwrite: bool) -> Iterator[Path]:
    """A free name per file; on some file systems ``A`` and ``a`` are the same."""
    taken: set[str] = set()
    for file in files:
        number = 1
        while True:
            ending = "-maps.png" if number == 1 else f"-maps-{number}.png"
            path = folder / _fitting(file.stem, ending)
            is_free = not _is_any_of(files, path) and (overwrite or _is_ours(path))
            if is_free and path.name.casefold() not in taken:
                break
            number += 1
        taken.add(path.name.casefold())
        yield path


def _fitting(stem: str, ending: str) -> str:
    """A file name, for which a `stem` that is too long is cut."""
    return beginning(stem, _LONGEST_NAME - len(ending)) + ending


def _is_any_of(files: Iterable[Path], path: Path) -> bool:
    return path.exists() and any(file.exists() and path.samefile(file) for file in files)


def _is_ours(path: Path) -> bool:
    """Whether `path` is free, or holds a picture or maps that `nin explain` wrote."""
    if not os.path.lexists(path):
        return True
    try:
        return _READERS[path.suffix.lower()](path)
    except (OSError, SyntaxError, ValueError, KeyError, zipfile.BadZipFile):
        return False


def _is_our_png(path: Path) -> bool:
    return has_mark(path, MARK)


def _is_our_svg(path: Path) -> bool:
    with path.open("rb") as file:
        return f"<dc:title>{MARK}</dc:title>".encode() in file.read(4096)


def _is_our_npz(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        names = {name.removesuffix(".npy") for name in archive.namelist()}
    return names in ({*ARRAYS}, {*ARRAYS[:-1], "fit"})  # As it was called before.


_READERS = {".png": _is_our_png, ".svg": _is_our_svg, ".npz": _is_our_npz}
