"""The tables of docs/shipping.md, docs/predictions.md and docs/maps.md, from the records."""

from __future__ import annotations

from typing import Any

from pages.training import conditions, lines, record, spread

FORMS = {
    "run": ("a run directory", "Keras on TensorFlow"),
    "onnx": ("ONNX", "ONNX Runtime"),
    "openvino": ("OpenVINO", "OpenVINO"),
    "litert": ("LiteRT", "ai-edge-litert"),
    "savedmodel": ("SavedModel", "TensorFlow"),
}
WRITTEN_ON = {
    "onnx": "any",
    "openvino": "any",
    "litert": "TensorFlow",
    "savedmodel": "TensorFlow",
}
#: (Network, map) of the record → its name in the table.
MAPS = {
    ("nin", "class map"): "NiN, class map",
    ("nin", "class map, resized"): "NiN, class map of the canvas resized to 68×68",
    ("alexnet", "grad-cam"): "AlexNet, Grad-CAM of the last convolution",
    ("alexnet", "grad-cam, 2nd convolution"): "AlexNet, Grad-CAM of the second convolution",
}

#: Network of the record of views → what it is called in the table.
VIEWED = {
    "photos": "frozen trunk",
    "scratch": "`--preset book --image-size 67 --shift 14 --epochs 8`",
}

#: What the records of exports were measured with.
NETWORK = "The `book` preset trained from scratch on the photographs of [photos.md](photos.md)"


def _rows(name: str, what: str) -> list[dict[str, Any]]:
    return [row for row in record(name)["rows"] if row["what"] == what]


def forms() -> str:
    """Size, agreement, cold start and memory of each format."""
    starts = record("exports")["summary"]
    found = {row["form"]: row for row in _rows("exports", "form")}
    table = []
    for form, (name, runtime) in FORMS.items():
        seconds, peak = (starts[form][key]["median"] for key in ("seconds", "peak_bytes"))
        size = f"{found[form]['bytes'] / 1e6:.2f}" if form in found else ""
        off = f"{found[form]['largest_difference']:.0e}" if form in found else ""
        row = [name, WRITTEN_ON.get(form, ""), runtime, size, off]
        table.append([*row, f"{seconds:.2f}", f"{peak / 2**20:,.0f}"])
    head = ["format", "written on", "run by", "MB", "largest difference"]
    head += ["cold start to a prediction, s", "peak memory, MiB"]
    return (
        f"{lines(head, table)}\n\n{NETWORK}; a cold start is a new"
        f" process that classifies one photograph, median of {starts['onnx']['seconds']['n']}."
        f" {conditions('exports')}"
    )


def agreement() -> str:
    """Each preset at two sizes and two batch sizes."""
    table = []
    for row in _rows("exports", "agreement"):
        cells = [f"`{row['preset']}`", f"{row['parameters']:,}", f"{row['side']} px"]
        for size in ("stored", "larger"):
            some = [part for part in row["rows"] if part["size"] == size]
            equal = " and ".join(f"{part['labels_equal']}" for part in some)
            cells += [equal, f"{max(part['largest_difference'] for part in some):.0e}"]
        table.append(cells)
    head = ["preset", "parameters", "stored at", "same label of 128, stored", "difference"]
    return lines([*head, "same label, larger", "difference"], table)


def views() -> str:
    """Several views of a photograph against one, for each network."""
    table = []
    for row in record("views")["rows"]:
        cells = [VIEWED.get(row["network"], row["network"]), row["way"], f"{row['accuracy']:.3f}"]
        if row["way"] == "as it is":
            table.append([*cells, "", "", ""])
            continue
        change, off = row["loss_change"], row["loss_change_95"]
        moved = [f"+{row['gained']} −{row['lost']}", f"{row['p']:.2g}"]
        table.append([*cells, *moved, f"{change:+.3f} ± {off:.3f}".replace("-", "−")])
    head = ["network", "predictions averaged over", "accuracy", "photographs gained, lost", "p"]
    n = record("views")["rows"][0]["n"]
    return (
        f"{lines([*head, 'change of the loss'], table)}\n\n{n} photographs of the test and"
        " validation parts; p by the exact test of McNemar (1947), of each row on its own; changes"
        " of the loss with their 95 % interval. *Fitted the other way*: squashed instead of"
        f" cropped, or cropped instead of squashed. {conditions('views')}"
    )


def serving() -> str:
    """Throughput and latency of each server at each concurrency."""
    made = record("serving")
    table = [
        [
            server,
            connections,
            spread(row["images_per_second"], 0),
            f"{row['refused']['mean']:,.0f}",
            f"{row['p50_ms']['mean']:,.0f}",
            f"{row['p99_ms']['mean']:,.0f}",
            f"{row['cpu_ms_per_image']['mean']:.0f}",
            f"{row['resident_mib']['mean']:,.0f}",
        ]
        for server, by in made["summary"].items()
        for connections, row in by.items()
    ]
    head = ["", "connections", "images/s, mean ± sd", "refused in 8 s", "p50, ms", "p99, ms"]
    head += ["processor, ms per image", "memory, MiB"]
    return f"{lines(head, table)}\n\n{made['claim']} {conditions('serving')}"


def fuzz() -> str:
    """What came of malformed images."""
    [row] = record("fuzz")["rows"]
    return (
        f"{row['requests']:,} malformed pictures and forms in {row['seconds']:.0f} s:"
        f" {_statuses(row)}; {len(row['rude'])} requests met with a traceback or no response;"
        f" the server's own {_memory(row)}. {conditions('fuzz')}"
    )


def soak() -> str:
    """What came of minutes of good and hostile requests."""
    [row] = record("soak")["rows"]
    return (
        f"Pictures as people send them and malformed ones, in turn, for {row['seconds'] / 60:.0f}"
        f" minutes, {row['requests']:,} in all: {_statuses(row)}; {len(row['failed'])} good ones"
        f" refused or met with a traceback; including the decoding process, {_memory(row)}."
        f" {conditions('soak')}"
    )


def _statuses(row: dict[str, Any]) -> str:
    return ", ".join(f"{count:,} × {status}" for status, count in sorted(row["statuses"].items()))


def _memory(row: dict[str, Any]) -> str:
    low, high = min(row["mebibytes"][1:]), max(row["mebibytes"][1:])
    grown = f"{row['mebibytes_grown']:+.1f} from the first half to the second"
    return f"memory between {low:.0f} and {high:.0f} MiB, {grown}"


def localisation() -> str:
    """Where maps point, beside what points there without a network."""
    made = record("localisation")
    table = [
        [
            f"{row['side']}×{row['side']}",
            MAPS[row["network"], row["map"]],
            f"{row['cells']}×{row['cells']}",
            *(spread(row[key]) for key in ("box", "box_other_class", "energy", "accuracy")),
        ]
        for row in made["summary"]
        if (row["network"], row["map"]) in MAPS
    ]
    [chance] = [row["measured"] for row in made["rows"] if row["kind"] == "chance"]
    for row in chance:
        if row["what"] == "box":
            side = f"{row['side']}×{row['side']}"
            for what, name in (("brightest", "the brightest spot"), ("random", "a random pixel")):
                table.append([side, name, "", f"{row[what]:.3f}", "", "", ""])
    head = ["canvas", "map", "cells", "points into the box", "another class's map does"]
    head += ["share of the map in the box", "accuracy"]
    seeds = made["summary"][0]["box"]["n"]
    said = f"n = {seeds} seeds, 1,000 test scenes. {conditions('localisation')}"
    return f"{lines(head, table)}\n\n{said}"


SHIPPING = {
    "localisation": localisation,
    "forms": forms,
    "agreement": agreement,
    "serving": serving,
    "fuzz": fuzz,
    "soak": soak,
    "views": views,
}
