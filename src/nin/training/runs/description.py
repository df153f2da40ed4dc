"""A network as plain JSON values, and back: it holds no code, only names from a closed table.

For a custom network it holds the name of its file and the file's digest; see
`nin.training.runs.custom_source`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from nin.errors import NinError, RunError, UnknownNameError
from nin.networks.stage_table import MOST_STAGES, CheckedMBConv, CheckedStage
from nin.networks.stages import MBConv, Stage
from nin.training.runs.custom_source import (
    CustomSource,
    Locate,
    describe_custom,
    rebuild_custom,
)
from nin.training.runs.run_format import ModelRecord

if TYPE_CHECKING:
    from nin.models import Classifier


def describe(model: Classifier, input_shape: tuple[int, int, int]) -> ModelRecord:
    """What `rebuild` needs to make the same network again, without its weights.

    Args:
        model: one of the networks of this package.
        input_shape: (height, width, channels) of the images as they are stored.
    """
    preprocessing = model.preprocessing.description()
    if model.source is not None:
        net, own_arguments, source = describe_custom(model)
        return {
            "net": net,
            "arguments": own_arguments,
            "source": source,
            "input_shape": list(input_shape),
            "preprocessing": preprocessing,
        }
    arguments = {**model.get_config()}
    del arguments["preprocessing"]
    return {
        "net": type(model).__name__,
        "arguments": arguments,
        "input_shape": list(input_shape),
        "preprocessing": preprocessing,
    }


def rebuild(
    description: Any,
    parameters: int,
    *,
    trust: bool = False,
    locate: Locate = Path,
    run: Path | None = None,
) -> Classifier:
    """The network that `describe` described, built, with fresh weights.

    Args:
        description: what `describe` returned; it need not be trusted.
        parameters: how many weights the network must have. A network of another size is refused
            before any memory is taken for it.
        trust: whether the code of a custom network may be run.
        locate: finds a file that the description names.
        run: the network's run, for messages.

    Raises:
        RunError: the description is damaged, names an unknown network, does not fit `parameters`,
            or needs more memory for one image than any network in use.
    """
    from nin.accounting import walk
    from nin.accounting.memory import peak_activations

    parsed = _parse(description)
    *size, channels = parsed.input_shape
    if parsed.source is not None:
        source = CustomSource(parsed.net, **parsed.source.model_dump())
        seen = (*(parsed.preprocessing.size or size), channels)
        custom = rebuild_custom(
            source, parsed.arguments.num_classes, seen, trust=trust, locate=locate, run=run
        )
        custom.preprocessing.configure(**parsed.preprocessing.model_dump(exclude_unset=True))
        custom.build((None, *parsed.input_shape))
        if (found := custom.count_params()) != parameters:
            raise RunError(f"{parsed.net} makes a network of {found:,} weights, not {parameters:,}")
        return custom
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


# These limits keep the layers of an untrusted network few enough to count its weights.
_MOST = MOST_STAGES
#: Bytes of the activations of one image.
_MOST_MEMORY = 4 * 2**30
_Side = Annotated[int, Field(ge=1, le=4096)]
_Many = Annotated[int, Field(ge=1, le=1_000_000)]


def with_rows(described: Any) -> Any:
    """A description read from JSON, its stages as rows: strict checks accept no lists."""
    arguments: Any = described.get("arguments") if isinstance(described, dict) else None
    stages = arguments.get("stages") if isinstance(arguments, dict) else None
    if not isinstance(stages, list):
        return described
    return {**described, "arguments": {**arguments, "stages": [*map(_as_row, stages)]}}


def _as_row(values: Any) -> Any:
    if not isinstance(values, list) or not values:
        return values
    try:
        if isinstance(values[0], list):
            return Stage(tuple(values[0]), *values[1:])
        return MBConv(*values)
    except TypeError as error:
        raise ValueError("a stage has its widths, and up to nine values more") from error


_Row = CheckedStage | CheckedMBConv


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _Arguments(_Strict):
    lr: float = 0.1
    num_classes: _Many = 10
    preset: str = "book"
    width: float = Field(default=1.0, gt=0, le=1000)
    depth: int = Field(default=1, ge=1, le=16)
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


class _Source(_Strict):
    file: str | None
    name: str
    arguments: dict[str, Any]
    sha256: str
    #: Only for a Keras model, which has no file.
    config: str | None = None


class Description(_Strict):
    """What `describe` returns, checked value by value."""

    net: str
    #: Only for a custom network.
    source: _Source | None = None
    arguments: _Arguments
    input_shape: Annotated[list[_Side], Field(min_length=3, max_length=3)]
    preprocessing: _Preprocessing

    @model_validator(mode="after")
    def _one_value_a_channel(self) -> Self:
        channels = self.input_shape[2]
        if channels not in (1, 3):
            raise ValueError(f"images of {channels} channels, and not of 1 or 3")
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
