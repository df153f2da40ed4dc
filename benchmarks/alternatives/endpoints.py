"""What one writes around an exported ONNX file without a server of ours, to be measured beside it.

- ``onnxruntime``: a FastAPI endpoint that decodes and computes one image per call, in its pool of
  threads.
- ``litserve``: Lightning's LitServe (``pip install litserve``), which computes images of several
  requests in one batch, in a process of its own.

Run: python benchmarks/alternatives/endpoints.py onnxruntime|litserve FILE PORT
"""

import json
import os
import sys
from typing import Annotated, Any

import numpy as np
from fastapi import Body, FastAPI

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

#: As `nin serve` takes them. (Annotations are read at run time here, so that none may be text.)
Content = Annotated[bytes, Body(media_type="image/*")]

#: LitServe's: images per batch, as many as ours, and seconds that the first of them waits.
BATCH, WAIT = 32, 0.005


class Network:
    """The exported network, without a word of ours about serving."""

    def __init__(self, path: str) -> None:
        import onnxruntime

        self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        metadata = self._session.get_modelmeta().custom_metadata_map["nin"]
        description = json.loads(metadata)
        self.classes = description["classes"]
        (self._side, _, self._channels) = description["input_shape"]
        self._resize_mode = description.get("fit", "squash")

    def read(self, content: bytes) -> Any:
        """An image as the network takes it."""
        from nin.data.decoding.decode import decode

        return decode(content, self._side, self._channels, self._resize_mode)

    def predict(self, images: Any) -> Any:
        """Images (n, h, w, c) → probabilities (n, classes)."""
        return self._session.run(["probabilities"], {"images": np.asarray(images)})[0]

    def answer(self, chances: Any) -> dict[str, Any]:
        """The likeliest class of one image."""
        best = int(np.argmax(chances))
        return {"label": self.classes[best], "probability": float(chances[best])}


def serve_with_fastapi(path: str, port: int) -> None:
    """Serve until stopped."""
    import uvicorn

    app, network = FastAPI(), Network(path)

    @app.get("/health")
    def health() -> str:
        return "ok"

    @app.post("/predict")
    def predict(content: Content) -> dict[str, Any]:
        [chances] = network.predict([network.read(content)])
        return network.answer(chances)

    uvicorn.run(app, port=port, log_level="error")


def serve_with_litserve(path: str, port: int) -> None:
    """Serve until stopped."""
    import litserve
    from endpoint_litserve import Classifier

    api = Classifier(path, max_batch_size=BATCH, batch_timeout=WAIT)
    server = litserve.LitServer(api, accelerator="cpu", timeout=60)
    server.run(port=port, log_level="error", generate_client_file=False, num_api_servers=1)


def main() -> None:
    """Serve until stopped."""
    kind, path, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    {"onnxruntime": serve_with_fastapi, "litserve": serve_with_litserve}[kind](path, port)


if __name__ == "__main__":
    main()
