"""`FolderInventory`: what was found in a folder of pictures, as numbers and as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nin.data.split import Part
from nin.names import listed, printable

#: If there are more classes than this, the text names only the first and the last few.
_ALL_NAMED, _FIRST, _LAST = 12, 6, 3

#: The longest class name in the text.
_LONGEST = 40


@dataclass(frozen=True)
class FolderInventory:
    """What a folder of pictures holds, before anything is divided or decoded.

    Attributes:
        path: the folder as it was given; for a table of labels, the folder that it is in.
        per_class: part → class → number of pictures, including classes that a part lacks. All are
            under ``"train"`` if the folder is not divided into parts.
        part_names: part → what stands for it: a folder's name, or a word in a table of labels.
            Empty if the folder is not divided.
        left_out: reason → number of files or folders that were skipped.
        labels: name of the file that the labels are from. None: the names of folders.

    Example:
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> for name, count in ("sky", 10), ("sea", 12):
        ...     Path("coast", name).mkdir(parents=True)
        ...     for number in range(count):
        ...         Image.new("RGB", (60, 40)).save(f"coast/{name}/{number}.png")
        >>> Path("coast/sea/Thumbs.db").touch()
        >>> print(nin.ImageFolder("coast").inventory.text())
        coast: 22 pictures in 2 classes
        classes: sea 12, sky 10
        left out: Thumbs.db 1
    """

    path: str
    per_class: Mapping[Part, Mapping[str, int]]
    part_names: Mapping[Part, str]
    left_out: Mapping[str, int]
    labels: str | None = None

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of their labels."""
        return tuple(self.per_class["train"])

    @property
    def pictures(self) -> dict[Part, int]:
        """Part → number of pictures."""
        return {part: sum(counts.values()) for part, counts in self.per_class.items()}

    @property
    def lacking(self) -> dict[Part, list[str]]:
        """Part → the classes that it has no picture of; only parts that lack some."""
        found = {
            part: [name for name, count in counts.items() if not count]
            for part, counts in self.per_class.items()
        }
        return {part: names for part, names in found.items() if names}

    def record(self) -> dict[str, Any]:
        """Return everything but the path, ready for JSON."""
        return {name: value for name, value in asdict(self).items() if name != "path"}

    def text(self) -> str:
        """Return everything as a few lines of text that is safe to print."""
        lines = [self._first_line(), f"classes: {self._class_counts()}"]
        for part, names in self.lacking.items():
            named = listed([*map(_short, names)])
            lines.append(f"{_short(self.part_names.get(part, part))} has no picture of {named}")
        if self.left_out:
            counted = (f"{printable(why)} {count:,}" for why, count in self.left_out.items())
            lines.append(f"left out: {', '.join(counted)}")
        return "\n".join(lines)

    def _first_line(self) -> str:
        pictures = self.pictures
        total, classes = sum(pictures.values()), len(self.classes)
        labels = "" if self.labels is None else f", labelled by {_short(self.labels)}"
        line = (
            f"{printable(_from_here(self.path))}: {total:,} pictures in {classes} classes{labels}"
        )
        if not self.part_names:
            return line
        parts = (
            f"{part} {pictures[part]:,}" + ("" if name == part else f" ({_short(name)})")
            for part, name in self.part_names.items()
        )
        return f"{line}; {', '.join(parts)}"

    def _class_counts(self) -> str:
        total = dict.fromkeys(self.classes, 0)
        for counts in self.per_class.values():
            for name, count in counts.items():
                total[name] += count
        each = [f"{_short(name)} {count:,}" for name, count in total.items()]
        if len(each) > _ALL_NAMED:
            each = [*each[:_FIRST], "…", *each[-_LAST:]]
        return ", ".join(each)


def _short(name: str) -> str:
    name = printable(name)
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def _from_here(path: str) -> str:
    """A path relative to the working directory if it is below it; records hold it in full."""
    here = Path.cwd()
    below = here in Path(path).parents
    return str(Path(path).relative_to(here)) if below else path
