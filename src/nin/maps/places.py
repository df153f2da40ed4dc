"""Which picture of class maps goes into which file; no image that was given is overwritten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from nin.errors import NinError

#: Images in one picture; more make numbered pages.
PAGE = 8


def pictures(files: Sequence[Path], out: Path | None = None) -> dict[Path, list[int]]:
    """Picture → the numbers of the images in it.

    Args:
        files: the images.
        out: a ``.png`` or ``.svg``, for all images: from the ninth on with ``-2``, ``-3`` before
            the suffix, eight images each; or a folder, for a picture an image:
            ``<image>-maps.png``. None: that picture here for one image, ``maps.png`` for more.

    Raises:
        NinError: another suffix, or one of `files` would be overwritten.
    """
    if out is not None and _is_folder(out):
        return {path: [i] for i, path in enumerate(_names(out, files))}
    if out is None:
        out = Path(f"{files[0].stem}-maps.png" if len(files) == 1 else "maps.png")
    if out.suffix.lower() not in (".png", ".svg"):
        raise NinError(f"--out {out}: a picture is .png or .svg; a folder has no such ending")
    numbers = list(range(len(files)))
    pages = [numbers[first : first + PAGE] for first in range(0, len(files), PAGE)]
    paths = [out, *(out.with_stem(f"{out.stem}-{page}") for page in range(2, len(pages) + 1))]
    for path in paths:
        refuse_any_of(files, path)
    return dict(zip(paths, pages, strict=True))


def refuse_any_of(files: Iterable[Path], path: Path) -> None:
    """Refuse to write over an image.

    Raises:
        NinError: `path` is one of `files`.
    """
    if _is_any_of(files, path):
        raise NinError(f"cannot write {path}: it is one of the images")


def _is_folder(out: Path) -> bool:
    return out.is_dir() or not out.suffix


def _names(folder: Path, files: Sequence[Path]) -> Iterator[Path]:
    """A free name a file; some file systems take ``A`` and ``a`` for the same."""
    taken: set[str] = set()
    for file in files:
        number = 1
        while True:
            path = folder / f"{file.stem}-maps{'' if number == 1 else f'-{number}'}.png"
            if path.name.casefold() not in taken and not _is_any_of(files, path):
                break
            number += 1
        taken.add(path.name.casefold())
        yield path


def _is_any_of(files: Iterable[Path], path: Path) -> bool:
    return path.exists() and any(file.exists() and path.samefile(file) for file in files)
