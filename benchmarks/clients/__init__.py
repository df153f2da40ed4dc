"""Programs that nobody here wrote, each opening exported files in its own way: one file per client.

A client's module has `open_file(path, form)`, which returns a function from the pixels of one
picture (height, width, channels), uint8, to its probabilities; and, where a file has to be
converted first, `convert(path, form, folder)`, which returns what to open. Either may raise
`RefusedError` with the client's own words. `worker.py` runs one client in a process of its own, in
whatever environment has it, and speaks JSON lines: so no client imports `nin`, nor another's
package.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple


class RefusedError(Exception):
    """Why a client does not take a file, in its own words."""


class Form(NamedTuple):
    """What an exported file takes.

    Attributes:
        classes: number of them.
        size: height and width; None for any.
        layout: "nhwc" or "nchw".
        type: "uint8" or "float", from 0 to 255.
    """

    classes: int
    size: int | None = None
    layout: str = "nhwc"
    type: str = "uint8"

    def batch(self, pixels: Any) -> Any:
        """A picture as a batch of one in this form."""
        import numpy as np

        ordered = pixels.transpose(2, 0, 1) if self.layout == "nchw" else pixels
        kind = np.float32 if self.type == "float" else np.uint8
        return np.ascontiguousarray(ordered[None], kind)


class Client(NamedTuple):
    """A program that opens exported files.

    Attributes:
        words: what it is called in a table.
        module: of this package; for Node.js, a file of it.
        package: what has to be importable.
        install: the line that installs it.
        files: the formats that it is given.
        pictures: how many it answers, where it is too slow for all.
    """

    words: str
    module: str
    package: str
    install: str
    files: tuple[str, ...]
    pictures: int | None = None

    @property
    def distribution(self) -> str:
        """What is installed first by that line."""
        return re.split(r"[\s'\[]+", self.install)[2]


_ONNX = ("onnx",)

#: Every client, by name.
CLIENTS = {
    "onnxruntime": Client(
        "ONNX Runtime", "onnxruntime_client", "onnxruntime", "pip install onnxruntime", _ONNX
    ),
    "onnxruntime-node": Client(
        "onnxruntime-node",
        "onnxruntime.mjs",
        "onnxruntime-node",
        "npm install onnxruntime-node",
        _ONNX,
    ),
    "onnxruntime-web": Client(
        "onnxruntime-web (WebAssembly)",
        "onnxruntime.mjs",
        "onnxruntime-web",
        "npm install onnxruntime-web",
        _ONNX,
    ),
    "opencv": Client(
        "OpenCV `dnn`, the array as it is",
        "opencv",
        "cv2",
        "pip install opencv-python-headless",
        _ONNX,
    ),
    "opencv-blob": Client(
        "OpenCV `dnn`, `blobFromImage`",
        "opencv_blob",
        "cv2",
        "pip install opencv-python-headless",
        _ONNX,
    ),
    "openvino": Client(
        "OpenVINO", "openvino_client", "openvino", "pip install openvino", ("onnx", "openvino")
    ),
    "litert": Client(
        "LiteRT", "litert", "ai_edge_litert", "pip install ai-edge-litert", ("litert",)
    ),
    "mediapipe": Client(
        "MediaPipe `ImageClassifier`",
        "mediapipe_client",
        "mediapipe",
        "pip install mediapipe",
        ("litert",),
    ),
    "ncnn": Client("ncnn, by `pnnx`", "ncnn_client", "ncnn", "pip install ncnn pnnx", _ONNX),
    "mnn": Client("MNN, by `mnnconvert`", "mnn_client", "MNN", "pip install MNN", _ONNX),
    "onnx2torch": Client(
        "PyTorch, by onnx2torch",
        "onnx2torch_client",
        "onnx2torch",
        "pip install onnx2torch",
        _ONNX,
    ),
    "onnxsim": Client(
        "onnxsim, then ONNX Runtime", "onnxsim_client", "onnxsim", "pip install onnxsim", _ONNX
    ),
    "onnxslim": Client(
        "onnxslim, then ONNX Runtime", "onnxslim_client", "onnxslim", "pip install onnxslim", _ONNX
    ),
    "reference": Client(
        "ONNX's reference evaluator", "reference", "onnx", "pip install onnx", _ONNX, 1
    ),
    "tensorflow": Client(
        "TensorFlow",
        "tensorflow_client",
        "tensorflow",
        "pip install tensorflow-cpu",
        ("savedmodel",),
    ),
    "tritonclient": Client(
        "`tritonclient` and `nin serve`",
        "triton",
        "tritonclient",
        "pip install 'tritonclient[http]'",
        ("onnx", "openvino", "litert"),
    ),
}
