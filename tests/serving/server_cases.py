"""Pictures, a network that needs no training to tell light ones from dark, and its server."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import time
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np
import onnx
import processes
from onnx import TensorProto, helper
from PIL import Image

CLASSES = ["dark", "light"]
DESCRIPTION = {
    "format": 1,
    "name": "shades",
    "classes": CLASSES,
    "input_shape": [8, 8, 1],
    "maps": True,
    "provenance": {},
}


def shades(path, **changes):
    """An ONNX file whose logits are ±(the mean of the pixels − 128) / 32, in turns."""
    description = {**DESCRIPTION, **changes}
    classes = len(description["classes"])
    nodes = [
        helper.make_node("Cast", ["images"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["floats", "middle"], ["signed"]),
        helper.make_node("Mul", ["signed", "weights"], ["maps"]),
        helper.make_node("ReduceMean", ["maps", "axes"], ["logits"], keepdims=0),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
    ]
    constants = {
        "middle": np.array([128], np.float32),
        "weights": np.resize(np.float32([-1 / 32, 1 / 32]), classes),
        "axes": np.array([1, 2], np.int64),
    }
    graph = helper.make_graph(
        nodes,
        "shades",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", "h", "w", "c"])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", classes]),
            helper.make_tensor_value_info("maps", TensorProto.FLOAT, ["n", "h", "w", classes]),
        ],
        [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    helper.set_model_props(model, {"nin": json.dumps(description)})
    onnx.save(model, str(path))
    return path


def light(grey):
    """How likely such a network finds an evenly grey image to be light."""
    return 1 / (1 + np.exp(-2 * (grey - 128) / 32))


def picture(grey=200, size=(8, 8), kind="PNG", **options):
    file = io.BytesIO()
    Image.new("L", size, grey).save(file, kind, **options)
    return file.getvalue()


def chunk(kind, content):
    """A chunk of a PNG."""
    ends = struct.pack(">I", len(content)), struct.pack(">I", zlib.crc32(kind + content))
    return ends[0] + kind + content + ends[1]


class Running(NamedTuple):
    """`nin serve` in a process of its own."""

    process: subprocess.Popen
    said: str
    log: Path

    @property
    def address(self):
        return self.said.split()[0]

    @property
    def port(self):
        return int(self.address.rpartition(":")[2])

    def client(self):
        return httpx.Client(base_url=self.address, timeout=30, trust_env=False)

    def until(self, condition, seconds=20):
        """Wait for something to become true."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)


@contextmanager
def started(network, log, *options, command=None):
    command = command or [sys.executable, "-m", "nin", "serve", network, "--port", "0"]
    command = [*command, *map(str, options)]
    pipes = {"stdout": subprocess.PIPE, "stderr": log.open("w")}
    with pipes["stderr"], processes.started(command, 900, **pipes) as process:
        yield Running(process, process.stdout.readline(), log)
