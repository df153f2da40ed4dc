"""A network as plain JSON values, and back: no code travels, only names from a closed table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from nin.errors import NinError, RunError, UnknownNameError
from nin.presets import MBConv, Stage

if TYPE_CHECKING:
    from nin.models import Classifier


def describe(model: Classifier, input_shape: tuple[int, int, int]) -> dict[str, Any]:
    """What `rebuild` needs to make the same network again, weights apart.

    Args:
        model: one of the networks of this package.
        input_shape: (height, width, channels) of the images as they are stored.
    """
    arguments = {**model.get_config()}
    preprocessing = arguments.pop("preprocessing")
    return {
        "net": type(model).__name__,
        "arguments": arguments,
        "input_shape": list(input_shape),
        "preprocessing": preprocessing,
    }


def rebuild(description: Any, parameters: int) -> Classifier:
    """The network that `describe` described, built, with fresh weights.

    Args:
        description: what `describe` gave; it may come from a stranger.
        parameters: how many weights the network is to have. A network of another size is refused
            before any memory is taken for it.

    Raises:
        RunError: the description is damaged, names an unknown network, does not fit `parameters`,
            or needs more memory for one image than any network in use.
    """
    from nin.accounting import walk
    from nin.accounting.memory import peak_activations

    parsed = _parse(description)
    *size, channels = parsed.input_shape
    try:
        model = _make(parsed)
        seen = (*(model.preprocessing.size or size), channels)
        model.check_size(seen)
        trace = walk(model.net, seen)
    except (NinError, TypeError, ValueError) as error:
        raise RunError(f"the network's description is damaged: {error}") from error
    described = sum(step.parameters + step.non_trainable for step in trace)
    if described != parameters:
        raise RunError(
            f"the network that is described has {described:,} weights, not {parameters:,}"
        )
    if (needed := 4 * peak_activations(trace, seen)) > _MOST_MEMORY:
        raise RunError(
            f"the network that is described needs {needed / 2**30:,.0f} GiB for an image of"
            f" {seen[0]}×{seen[1]}, more than {_MOST_MEMORY / 2**30:.0f}"
        )
    model.build((None, *parsed.input_shape))
    return model


# The limits keep a network of a stranger's making within reach of the count of its weights.
_MOST = 16
#: Bytes of the activations of one image.
_MOST_MEMORY = 4 * 2**30
_Side = Annotated[int, Field(ge=1, le=4096)]
_Many = Annotated[int, Field(ge=1, le=1_000_000)]


def _within_reach(stage: Stage) -> Stage:
    if not 1 <= len(stage.widths) <= _MOST or not all(0 <= w <= 1_000_000 for w in stage.widths):
        raise ValueError("a stage has 1 to 16 convolutions of up to 1,000,000 channels")
    if not all(1 <= side <= 100 for side in (stage.kernel_size, stage.strides, stage.window)):
        raise ValueError("windows and strides are 1 to 100 pixels")
    if stage.padding not in ("same", "valid") or stage.pool not in ("same", "valid", None):
        raise ValueError("padding is same or valid")
    if not 0 <= stage.dropout <= 1:
        raise ValueError("dropout is a share from 0 to 1")
    if stage.pooling not in ("max", "average"):
        raise ValueError("pooling is max or average")
    if stage.activation not in ("relu", "relu6"):
        raise ValueError("an activation is relu or relu6")
    return stage


def _few_blocks(row: MBConv) -> MBConv:
    sides = (row.kernel_size, row.strides, row.expand, row.repeats)
    if not 1 <= row.channels <= 1_000_000 or not all(1 <= side <= 100 for side in sides):
        raise ValueError("an MBConv has 1 to 1,000,000 channels, all else in it is 1 to 100")
    return row


_Row = (
    Annotated[Stage, AfterValidator(_within_reach)] | Annotated[MBConv, AfterValidator(_few_blocks)]
)


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _Arguments(_Strict):
    lr: float = 0.1
    num_classes: _Many = 10
    preset: str = "book"
    width: float = Field(default=1.0, gt=0, le=1000)
    dropout: float | None = Field(default=None, ge=0, le=1)
    arch: list[Annotated[list[_Many], Field(min_length=2, max_length=2)]] = Field(
        default=[], max_length=_MOST
    )
    stages: Annotated[list[_Row], Field(min_length=1, max_length=_MOST)] | None = None
    head: Annotated[list[_Many], Field(max_length=_MOST)] | None = None
    batch_norm: bool = False
    pooling: Literal["max", "average"] | None = None

    @model_validator(mode="after")
    def _few_convolutions(self) -> Self:
        if any(number > _MOST for number, _ in self.arch):
            raise ValueError(f"a block of more than {_MOST} convolutions")
        return self


class _Preprocessing(_Strict):
    size: Annotated[list[_Side], Field(min_length=2, max_length=2)] | None = None
    mean: list[float] = [0.0]
    std: list[Annotated[float, Field(gt=0)]] = [1.0]


class Description(_Strict):
    """What `describe` gives, checked value by value."""

    net: str
    arguments: _Arguments
    input_shape: Annotated[list[_Side], Field(min_length=3, max_length=3)]
    preprocessing: _Preprocessing

    @model_validator(mode="after")
    def _one_value_a_channel(self) -> Self:
        channels = self.input_shape[2]
        for values in (self.preprocessing.mean, self.preprocessing.std):
            if len(values) not in (1, channels):
                raise ValueError(f"{len(values)} values to standardise {channels} channels")
        return self


def _parse(description: Any) -> Description:
    try:
        # By way of JSON, where a tuple and a list are the same.
        return Description.model_validate_json(json.dumps(description))
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"]) or "network"
        message = f"{name}: {problem['msg'].lower()}"
        raise RunError(f"the network's description is damaged: {message}") from error
    except (TypeError, ValueError, RecursionError) as error:
        raise RunError(f"the network's description is damaged: {error}") from error


def _make(parsed: Description) -> Classifier:
    from nin.models import NETS

    if parsed.net not in NETS:
        raise UnknownNameError("network", parsed.net, NETS)
    arguments = parsed.arguments.model_dump(exclude_unset=True)
    preprocessing = parsed.preprocessing.model_dump(exclude_unset=True)
    return NETS[parsed.net].from_config({**arguments, "preprocessing": preprocessing})
