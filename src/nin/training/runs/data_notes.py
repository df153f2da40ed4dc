"""Notes for the user on the images of a training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nin.data import DataModule, ImageArrays, ImageData, ImageFolder
from nin.data.decode_many import in_words
from nin.data.split import Part
from nin.names import listed, printable
from nin.progress import stderr_console


def found_note(data: DataModule, divided: bool = True) -> str | None:
    """What was found in a folder of pictures, or what to know of arrays; None for nothing.

    The lines are safe to print.

    Args:
        data: the pictures.
        divided: whether to add the number of pictures in each part that is used.
    """
    if isinstance(data, ImageArrays):
        return "\n".join(map(printable, data.notes)) or None
    if not isinstance(data, ImageFolder):
        return None
    counts = {part: len(data.files(part).labels) for part in data.parts}
    if not divided or counts == data.inventory.pictures:
        return data.inventory.text()
    used = ", ".join(f"{part} {count:,}{_without(data, part)}" for part, count in counts.items())
    return f"{data.inventory.text()}\nused: {used}"


def _without(data: ImageFolder, part: Part) -> str:
    """The classes that a part lacks, in brackets; they may be too small to be divided."""
    there = set(data.files(part).labels.tolist())
    names = [printable(name) for label, name in enumerate(data.classes) if label not in there]
    return f" (none of {listed(names)})" if names else ""


def show_found(data: DataModule, divided: bool = True) -> None:
    """Print `found_note` on standard error, before anything is read."""
    if (note := found_note(data, divided)) is not None:
        stderr_console().print(note, markup=False)


def balance_note(data: DataModule) -> str | None:
    """The note on unequal sizes of classes, if any, in one line."""
    return data.imbalance() if isinstance(data, ImageData) else None


def pictures_note(data: DataModule) -> str | None:
    """What was found in those pictures of a folder that have been read so far, in one line."""
    return in_words(data.remarks, data.bit_depth) if isinstance(data, ImageFolder) else None


def unreadable_note(data: DataModule) -> str | None:
    """The unreadable pictures left out so far, in one line; None if there are none."""
    skipped = getattr(data, "skipped", ())
    if not skipped:
        return None
    return printable(f"left out {len(skipped)} unreadable images: {', '.join(skipped[:10])}")


@contextmanager
def notes_on(data: DataModule, note: Callable[[str | None], None]) -> Iterator[None]:
    """Give `note` what is to be said of images now, and after the block what has changed.

    Streamed pictures are only read during training.
    """
    note(balance_note(data))
    before = [unreadable_note(data), pictures_note(data)]
    for line in before:
        note(line)
    yield
    for line, earlier in zip([unreadable_note(data), pictures_note(data)], before, strict=True):
        note(line if line != earlier else None)
