"""The form in which an exported network takes images: of any size, or of a fixed size."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING

from nin.errors import Advice, Argument, ExportError, UnknownNameError
from nin.inference.input_spec import LAYOUTS, MOST_PIXELS, TYPES, InputSpec
from nin.inference.metadata import LONGEST_SIDE

if TYPE_CHECKING:
    from nin.training import Run

#: Formats that can have a fixed size, and the layouts that each supports.
_FIXED = {"onnx": LAYOUTS, "openvino": LAYOUTS, "litert": ("nhwc",)}
#: Formats that always have a fixed size.
_ALWAYS_FIXED = ("litert",)


def choose_input_spec(
    run: Run,
    to: str,
    *,
    size: int | None = None,
    batch: int | None = None,
    layout: str | None = None,
    input: str | None = None,  # noqa: A002 - the option's name
    quantize: str | None = None,
) -> InputSpec:
    """The form to export a run with; None stands for the usual value of an argument.

    Raises:
        ExportError: the format does not support it, or the network cannot take that size.
        InputSizeError: the size is too small for the network.
        UnknownNameError: there is no such layout or input.
    """
    given = {"batch": batch, "layout": layout, "input": input}
    named = [name for name, value in {"size": size, **given}.items() if value is not None]
    check_square(run)
    channels = run.input_shape[2]
    size, batch = (None if each is None else index(each) for each in (size, batch))
    if to not in _FIXED and named:
        raise ExportError(
            f"{to} takes images of any size and number, as bytes", about=Argument(named[0])
        )
    if size is None and to not in _ALWAYS_FIXED:
        if named:
            raise ExportError(
                "it needs a fixed size",
                Advice("give {} as well", Argument("size", native_size(run))),
                about=Argument(named[0]),
            )
        return InputSpec(channels)
    layout = _layout(to, layout)
    kind = _type(input, in_bytes=(to, quantize) == ("litert", "int8"))
    size = native_size(run) if size is None else size
    check_size(run, Argument("size", size))
    return InputSpec(channels, size, _batch(batch, size), layout, kind)


def _batch(batch: int | None, size: int) -> int:
    most = MOST_PIXELS // size**2
    if batch is not None and not 1 <= batch <= most:
        raise ExportError(
            f"give 1 to {most:,} images of {size}x{size} pixels at a time",
            about=Argument("batch", batch),
        )
    return batch or 1


def _layout(to: str, layout: str | None) -> str:
    known = _FIXED[to]
    if layout is not None and layout not in LAYOUTS:
        raise UnknownNameError("layout", layout, LAYOUTS)
    if layout is not None and layout not in known:
        raise ExportError(f"{to} supports {known[0]} only", about=Argument("layout", layout))
    return layout or known[0]


def _type(kind: str | None, *, in_bytes: bool) -> str:
    if kind is not None and kind not in TYPES:
        raise UnknownNameError("input", kind, TYPES)
    if in_bytes and kind == "float":
        raise ExportError("in litert int8 takes uint8 only", about=Argument("input", kind))
    return kind or ("uint8" if in_bytes else "float")


def check_square(run: Run) -> None:
    """Refuse a run that was trained on arrays that are not square.

    Raises:
        ExportError: it was.
    """
    height, width, _ = run.input_shape
    if height != width:
        raise ExportError(
            f"{run.path} was trained on images of {height}x{width}, and exported networks take"
            " squares: give it square arrays"
        )


def native_size(run: Run) -> int:
    """The side of the images that a run's first layer takes, in pixels."""
    size = run.record["model"]["preprocessing"].get("size")
    return int(size[0] if size else run.input_shape[0])


def check_size(run: Run, size: Argument) -> None:
    """Refuse a side that a run's network cannot take.

    Raises:
        ExportError: it is out of range, or the network has weights for another.
        InputSizeError: it is too small for the network.
    """
    side, own = size.value, native_size(run)
    if not 1 <= side <= LONGEST_SIDE:
        raise ExportError(f"give 1 to {LONGEST_SIDE} pixels", about=size)
    from nin.models.geometry import takes_any_size

    if side != own and not takes_any_size(run.model.net):
        raise ExportError(
            f"the network of {run.path} has weights for images of {own}x{own} pixels only",
            about=size,
        )
    run.model.check_size((side, side, run.input_shape[2]))
