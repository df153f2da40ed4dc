"""What one writes without a server of ours: a FastAPI endpoint around a network, one image a call.

Run: python benchmarks/endpoints.py keras|savedmodel RUN_OR_FOLDER PORT
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool

import nin
from nin.data.decode import decode
from nin.inference.engines import savedmodel_engine


def by_keras(path: Path) -> tuple[Callable[[Any], Any], Any]:
    """A run's own network, through Keras's `predict`; and its description."""
    run = nin.load(path)
    shown = {"classes": run.classes, "input_shape": run.input_shape, "fit": run.fit}
    return run.predict, shown


def by_savedmodel(path: Path) -> tuple[Callable[[Any], Any], Any]:
    """A SavedModel, called; and its description."""
    engine = savedmodel_engine.open_file(path, 0)
    return lambda images: engine.predict(images, maps=False).probabilities, engine.description


def application(ask: Callable[[Any], Any], description: Any) -> FastAPI:
    """Decode the body, ask, answer."""
    classes, (height, _, channels) = description["classes"], description["input_shape"]
    fit = description.get("fit", "squash")
    app = FastAPI()

    def answer(body: bytes) -> dict[str, Any]:
        [chances] = ask(decode(body, height, channels, fit)[None])
        best = int(np.argmax(chances))
        return {"label": classes[best], "probability": float(chances[best])}

    @app.get("/readyz")
    def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/predict")
    async def predict(request: Request) -> dict[str, Any]:
        return await run_in_threadpool(answer, await request.body())

    return app


def main() -> None:
    """Serve until stopped."""
    kind, path, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    app = application(*{"keras": by_keras, "savedmodel": by_savedmodel}[kind](path))
    uvicorn.run(app, port=port, log_level="error")


if __name__ == "__main__":
    main()
