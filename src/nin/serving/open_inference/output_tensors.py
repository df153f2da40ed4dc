"""The response as requested: probabilities or classes, as JSON or as bytes after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nin.serving.open_inference.messages import OUTPUT, VERSION, InferenceRequest, RequestedOutput
from nin.serving.schema import to_json

#: The header that states how many bytes of a body are JSON.
JSON_BYTES = "Inference-Header-Content-Length"


def response(
    name: str,
    request: InferenceRequest,
    classes: Sequence[str],
    probabilities: NDArray[np.floating],
) -> tuple[bytes, dict[str, str]]:
    """The body of a response, and its headers.

    Args:
        name: name of the network.
        request: states the form of the response.
        classes: names of the classes.
        probabilities: (n, classes).
    """
    chosen = (request.outputs or [RequestedOutput(name=OUTPUT)])[0].parameters
    output: dict[str, Any] = {"name": OUTPUT}
    if chosen.classification:
        named = _named(probabilities, classes, chosen.classification)
        output |= {"datatype": "BYTES", "shape": [len(named), len(named[0])]}
        values: Any = [text for row in named for text in row]
    else:
        output |= {"datatype": "FP32", "shape": [*probabilities.shape]}
        values = probabilities.astype("<f4").ravel()
    content = {"model_name": name, "model_version": VERSION, "outputs": [output]}
    if request.id is not None:
        content["id"] = request.id
    is_binary = chosen.binary_data
    if is_binary is None:
        is_binary = request.parameters.binary_data_output
    if not is_binary:
        output["data"] = values if isinstance(values, list) else values.tolist()
        return to_json(content), {"content-type": "application/json"}
    binary = _behind(values)
    output["parameters"] = {"binary_data_size": len(binary)}
    text = to_json(content)
    headers = {"content-type": "application/octet-stream", JSON_BYTES.lower(): str(len(text))}
    return text + binary, headers


def _named(
    probabilities: NDArray[np.floating], classes: Sequence[str], count: int
) -> list[list[str]]:
    """The likeliest classes of each picture, as “probability:index:label”."""
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :count]
    return [
        [f"{row[i]:.6f}:{i}:{classes[i]}" for i in order]
        for row, order in zip(probabilities, best, strict=True)
    ]


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # Lone surrogates that do not stand for a byte.
        return text.encode("utf-8", "backslashreplace")


def _behind(values: Any) -> bytes:
    """Values as binary data; each text is preceded by its length."""
    if not isinstance(values, list):
        return bytes(values.tobytes())
    encoded = [_bytes(each) for each in values]
    return b"".join(len(each).to_bytes(4, "little") + each for each in encoded)
