"""The protocol's routes."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import Depends, FastAPI, Header, HTTPException, Path, Request, Response
from pydantic.json_schema import models_json_schema

from nin._version import __version__
from nin.serving.deadlines import within
from nin.serving.open_inference.input_tensors import read_request
from nin.serving.open_inference.messages import (
    INPUT,
    OUTPUT,
    VERSION,
    InferenceRequest,
    InferenceResponse,
    Live,
    ModelMetadata,
    ModelReady,
    ProtocolError,
    Ready,
    ServerMetadata,
    TensorDescription,
)
from nin.serving.open_inference.output_tensors import JSON_BYTES, response
from nin.serving.problems import OPEN_INFERENCE
from nin.serving.service import Service, busy
from nin.serving.upload import read_body

#: Formats of exported files, as the protocol names them: by who wrote the file, and how.
PLATFORMS = {
    "onnx": "onnx_onnxv1",
    "openvino": "openvino_ir",
    "litert": "tensorflow_tflite",
    "savedmodel": "tensorflow_savedmodel",
}

EXTENSIONS = ["binary_tensor_data", "classification"]

_MODEL = f"{OPEN_INFERENCE}/models/{{name}}"
_VERSION = f"{_MODEL}/versions/{{version}}"

#: The prefixes of a network's routes, without and with its version, and what checks them.
Forms = dict[str, list[Any]]

_REFERENCE = "#/components/schemas/{model}"
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "$ref": _REFERENCE.format(model="InferenceRequest"),
                "description": "An InferenceRequest.",
            }
        },
        "application/octet-stream": {
            "schema": {
                "type": "string",
                "format": "binary",
                "description": f"The same, {JSON_BYTES} bytes of it, and binary tensors behind it.",
            }
        },
    },
}
_BEHIND = {"type": "string", "format": "binary", "description": "The same, likewise."}
_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "model": InferenceResponse,
        "description": "What is in each picture.",
        "content": {"application/octet-stream": {"schema": _BEHIND}},
    }
}
_REFUSALS = {
    400: "Not a request of this protocol, or one that contradicts itself.",
    403: "A page of another origin, which may not send requests.",
    404: "There is no network or version of that name.",
    408: "The request did not arrive in time.",
    413: "Too many bytes, pixels, images or numbers.",
    415: "Compressed, or a file that is not a picture of a format that is read.",
    421: "A host name that is not allowed.",
    422: "Nothing was sent, a damaged picture, or no valid prediction.",
    500: "The server failed; the reason is in its log.",
    503: "Too many images are waiting, or the server is stopping.",
    504: "The prediction took too long.",
}

Name = Annotated[str, Path(description="of the network, as it was exported or by --name")]
Version = Annotated[str, Path(description=f"“{VERSION}”")]
JsonBytes = Annotated[str | None, Header(alias=JSON_BYTES, description="Bytes that are JSON.")]


def add_open_inference(app: FastAPI, service: Service) -> None:
    """Add the protocol's routes to an application."""

    async def check_name(name: Name) -> None:
        if name != service.name:
            raise HTTPException(404, f"there is no such network: this server has {service.name!a}")

    forms = {
        _MODEL: [Depends(check_name)],
        _VERSION: [Depends(check_name), Depends(_check_version)],
    }
    _add_health(app, service, forms)
    _add_metadata(app, service, forms)
    _add_infer(app, service, forms)


def _add_health(app: FastAPI, service: Service, forms: Forms) -> None:
    @app.get(f"{OPEN_INFERENCE}/health/live", responses=_refusals(503))
    async def live() -> Live:
        """Whether the server is alive."""
        service.check_alive()
        return Live(live=True)

    @app.get(f"{OPEN_INFERENCE}/health/ready", responses=_refusals(503))
    async def ready() -> Ready:
        """Whether the server is ready for new requests."""
        service.check_ready()
        return Ready(ready=True)

    async def model_ready() -> ModelReady:
        """Whether the network is ready for new requests."""
        service.check_ready()
        return ModelReady(name=service.name, ready=True)

    for form, checks in forms.items():
        app.get(f"{form}/ready", dependencies=checks, responses=_refusals(404, 503))(model_ready)


def _add_metadata(app: FastAPI, service: Service, forms: Forms) -> None:
    predictor = service.predictor

    @app.get(OPEN_INFERENCE)
    async def server_metadata() -> ServerMetadata:
        """The server, and the extensions of the protocol that it supports."""
        return ServerMetadata(name="nin", version=__version__, extensions=EXTENSIONS)

    async def model_metadata() -> ModelMetadata:
        """What the network takes and returns."""
        pixels = [-1, -1, -1, predictor.input_shape[2]]
        classes = [-1, len(predictor.classes)]
        return ModelMetadata(
            name=service.name,
            versions=[VERSION],
            platform=PLATFORMS[predictor.format],
            inputs=[TensorDescription(name=INPUT, datatype="UINT8", shape=pixels)],
            outputs=[TensorDescription(name=OUTPUT, datatype="FP32", shape=classes)],
        )

    for form, checks in forms.items():
        app.get(form, dependencies=checks, responses=_refusals(404))(model_metadata)


def _add_infer(app: FastAPI, service: Service, forms: Forms) -> None:
    limits = service.limits

    async def infer(request: Request, json_bytes: JsonBytes = None) -> Response:
        """Classify pictures."""
        if request.headers.get("content-encoding", "identity") != "identity":
            raise HTTPException(415, "a compressed request: send it as it is")
        if service.images.is_full:
            raise busy()
        with service.bytes.reserving() as take_bytes, service.images.reserving() as take_images:
            body = await read_body(request, limits, take_bytes)
            async with within(limits.seconds, request):
                message, pictures = await service.run(read_request, body, json_bytes, limits)
                take_images(len(pictures))
                predictions = await service.predict(pictures, maps=False)
                probabilities = np.stack([each.probabilities for each in predictions])
                classes = service.predictor.classes
                content, headers = await service.run(
                    response, service.name, message, classes, probabilities
                )
        return Response(content, headers=headers)

    more: Any = {"responses": _RESPONSE | _refusals(*_REFUSALS)}
    more["openapi_extra"] = {"requestBody": _BODY}
    for form, checks in forms.items():
        app.post(f"{form}/infer", dependencies=checks, **more)(infer)


def complete(described: dict[str, Any]) -> None:
    """Complete FastAPI's description of the routes, in place, unless that has been done.

    Adds the schema of a request, which is read by hand, and leaves out FastAPI's own response to
    invalid parameters, which no route sends.
    """
    if InferenceRequest.__name__ in described["components"]["schemas"]:
        return
    _, schemas = models_json_schema([(InferenceRequest, "validation")], ref_template=_REFERENCE)
    described["components"]["schemas"] |= schemas["$defs"]
    for operations in described["paths"].values():
        for operation in operations.values():
            operation["responses"] = {
                status: each
                for status, each in operation["responses"].items()
                if "HTTPValidationError" not in str(each)
            }
    for name in ("HTTPValidationError", "ValidationError"):
        described["components"]["schemas"].pop(name, None)


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {each: {"model": ProtocolError, "description": _REFUSALS[each]} for each in statuses}


async def _check_version(version: Version) -> None:
    if version != VERSION:
        raise HTTPException(404, f"there is no such version: there is {VERSION!r}")
