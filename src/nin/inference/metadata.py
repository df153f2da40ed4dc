"""The description in an exported file: read and checked, since files may come from anyone."""

from __future__ import annotations

import json
import math
import reprlib
from pathlib import Path
from typing import Any

from nin.data.decoding.bit_depth import DEPTHS
from nin.data.decoding.decode import RESIZE_MODES
from nin.errors import ExportError
from nin.inference.input_spec import input_spec_problem

FORMAT = 1

#: The key of the description in files with named metadata.
KEY = "nin"

#: Its file in an archive, or in `EXTRA_FOLDER` of a SavedModel.
DESCRIPTION_FILE, EXTRA_FOLDER = "nin.json", "assets.extra"

#: Limits: bytes of a description's JSON; classes; characters of a name; pixels of an image's side.
MOST_BYTES, MOST_CLASSES, LONGEST_NAME, LONGEST_SIDE = 4 * 2**20, 100_000, 1000, 4096

#: Types of optional fields that a prediction does not need; provenance is checked as well.
_KINDS: dict[str, type] = {
    "name": str,
    "network": str,
    "weights_sha256": str,
    "draw": bool,
    "complete": bool,
    "parameters": int,
    "preprocessing": dict,
    "provenance": dict,
}
_KIND_NAMES = {str: "a short text", bool: "true or false", int: "a number", dict: "an object"}


def parse(text: str | bytes | None, where: Path) -> dict[str, Any]:
    """The description in a file.

    Args:
        text: JSON; None if the file has none.
        where: the file, for messages.

    Raises:
        ExportError: it is missing, damaged, of a later version, or larger than any network's is.
    """
    if text is None:
        raise ExportError(f"{where} was not written by nin export: it does not name its classes")
    if len(text) > MOST_BYTES:
        raise ExportError(f"{where} is damaged: its description has more than {MOST_BYTES:,} bytes")
    try:
        description = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        raise ExportError(f"{where} is damaged: its description is not JSON") from error
    if problem := _fault(description):
        raise ExportError(f"{where} is damaged: {problem}")
    return dict(description)


def _finite(text: str) -> float:
    """A number that can be written as JSON again."""
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is not finite")
    return number


def _fault(description: Any) -> str | None:
    if not isinstance(description, dict):
        return "its description is not a JSON object"
    if description.get("format") != FORMAT:
        return f"its description has format {reprlib.repr(description.get('format'))}, not {FORMAT}"
    if problem := _fault_in_classes(description.get("classes")):
        return problem
    if not _is_shape(description.get("input_shape")):
        return f"input_shape is not two equal sides of 1 to {LONGEST_SIDE}, and 1 or 3 channels"
    side = description["input_shape"][0]
    if "input" in description and (problem := input_spec_problem(description["input"], side)):
        return problem
    if (resize_mode := description.get("fit", "squash")) not in RESIZE_MODES:
        return f"its fit is {reprlib.repr(resize_mode)}, not {' or '.join(RESIZE_MODES)}"
    bits = description.get("bit_depth")
    if bits is not None and (type(bits) is not int or bits not in DEPTHS):
        return f"its bit_depth is {reprlib.repr(bits)}, not one of {', '.join(map(str, DEPTHS))}"
    if not isinstance(description.get("maps"), bool):
        return "maps is neither true nor false"
    return _fault_beside(description)


def _fault_in_classes(classes: Any) -> str | None:
    if not isinstance(classes, list) or not all(_is(str, name) for name in classes):
        return f"its classes are not a list of names of up to {LONGEST_NAME} characters"
    if len(classes) < 2:
        return "it has fewer than two classes"
    if len(classes) > MOST_CLASSES:
        return f"it has {len(classes):,} classes, more than {MOST_CLASSES:,}"
    if len(set(classes)) < len(classes):
        return "it has two classes of one name"
    return None


def _fault_beside(description: dict[str, Any]) -> str | None:
    """A fault in what a prediction does not need, but a page shows."""
    for key, kind in _KINDS.items():
        if key in description and not _is(kind, description[key]):
            return f"its {key} is not {_KIND_NAMES[kind]}"
    if description.get("quantization") not in (None, "int8", "float16"):
        return "its quantization is neither null nor int8 nor float16"
    result = description.get("provenance", {}).get("result")
    if result is None:
        return None
    if not isinstance(result, dict) or not _is(str, result.get("split", "")):
        return "its result is not that of a split"
    accuracy = result.get("accuracy", 0)
    if isinstance(accuracy, bool) or not isinstance(accuracy, (int, float)):
        return "its accuracy is not a number"
    return None


def _is(kind: type, value: Any) -> bool:
    """Whether a value is of exactly this type and, if it is a text, short enough to be shown."""
    return type(value) is kind and (not isinstance(value, str) or len(value) <= LONGEST_NAME)


def _is_shape(shape: Any) -> bool:
    return (
        isinstance(shape, list)
        and len(shape) == 3
        and all(type(side) is int and 1 <= side <= LONGEST_SIDE for side in shape)
        and shape[0] == shape[1]
        and shape[2] in (1, 3)
    )
