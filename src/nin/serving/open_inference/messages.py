"""The protocol's JSON as types: requests, responses, and descriptions of server and network."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

#: The name of the input and of the output, in requests as in the exported file.
INPUT: Final = "images"
OUTPUT: Final = "probabilities"

#: A server has one version of its network.
VERSION = "1"

_Side = Annotated[int, Field(ge=1)]


class _Read(BaseModel):
    """Read strictly: "3" is not a number. Parameters of other extensions are ignored."""

    model_config = ConfigDict(strict=True)


class InputParameters(_Read):
    """How an input is sent."""

    binary_data_size: int | None = Field(
        default=None, ge=0, description="Bytes behind the JSON, in place of “data”."
    )


class InputTensor(_Read):
    """Pictures: their pixels, or files that hold them."""

    name: Literal["images"]
    shape: list[_Side] = Field(
        min_length=1,
        max_length=4,
        description="(n, height, width, channels) of pixels; (n) of files",
    )
    datatype: Literal["UINT8", "BYTES"] = Field(description="pixels, or files of pictures")
    parameters: InputParameters = InputParameters()
    data: list[Any] | None = Field(
        default=None,
        description="Whole numbers from 0 to 255, flat or nested; base64 of each file.",
    )


class OutputParameters(_Read):
    """How an output is sent."""

    binary_data: bool | None = Field(default=None, description="Whether behind the JSON.")
    classification: int = Field(
        default=0,
        ge=0,
        description="Number of classes to name, the likeliest first; 0: all probabilities.",
    )


class RequestedOutput(_Read):
    """An output that is requested."""

    name: Literal["probabilities"]
    parameters: OutputParameters = OutputParameters()


class RequestParameters(_Read):
    """Parameters of a whole request."""

    binary_data_output: bool = Field(
        default=False,
        description="Whether outputs are sent behind the JSON, unless one states otherwise.",
    )


class InferenceRequest(_Read):
    """Pictures, and the requested form of the response."""

    id: str | None = Field(default=None, description="Comes back with the response.")
    parameters: RequestParameters = RequestParameters()
    inputs: list[InputTensor] = Field(min_length=1, max_length=1)
    outputs: list[RequestedOutput] = Field(
        default=[], max_length=1, description="Default: probabilities."
    )


class TensorDescription(BaseModel):
    """An input or output of a network; sides of −1 may be of any length."""

    name: str
    datatype: str
    shape: list[int]


class OutputTensor(TensorDescription):
    """Predictions for n pictures: (n, classes), or (n, named) of “probability:index:label”."""

    parameters: dict[str, int] | None = Field(
        default=None, description="binary_data_size: bytes behind the JSON, in place of “data”."
    )
    data: list[float] | list[str] | None = None


class InferenceResponse(BaseModel):
    """The response to a request."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[OutputTensor]


class ServerMetadata(BaseModel):
    """The server, and the extensions of the protocol that it supports."""

    name: str
    version: str
    extensions: list[str]


class ModelMetadata(BaseModel):
    """The network: what it takes and returns."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorDescription]
    outputs: list[TensorDescription]


class Live(BaseModel):
    """Whether the server is alive."""

    live: bool


class Ready(BaseModel):
    """Whether the server is ready."""

    ready: bool


class ModelReady(Ready):
    """Whether the network is ready."""

    name: str


class ProtocolError(BaseModel):
    """Why a request was refused or failed, in one line."""

    model_config = ConfigDict(extra="forbid")

    error: str


def parsed(text: bytes) -> InferenceRequest:
    """Parse a request.

    Args:
        text: its JSON.

    Raises:
        ValueError: it is not JSON, or not that of a request; the message, one line, says where.
    """
    try:
        return InferenceRequest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ValueError(f"{where}: {first['msg']}" if where else first["msg"]) from error
