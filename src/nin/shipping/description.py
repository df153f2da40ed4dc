"""What travels with an exported network: its classes, its images, and where it comes from."""

from __future__ import annotations

import hashlib
import json
import reprlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nin.data.decode import FITS
from nin.errors import ExportError

if TYPE_CHECKING:
    from nin.training import Run

FORMAT = 1

#: Under which a description stands in a file that has named metadata.
KEY = "nin"

#: The file it is in an archive, or in `EXTRA_FOLDER` of a SavedModel.
DESCRIPTION_FILE, EXTRA_FOLDER = "nin.json", "assets.extra"

#: Sets whose images are single digits, light on dark, as somebody may draw them.
_DRAWN = ("digits", "mnist")


def describe(run: Run, *, maps: bool | None = None) -> dict[str, Any]:
    """What is to be known of a run wherever it goes: plain JSON, no path of this machine in it.

    Args:
        run: a trained run.
        maps: whether the class maps go along; None: where the network has them.

    Returns:
        ``format``, ``name``, ``classes``, ``input_shape`` (height, width, channels as trained on),
        ``fit`` (how pictures are brought to it: ``"squash"``, also where it is absent, or
        ``"crop"``), ``maps``, ``complete`` (whether nothing that the network has was left out),
        ``quantization`` (None, or ``"int8"`` in a file of whole numbers), ``draw``
        (whether it reads digits that somebody draws), ``network``, ``preprocessing``,
        ``parameters``, ``weights_sha256`` and ``provenance``.

    Raises:
        ExportError: maps are asked for that the network does not have.
        RunError: the run is damaged.
    """
    from nin.models.geometry import has_class_maps

    model, record = run.model, run.record
    has_maps = has_class_maps(model.net)
    if maps and not has_maps:
        raise ExportError(f"{run.path} has no class maps: its network ends in dense layers")
    return {
        "format": FORMAT,
        "name": run.path.resolve().name,
        "classes": list(run.classes),
        "input_shape": list(run.input_shape),
        "fit": run.fit,
        "maps": has_maps if maps is None else maps,
        "complete": maps is None or maps == has_maps,
        "quantization": None,
        "draw": record["data"].get("name") in _DRAWN,
        "network": record["model"]["net"],
        "preprocessing": record["model"]["preprocessing"],
        "parameters": int(model.count_params()),
        "weights_sha256": weights_sha256(run.weights_path),
        "provenance": _provenance(record),
    }


def weights_sha256(path: Path) -> str:
    """SHA-256 of a weights file, which tells whether an export is of these weights."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _provenance(record: dict[str, Any]) -> dict[str, Any]:
    data = record["data"]
    return {
        "recipe": record["recipe"].get("name"),
        "data": {key: data.get(key) for key in ("name", "licence", "fingerprint")},
        "result": record.get("result"),
        "versions": record.get("versions"),
    }


def parse(text: str | bytes | None, where: Path) -> dict[str, Any]:
    """The description in a file, which may come from a stranger.

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
        raise ExportError(f"{where} is damaged: its description is no JSON") from error
    if problem := _fault(description):
        raise ExportError(f"{where} is damaged: {problem}")
    return dict(description)


def _fault(description: Any) -> str | None:
    if not isinstance(description, dict):
        return "its description is no record"
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
