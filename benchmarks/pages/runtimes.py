"""The tables of docs/shipping.md on which programs open which file, and what fewer bits cost."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

from clients import CLIENTS

from pages.training import conditions, lines, record

FILES = {
    "onnx": "ONNX",
    "onnx fixed": "ONNX, fixed, float, `nchw`",
    "onnx int8": "ONNX, int8",
    "openvino": "OpenVINO",
    "openvino fixed": "OpenVINO, fixed, float, `nchw`",
    "litert": "LiteRT",
    "litert int8": "LiteRT, int8",
    "litert float16": "LiteRT, float16",
    "savedmodel": "SavedModel",
}
NETWORKS = {"pretrained": "pretrained trunk", "scratch": "from scratch"}

#: What OpenCV says before it says anything: its version, file and line.
_WHERE = re.compile(r"^error: OpenCV\S* \S+ error: ")
#: Characters of a reason.
_LONGEST = 120


def runtimes() -> str:
    """Agreement, speed and cold start of each client with each form of two networks."""
    made = record("runtimes")["rows"]
    rows = [row for row in made if "client" in row and "not_installed" not in row]
    found = {(row["form"], row["client"], row["network"]): row for row in rows}
    table = []
    for form, client in product(FILES, CLIENTS):
        both = [found.get((form, client, network)) for network in NETWORKS]
        if not any(both):
            continue
        cells = [cell for row in both for cell in _cells(row)]
        table.append([_file(form, found, client), CLIENTS[client].words, *cells])
    head = ["file", "opened by"]
    for words in NETWORKS.values():
        head += [f"{words}: same label", "difference", "ms", "cold start, s"]
    opened = (row for row in rows if "version" in row)
    versions = {CLIENTS[row["client"]].distribution: row["version"] for row in opened}
    said = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()))
    return f"{lines(head, table)}\n\n{said}. {conditions('runtimes')}"


def fewer_bits() -> str:
    """What whole numbers cost in accuracy, on images that the run was not trained on."""
    table = []
    rows = [row for row in record("runtimes")["rows"] if row.get("what") == "cost"]
    for row in sorted(rows, key=lambda row: (row["network"], row["form"])):
        sizes = (f"{size / 1e6:.1f}" for size in row["bytes"])
        shares = (f"{share:.1%}" for share in row["accuracy"])
        cells = [NETWORKS[row["network"]], FILES[row["form"]], *sizes, *shares]
        table.append([*cells, f"{row['same_label']:.1%}"])
    head = ["network", "file", "MB in float32", "MB", "accuracy in float32", "accuracy"]
    found = lines([*head, "same label"], table)
    return f"{found}\n\nOn {rows[0]['images']:,} test images, measured with the table above."


def _file(form: str, found: dict[Any, Any], client: str) -> str:
    sizes = [found.get((form, client, network)) for network in NETWORKS]
    megabytes = " and ".join(f"{row['bytes'] / 1e6:.1f}" for row in sizes if row)
    return f"{FILES[form]} ({megabytes} MB)"


def _cells(row: dict[str, Any] | None) -> list[str]:
    if row is None:
        return [""] * 4
    if "refused" in row:
        return [f"refused: {_reason(row['refused'])}", "", "", ""]
    same = f"{row['labels_equal']} of {row['pictures']}"
    return [same, f"{row['difference']:.0e}", f"{row['ms']:.1f}", f"{row['seconds']:.2f}"]


def _reason(said: str) -> str:
    """A client's own words, which must not break out of a table."""
    plain = _WHERE.sub("", said).replace("|", "/").replace("<", "‹").replace(">", "›")
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST].rstrip()} …"


RUNTIMES = {"runtimes": runtimes, "int8": fewer_bits}
