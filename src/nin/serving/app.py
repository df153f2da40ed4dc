"""The routes, as FastAPI declares them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp

from nin._version import __version__
from nin.names import printable
from nin.serving.access import AccessMiddleware
from nin.serving.deadlines import within
from nin.serving.metrics import CONTENT_TYPE
from nin.serving.middleware import RequestMiddleware
from nin.serving.open_inference.output_tensors import JSON_BYTES
from nin.serving.open_inference.routes import add_open_inference, complete
from nin.serving.pages import page_files, reference
from nin.serving.problems import problem
from nin.serving.schema import (
    Health,
    PredictResponse,
    Problem,
    QueryParameters,
    maps_too_large,
    predict_response,
    to_json,
)
from nin.serving.service import Service, busy
from nin.serving.upload import check_type, read_uploads

_FILE = {"type": "string", "format": "binary", "description": "One image file."}
#: Without this, FastAPI reports requests if the environment sets telemetry up for all services.
_NO_TELEMETRY: dict[str, Any] = {
    "telemetry": dict.fromkeys(("tracing", "metrics", "logs", "auto_configure"), False)
}
_FORM = {
    "type": "object",
    "description": "One or more files in the field “images”.",
    "properties": {"images": {"type": "array", "items": _FILE, "minItems": 1}},
    "required": ["images"],
    "additionalProperties": False,
}
_BODY = {
    "required": True,
    "content": {
        "image/*": {"schema": _FILE},
        "application/octet-stream": {"schema": _FILE},
        "multipart/form-data": {"schema": _FORM},
    },
}
_EXAMPLES = [
    "curl --data-binary @cat.jpg ADDRESS/predict",
    "curl -F images=@cat.jpg -F images=@dog.png 'ADDRESS/predict?top=3&maps=png'",
]
_REFUSALS = {
    403: "A page of another origin, which may not send requests.",
    408: "The request did not arrive in time.",
    413: "Too many bytes, pixels or images.",
    415: "Not an image of a format that is read.",
    421: "A host name that is not allowed.",
    422: "A damaged image or form, an invalid query parameter, or no valid prediction.",
    500: "The server failed; the reason is in its log.",
    503: "Too many images are waiting: try again after Retry-After seconds.",
    504: "The prediction took too long.",
}
_PREDICT_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"model": PredictResponse, "description": "What is in each image."},
    **{code: {"model": Problem, "description": why} for code, why in _REFUSALS.items()},
}


class _Described(FastAPI):
    """FastAPI with a complete description, which it makes anew whenever routes are added."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI description of the routes."""
        described = super().openapi()
        complete(described)
        return described


def application(
    service: Service,
    origins: Sequence[str] = (),
    quiet: bool = False,
    context: AbstractContextManager[None] | None = None,
    hosts: Sequence[str] | None = None,
) -> RequestMiddleware:
    """The ASGI application.

    Args:
        service: makes the predictions; it is closed when the application ends.
        origins: web origins whose pages may send requests; ``"*"`` for all.
        quiet: whether to log no requests.
        context: entered when the application starts, in the event loop, and left when it ends.
        hosts: host names that requests may use; None for any.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with context or nullcontext():
            yield
            service.close()

    app = _Described(
        title=f"nin serve: {printable(service.predictor.description.get('name', 'a network'))}",
        description="What is in an image, and where.",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        **_NO_TELEMETRY,
    )
    _add_error_handlers(app)
    _add_predict(app, service)
    _add_state(app, service)
    add_open_inference(app, service)
    _add_pages(app)
    inner: ASGIApp = app
    if origins:  # Around the application, so that pages can read its failures, too.
        inner = CORSMiddleware(
            app,
            allow_origins=[*origins],
            allow_headers=["Content-Type", JSON_BYTES],
            allow_methods=["GET", "POST"],
            expose_headers=["Retry-After", JSON_BYTES],
        )
    guarded = AccessMiddleware(inner, hosts, origins)
    limits, is_stopping = service.limits, lambda: not service.is_ready
    return RequestMiddleware(guarded, service.metrics, limits.seconds, quiet, is_stopping)


def _add_predict(app: FastAPI, service: Service) -> None:
    limits, predictor = service.limits, service.predictor

    @app.post(
        "/predict",
        responses=_PREDICT_RESPONSES,
        openapi_extra={"requestBody": _BODY, "x-examples": _EXAMPLES},
    )
    async def predict(request: Request, query: Annotated[QueryParameters, Query()]) -> Response:
        """Classify one image or several."""
        check_type(request.headers.get("content-type", ""))
        query.check(predictor)
        if service.images.is_full:
            raise busy()
        with (
            service.bytes.reserving() as take_bytes,
            service.images.reserving() as take_images,
            service.maps.reserving() as take_maps,
        ):
            uploads = await read_uploads(request, limits, take_bytes)
            async with within(limits.seconds, request):
                take_images(len(uploads))
                size = len(uploads) * service.map_bytes if query.with_maps else 0
                if size > limits.maps:
                    raise maps_too_large(len(uploads))
                take_maps(size)
                files = [each.content for each in uploads]
                predictions = await service.predict(files, query.with_maps)
                content = await service.run(
                    predict_response, predictor, uploads, predictions, query, limits.maps
                )
        return _json(content)


def _add_state(app: FastAPI, service: Service) -> None:
    down: dict[int | str, dict[str, Any]] = {503: {"model": Problem, "description": "It is not."}}

    @app.get("/model", response_description="The description that was exported with it.")
    async def model() -> Response:
        """The network: its classes, input shape and provenance."""
        return _json(to_json(service.predictor.description))

    @app.get("/healthz", responses=down, response_description="It is.")
    async def healthz() -> Health:
        """Whether the server is alive."""
        service.check_alive()
        return Health(status="ok")

    @app.get("/readyz", responses=down, response_description="It is.")
    async def readyz() -> Health:
        """Whether the server is ready for new requests; it is not once it is stopping."""
        service.check_ready()
        return Health(status="ready")

    @app.get(
        "/metrics",
        response_class=PlainTextResponse,
        response_description="Prometheus's text format.",
    )
    def metrics() -> Response:
        """Counts and durations for Prometheus, of all workers together."""
        return Response(service.metrics.text(), headers={"content-type": CONTENT_TYPE})


def _add_pages(app: FastAPI) -> None:
    files = page_files()
    reference_page = reference(app.openapi())

    @app.get("/docs", include_in_schema=False)
    async def docs() -> Response:
        policy = {"content-security-policy": reference_page.policy}
        return HTMLResponse(reference_page.html, headers=policy)

    async def send_file(request: Request) -> Response:
        file = files[request.scope["route"].path]
        return Response(file.content, headers=file.headers)

    for address in files:
        app.get(address, include_in_schema=False)(send_file)


def _add_error_handlers(app: FastAPI) -> None:
    """Make every error one line; FastAPI's own responses have another schema."""

    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: StarletteHTTPException) -> Response:
        return problem(request.scope["path"], error.status_code, error.detail, error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        is_unknown = first["type"] == "extra_forbidden"
        why = "there is no such parameter" if is_unknown else first["msg"]
        return problem(request.scope["path"], 422, f"{first['loc'][-1]}: {why}")

    @app.exception_handler(TimeoutError)
    async def late(request: Request, _: Exception) -> Response:
        return problem(request.scope["path"], 504, "the prediction took too long: try again")

    @app.exception_handler(Exception)
    async def failed(request: Request, _: Exception) -> Response:
        return problem(request.scope["path"], 500, "the server failed; the reason is in its log")


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")
