"""The network of `endpoints.py` as LitServe wants it: a class that its worker can import."""

from typing import Any

import litserve
from endpoints import Content, Network


class Classifier(litserve.LitAPI):  # type: ignore[misc]  # it has no types
    """Decodes in the worker, one image after the other, and computes those of a batch together."""

    def __init__(self, path: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.path = path

    def setup(self, device: str) -> None:
        """Open the network; in the worker."""
        del device
        self.network = Network(self.path)

    def decode_request(self, request: Content, **_: Any) -> Any:
        """The body of a request → an image."""
        return self.network.read(request)

    def predict(self, images: Any, **_: Any) -> Any:
        """A list of images → a list of their probabilities."""
        return [*self.network.predict(images)]

    def encode_response(self, chances: Any, **_: Any) -> dict[str, Any]:
        """Probabilities → what is sent back."""
        return self.network.answer(chances)
