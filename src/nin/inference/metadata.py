"""The description in an exported file: read and checked, since files may come from anyone."""

from __future__ import annotations

import json
import reprlib
from pathlib import Path
from typing import Any

from nin.data.bit_depth import DEPTHS
from nin.data.decode import FITS
from nin.errors import ExportError

FORMAT = 1

#: The key of the description in files with named metadata.
KEY = "nin"

#: Its file in an archive, or in `EXTRA_FOLDER` of a SavedModel.
DESCRIPTION_FILE, EXTRA_FOLDER = "nin.json", "assets.extra"


def parse(text: str | bytes | None, where: Path) -> dict[str, Any]:
    """The description in a file.

    Args:
        text: JSON; None where the file has none.
        where: the file, for messages.

    Raises:
        ExportError: it is missing, damaged, or of a later version.
    """
    if text is None:
        raise ExportError(f"{where} was not written by nin export: it does not name its classes")
    try:
        description = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{where} is damaged: its description is not JSON") from error
    if problem := _fault(description):
        raise ExportError(f"{where} is damaged: {problem}")
    return dict(description)


def _fault(description: Any) -> str | None:
    if not isinstance(description, dict):
        return "its description is not a JSON object"
    if description.get("format") != FORMAT:
        return f"its description has format {description.get('format')!r}, not {FORMAT}"
    classes, shape = description.get("classes"), description.get("input_shape")
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        return "its classes are not a list of names"
    if len(classes) < 2:
        return "it has fewer than two classes"
    if len(set(classes)) < len(classes):
        return "it has two classes of one name"
    if not _is_shape(shape):
        return "input_shape is not two equal sides and 1 or 3 channels"
    if (fit := description.get("fit", "squash")) not in FITS:
        return f"its fit is {reprlib.repr(fit)}, not {' or '.join(FITS)}"
    bits = description.get("bit_depth")
    if bits is not None and (type(bits) is not int or bits not in DEPTHS):
        return f"its bit_depth is {reprlib.repr(bits)}, not one of {', '.join(map(str, DEPTHS))}"
    if not isinstance(description.get("maps"), bool):
        return "maps is neither true nor false"
    return None


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, list)
        and len(shape) == 3
        and all(type(side) is int and 1 <= side <= 10_000 for side in shape)
        and shape[0] == shape[1]
        and shape[2] in (1, 3)
    )
