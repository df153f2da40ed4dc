"""The description that is exported with a network: classes, input and provenance."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nin.errors import ExportError
from nin.inference.input_spec import InputSpec
from nin.inference.metadata import FORMAT

if TYPE_CHECKING:
    from nin.training import Run
    from nin.training.runs.run_format import ModelRecord, RunRecord

#: Data sets of single digits, light on dark, as a user may draw them.
_DRAWN = ("digits", "mnist")


def describe(
    run: Run, *, maps: bool | None = None, form: InputSpec | None = None
) -> dict[str, Any]:
    """The description of a run that is exported with it: plain JSON, without paths of this machine.

    Args:
        run: a trained run.
        maps: whether class maps are exported; None: if the network has them.
        form: what the exported network takes; None for images of any size.

    Returns:
        ``format``, ``name``, ``classes``, ``input_shape`` (height, width, channels as trained on,
        or of the form's size), ``trained_size`` (the height that it was trained on), ``input`` (the
        form; see `nin.inference.input_spec.InputSpec`), ``fit`` (how images are resized to it:
        ``"squash"``, also if ``fit`` is absent, or ``"crop"``), ``bit_depth`` (only for a run on
        pictures of more than 8 bits whose files do not state their range), ``maps``, ``complete``
        (whether nothing that the network has was left out, resizing included, and its weights are
        those of ``weights_sha256``), ``quantization`` (None, or ``"int8"`` in a file of whole
        numbers), ``draw`` (whether it classifies digits that a user may draw), ``network``,
        ``preprocessing``, ``parameters``, ``weights_sha256`` and ``provenance``.

    Raises:
        ExportError: class maps are requested, but the network has none.
        RunError: the run is damaged.
    """
    from nin.models.geometry import has_class_maps
    from nin.training.runs.weights import differ_from_file, weights

    model, record = run.model, run.record
    digest = weights_sha256(run.weights_path)
    # After the digest: the file may have been replaced since the network was opened, or just now.
    is_current = not differ_from_file(run.weights_path, weights(model))
    height, width, channels = run.input_shape
    form = form or InputSpec(channels)
    has_maps = has_class_maps(model.whole_net())
    if maps and not has_maps:
        raise ExportError(f"{run.path} has no class maps: its logits are not means of maps")
    bit_depth = {} if run.bit_depth is None else {"bit_depth": run.bit_depth}
    return {
        "format": FORMAT,
        "name": run.path.resolve().name,
        "classes": list(run.classes),
        "input_shape": [form.size or height, form.size or width, channels],
        "trained_size": height,
        "input": form.described(),
        "fit": run.resize_mode,
        **bit_depth,
        "maps": has_maps if maps is None else maps,
        "complete": is_current and form.size is None and (maps is None or maps == has_maps),
        "quantization": None,
        "draw": record["data"].get("name") in _DRAWN,
        "network": _network_name(record["model"]),
        "preprocessing": record["model"]["preprocessing"],
        "parameters": int(model.count_params()),
        "weights_sha256": digest,
        "provenance": _provenance(record),
    }


def _network_name(model: ModelRecord) -> str:
    """The network's name; for a custom one, without the path of its file."""
    source = model.get("source")
    return model["net"] if source is None else str(source["name"])


def weights_sha256(path: Path) -> str:
    """SHA-256 of a weights file, by which an export of these weights is recognised."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _provenance(record: RunRecord) -> dict[str, Any]:
    data, sessions = record["data"], record.get("sessions", ())
    kept = ("epoch", "versions", "device")
    return {
        "recipe": record["recipe"].get("name"),
        "data": {key: data.get(key) for key in ("name", "licence", "fingerprint")},
        "result": record.get("result"),
        "versions": record.get("versions"),
        # Where a training was resumed: from which epoch on, by what and on which machine.
        "sessions": [{key: each.get(key) for key in kept} for each in sessions],
    }
