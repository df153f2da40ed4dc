"""The pictures in a request, as JSON or as bytes after it; none is larger than stated."""

from __future__ import annotations

import base64
import math
from itertools import chain
from typing import Any

import numpy as np
from fastapi import HTTPException

from nin.inference.outputs import Images
from nin.serving.inspection import check_size
from nin.serving.open_inference.messages import INPUT, InferenceRequest, InputTensor, parsed
from nin.serving.settings import Limits

#: Most numbers, lists and fields in a request's JSON: they take far more memory than their text.
MOST_VALUES = 2_000_000

#: Bytes before each element of a binary tensor of `BYTES`: its length.
_LENGTH = 4

_CHANNELS = (1, 3, 4)


def read_request(
    body: bytes, json_bytes: str | None, limits: Limits
) -> tuple[InferenceRequest, list[bytes | Images]]:
    """A request and its pictures: each a file, or pixels (height, width, channels).

    Args:
        body: JSON, and binary tensors after it.
        json_bytes: the header that states how much of the body is JSON; None for all of it.
        limits: of pictures and pixels.

    Raises:
        HTTPException: 400 if it violates the protocol or contradicts itself; 413 for too many
            pictures, pixels or numbers.
    """
    try:
        text, binary = _split(body, json_bytes)
        request = parsed(text)
        [tensor] = request.inputs
        pictures = _pictures(tensor, binary, limits)
        tensor.data = None  # It takes many times the memory of its text, and is no longer needed.
        return request, pictures
    except ValueError as error:
        raise HTTPException(400, str(error)) from error


def _split(body: bytes, json_bytes: str | None) -> tuple[bytes, memoryview]:
    size = len(body)
    if json_bytes is not None:
        if not (json_bytes.isdecimal() and int(json_bytes[:20]) <= size):
            raise ValueError("Inference-Header-Content-Length is not a number of bytes of the body")
        size = int(json_bytes[:20])
    text = body[:size]
    if sum(text.count(each) for each in (b",", b"[", b"{")) > MOST_VALUES:
        raise HTTPException(
            413, f"more than {MOST_VALUES:,} values in JSON: send them as binary data"
        )
    return text, memoryview(body)[size:]


def _pictures(tensor: InputTensor, binary: memoryview, limits: Limits) -> list[bytes | Images]:
    if tensor.shape[0] > limits.images:
        raise HTTPException(413, f"more than {limits.images} images in one request")
    stated = tensor.parameters.binary_data_size
    if (stated is None) == (tensor.data is None):
        raise ValueError(f"{INPUT} have either data or binary_data_size")
    if len(binary) != (stated or 0):
        raise ValueError(f"{len(binary)} bytes are behind the JSON, which states {stated or 0}")
    if tensor.datatype == "BYTES":
        return [*_files(tensor, binary)]
    return [*_pixels(tensor, binary, limits)]


def _files(tensor: InputTensor, binary: memoryview) -> list[bytes]:
    count = tensor.shape[0]
    if tensor.shape not in ([count], [count, 1]):
        raise ValueError(f"{INPUT} of BYTES are of shape [n]")
    if tensor.data is None:
        return _elements(binary, count)
    texts = _flat(tensor.data, tensor.shape)
    try:
        return [base64.b64decode(each, validate=True) for each in texts]
    except (TypeError, ValueError) as error:
        raise ValueError(f"{INPUT} of BYTES are base64 in JSON") from error


def _elements(binary: memoryview, count: int) -> list[bytes]:
    """The elements of a binary tensor, each preceded by its length."""
    at = 0
    found: list[bytes] = []
    while at + _LENGTH <= len(binary) and len(found) < count:
        end = at + _LENGTH + int.from_bytes(binary[at : at + _LENGTH], "little")
        if end > len(binary):
            break
        found.append(bytes(binary[at + _LENGTH : end]))
        at = end
    if len(found) != count or at != len(binary):
        raise ValueError(
            f"the binary data of {INPUT} are not {count} files, each preceded by its length"
        )
    return found


def _pixels(tensor: InputTensor, binary: memoryview, limits: Limits) -> Images:
    if len(tensor.shape) != 4 or tensor.shape[3] not in _CHANNELS:
        raise ValueError(
            f"{INPUT} of UINT8 are of shape [n, height, width, channels], 1, 3 or 4 channels"
        )
    _, height, width, _ = tensor.shape
    check_size(width, height, limits.pixels)
    if tensor.data is None:
        values: Images = np.frombuffer(binary, np.uint8)
    else:
        values = np.frombuffer(_bytes(_flat(tensor.data, tensor.shape)), np.uint8)
    if len(values) != math.prod(tensor.shape):
        raise ValueError(f"{len(values)} values are not those of shape {tensor.shape}")
    return values.reshape(tensor.shape)


def _flat(data: list[Any], shape: list[int]) -> list[Any]:
    """The values of a list, which may be nested according to its shape."""
    for side in shape[1:]:
        if not data or type(data[0]) is not list:
            break
        if any(type(each) is not list or len(each) != side for each in data):
            raise ValueError(f"{INPUT} are nested otherwise than shape {shape}")
        data = [*chain.from_iterable(data)]
    if len(data) != math.prod(shape):
        raise ValueError(f"{len(data)} values are not those of shape {shape}")
    return data


def _bytes(values: list[Any]) -> bytes:
    try:
        return bytes(values)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{INPUT} of UINT8 are whole numbers from 0 to 255") from error
