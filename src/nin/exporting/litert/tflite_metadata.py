"""TFLite Metadata: what MediaPipe Tasks and the Task Library read in a ``.tflite`` file.

Its schema is ``metadata_schema.fbs`` of TensorFlow Lite Support, where field numbers are from.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np

from nin.inference.input_spec import InputSpec
from nin.inference.metadata import DESCRIPTION_FILE
from nin.names import printable

#: Names of the metadata and the labels in a file.
METADATA, LABELS = "TFLITE_METADATA", "labels.txt"

_IMAGE, _FEATURE = 2, 1  # members of ContentProperties
_RGB, _GREY = 1, 2  # of ColorSpaceType
_NORMALIZATION = 1  # of ProcessUnitOptions
_AXIS_LABELS = 2  # of AssociatedFileType
#: Alignment of the parts of a file, in bytes.
_ALIGNMENT = 16
#: The earliest time that an archive can hold; a fixed one, so that exports are reproducible.
_MOMENT = (1980, 1, 1, 0, 0, 0)

Fields = Sequence[tuple[str, int, Any]]


def described(content: bytes, description: dict[str, Any]) -> bytes:
    """A LiteRT model with its labels and a description of its input.

    Args:
        content: a LiteRT model.
        description: of what is exported.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as files:
        labels = "".join(f"{printable(name)}\n" for name in description["classes"])
        files.writestr(zipfile.ZipInfo(LABELS, _MOMENT), labels)
        files.writestr(zipfile.ZipInfo(DESCRIPTION_FILE, _MOMENT), json.dumps(description))
    return _with_metadata(content, description) + archive.getvalue()


def _with_metadata(content: bytes, description: dict[str, Any]) -> bytes:
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(content)
    names = [name.decode() for name in _output_names(model)]
    metadata = schema.MetadataT(METADATA, len(model.buffers))
    model.metadata = [*(model.metadata or []), metadata]
    model.buffers.append(schema.BufferT(np.frombuffer(_metadata(description, names), np.uint8)))
    for buffer in model.buffers:
        _align(buffer, schema)
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _output_names(model: Any) -> list[bytes]:
    """The names of the outputs, in the order of the graph."""
    [signature], [graph] = model.signatureDefs, model.subgraphs
    named = {each.tensorIndex: each.name for each in signature.outputs}
    return [named[index] for index in graph.outputs]


def _align(buffer: Any, schema: Any) -> None:
    """Have a buffer packed at an address where the runtime can use it in place."""

    def pack(builder: Any) -> Any:
        data = None if buffer.data is None else _vector(builder, bytes(buffer.data))
        schema.BufferStart(builder)
        if data is not None:
            schema.BufferAddData(builder, data)
        return schema.BufferEnd(builder)

    buffer.Pack = pack


def _vector(builder: Any, content: bytes) -> Any:
    builder.StartVector(1, len(content), _ALIGNMENT)
    builder.head = builder.head - len(content)
    builder.Bytes[builder.head : builder.head + len(content)] = content
    return builder.EndVector()


def _metadata(description: dict[str, Any], outputs: Sequence[str]) -> bytes:
    form = InputSpec.of(description)
    assert form is not None
    builder = flatbuffers.Builder(1024)
    text = builder.CreateString
    graph = _table(
        builder,
        9,
        [
            ("offset", 2, _tables(builder, [_input(builder, form)])),
            ("offset", 3, _tables(builder, [_output(builder, name) for name in outputs])),
        ],
    )
    about = f"{len(description['classes'])} classes; written by nin export"
    model = [
        ("offset", 0, text(printable(description["name"]))),
        ("offset", 1, text(about)),
        ("offset", 3, _tables(builder, [graph])),
        ("offset", 7, text("1.0.0")),
    ]
    builder.Finish(_table(builder, 8, model), b"M001")
    return bytes(builder.Output())


def _input(builder: Any, form: InputSpec) -> int:
    colour = ("int8", 0, _GREY if form.channels == 1 else _RGB)
    content = _content(builder, _IMAGE, _table(builder, 2, [colour]))
    # The network standardises the pixels itself: they go in as they are.
    pixels = [("offset", 0, _floats(builder, [0.0])), ("offset", 1, _floats(builder, [1.0]))]
    unit = [("uint8", 0, _NORMALIZATION), ("offset", 1, _table(builder, 2, pixels))]
    stats = [("offset", 0, _floats(builder, [255.0])), ("offset", 1, _floats(builder, [0.0]))]
    return _table(
        builder,
        7,
        [
            ("offset", 0, builder.CreateString("images")),
            ("offset", 3, content),
            ("offset", 4, _tables(builder, [_table(builder, 2, unit)])),
            ("offset", 5, _table(builder, 2, stats)),
        ],
    )


def _output(builder: Any, name: str) -> int:
    fields = [
        ("offset", 0, builder.CreateString(name)),
        ("offset", 3, _content(builder, _FEATURE, _table(builder, 0, []))),
    ]
    if name == "probabilities":
        labels = [("offset", 0, builder.CreateString(LABELS)), ("int8", 2, _AXIS_LABELS)]
        fields.append(("offset", 6, _tables(builder, [_table(builder, 5, labels)])))
    return _table(builder, 7, fields)


def _content(builder: Any, kind: int, properties: int) -> int:
    return _table(builder, 3, [("uint8", 0, kind), ("offset", 1, properties)])


def _table(builder: Any, count: int, fields: Fields) -> int:
    """A table with some of its `count` fields: kind, number, value."""
    add = {
        "offset": builder.PrependUOffsetTRelativeSlot,
        "uint8": builder.PrependUint8Slot,
        "int8": builder.PrependInt8Slot,
    }
    builder.StartObject(count)
    for kind, number, value in fields:
        add[kind](number, value, 0)
    return int(builder.EndObject())


def _tables(builder: Any, tables: Sequence[int]) -> int:
    builder.StartVector(4, len(tables), 4)
    for table in reversed(tables):
        builder.PrependUOffsetTRelative(table)
    return int(builder.EndVector())


def _floats(builder: Any, values: Sequence[float]) -> int:
    return int(builder.CreateNumpyVector(np.asarray(values, np.float32)))
