"""Many images at once: everyone gets their own prediction, nobody suffers for another's image."""

import asyncio
import math
import threading
import time
import weakref
from concurrent.futures import CancelledError, wait
from contextlib import contextmanager, suppress
from datetime import timedelta

import numpy as np
import pytest
from server_cases import light, picture

from nin.errors import NinError
from nin.inference import FilePredictor
from nin.inference.outputs import Predictions
from nin.inference.read_ahead import batch_size
from nin.serving.batching import MOST_IMAGES, MOST_PIXELS, THREADS, Batcher
from nin.serving.settings import Limits


class Slow(FilePredictor):
    """Computes only once it is let."""

    def __init__(self, path):
        super().__init__(path, threads=1)
        self.sizes, self.begun, self.may = [], threading.Event(), threading.Event()
        self.may.set()

    def predict(self, images, maps=False):
        self.sizes.append(len(images))
        self.begun.set()
        assert self.may.wait(20)
        return super().predict(images, maps)


@contextmanager
def let(slow, is_time):
    """Let it compute half a second after all that is to wait is there."""

    def wait_for_it():
        deadline = time.monotonic() + 15
        while not is_time() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.5)
        slow.may.set()

    waiting = threading.Thread(target=wait_for_it, daemon=True)
    waiting.start()
    yield
    waiting.join(20)


def test_everyone_gets_their_own_prediction_in_more_than_one_batch(open_app, network):
    slow = Slow(network)
    app = open_app(slow)
    requests = [
        ("POST", f"/predict?maps={maps}", {"content": picture(grey)})
        for grey in range(40, 240, 4)
        for maps in ("none", "values")
    ]
    slow.may.clear()
    with let(slow, lambda: app.service.images.used == len(requests)):
        responses = app.client.together(requests)
    for (_, path, request), response in zip(requests, responses, strict=True):
        (prediction,) = response.json()["predictions"]
        chances = {row["label"]: row["probability"] for row in prediction["top"]}
        grey = next(g for g in range(40, 240, 4) if picture(g) == request["content"])
        assert chances["light"] == pytest.approx(light(grey), abs=1e-6)
        assert (prediction["maps"] is None) == path.endswith("none")
    assert sum(slow.sizes) == len(requests) + 1
    assert max(slow.sizes) == 32
    assert len(slow.sizes) < 12


def test_a_full_queue_is_503_and_comes_free_again(open_app, network):
    slow = Slow(network)
    app = open_app(slow, queue=10)
    slow.may.clear()
    with let(slow, lambda: app.service.images.used == 10):
        responses = app.client.together([("POST", "/predict", {"content": picture()})] * 40)
    statuses = [response.status_code for response in responses]
    assert statuses.count(200) == 10
    assert statuses.count(503) == 30
    (refused, *_) = (response for response in responses if response.status_code == 503)
    assert refused.headers["retry-after"] == "1"
    assert app.service.images.used == app.service.bytes.used == 0
    assert app.client.post("/predict", content=picture()).status_code == 200
    files = [("images", ("a", picture()))] * 10
    assert app.client.post("/predict", files=files).status_code == 200


def test_of_large_images_fewer_wait(open_app, monkeypatch):
    assert open_app().service.images.limit == Limits().queue
    monkeypatch.setattr("nin.serving.service.MOST_HELD", 8 * 8 * 100)
    assert open_app().service.images.limit == 100
    monkeypatch.setattr("nin.serving.service.MOST_HELD", 8 * 8)
    assert open_app().service.images.limit == Limits().images


def test_a_prediction_that_takes_too_long_is_504_and_gives_its_place_back(open_app, network):
    slow = Slow(network)
    app = open_app(slow, seconds=0.2)
    slow.may.clear()
    responses = app.client.together([("POST", "/predict", {"content": picture()})] * 5)
    assert [response.status_code for response in responses] == [504] * 5
    assert app.service.images.used == 0
    before = len(slow.sizes)
    slow.may.set()
    assert app.client.post("/predict", content=picture()).status_code == 200
    assert len(slow.sizes) <= before + 2, "what nobody waits for is not computed"


def test_the_loop_goes_on_while_a_batch_is_computed(open_app, network):
    slow = Slow(network)
    app = open_app(slow)
    slow.may.clear()
    requests = [("POST", "/predict", {"content": picture()})] + [("GET", "/healthz", {})] * 3
    with let(slow, slow.begun.is_set):
        responses = app.client.together(requests)
    assert [response.status_code for response in responses] == [200] * 4
    first, *others = (response.elapsed for response in responses)
    assert max(others) < first - timedelta(seconds=0.3)


def test_files_of_requests_that_were_given_up_are_not_kept(open_app):
    service = open_app().service
    begun, may = threading.Semaphore(0), threading.Event()

    def decode(*_):
        begun.release()
        assert may.wait(20)
        raise CancelledError

    service._read = decode
    images = np.zeros((8, 8, 1), np.uint8)
    kept = weakref.ref(images)

    async def give_up(images):
        task = asyncio.create_task(service.predict([images] * 40, maps=False))
        while not begun.acquire(blocking=False):
            await asyncio.sleep(0.01)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    try:
        asyncio.run(give_up(images))
        del images
        assert kept() is None
    finally:
        may.set()


def test_one_bad_file_among_many_requests_fails_alone(open_app):
    contents = [picture(200), picture(50)[:50], b"nothing", picture(50)] * 8
    requests = [("POST", "/predict", {"content": content}) for content in contents]
    responses = open_app().client.together(requests)
    assert [response.status_code for response in responses] == [200, 422, 415, 200] * 8
    labels = [r.json()["predictions"][0]["label"] for r in responses if r.status_code == 200]
    assert labels == ["light", "dark"] * 8


def poisoned(images, _):
    if (images == 13).any():
        raise NinError("poison")
    return Predictions(images.mean(axis=(1, 2)), None)


def test_an_image_that_the_network_fails_at_fails_alone():
    batcher = Batcher(poisoned, 8)
    images = [np.full((2, 2, 1), value, np.uint8) for value in range(40)]
    futures = [batcher.submit(image, False) for image in images]
    wait(futures, 20)
    for value, future in enumerate(futures):
        if value == 13:
            with pytest.raises(NinError, match="poison"):
                future.result(0)
        else:
            assert future.result(0).probabilities == [value]
    batcher.close()
    assert not batcher.is_alive


def test_closing_computes_what_was_submitted_and_what_is_given_up_costs_nothing():
    may, sizes = threading.Event(), []

    def compute(images, _):
        assert may.wait(20)
        sizes.append(len(images))
        return Predictions(images.mean(axis=(1, 2)), None)

    batcher = Batcher(compute, 4)
    image = np.zeros((2, 2, 1), np.uint8)
    first, *others = [batcher.submit(image, False) for _ in range(9)]
    given_up = [future for future in others if future.cancel()]
    may.set()
    batcher.close()
    assert not batcher.is_alive
    assert first.result(0).probabilities == [0]
    assert sum(sizes) == 9 - len(given_up)
    for future in given_up:
        with pytest.raises(CancelledError):
            future.result(0)


@pytest.mark.parametrize(
    ("size", "most"), [((8, 8), MOST_IMAGES), ((67, 67), 32), ((288, 288), 2), ((4096, 4096), 1)]
)
def test_of_large_images_fewer_are_computed_together(size, most):
    assert batch_size(math.prod(size), MOST_IMAGES, MOST_PIXELS) == most


def test_what_its_client_does_not_wait_for_is_not_computed(open_app, network):
    slow = Slow(network)
    app = open_app(slow)
    slow.may.clear()
    before = len(slow.sizes)
    asyncio.run(gone(app, 80))
    assert app.service.images.used == app.service.bytes.used == 0
    slow.may.set()
    assert app.client.post("/predict", content=picture()).status_code == 200
    assert sum(slow.sizes[before:]) <= THREADS * MOST_IMAGES + 1, "no more had begun"
    assert 'status="499"} 80.0' in app.client.get("/metrics").text


async def gone(app, clients):
    """So many clients that send a picture and go away."""
    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b""}
    scope |= {"headers": [], "client": ("127.0.0.1", 1)}

    async def ask():
        messages = [{"type": "http.request", "body": picture(), "more_body": False}]

        async def receive():
            if messages:
                return messages.pop()
            await asyncio.sleep(0.3)
            return {"type": "http.disconnect"}

        async def send(_):
            pass

        await app(dict(scope), receive, send)

    await asyncio.gather(*(ask() for _ in range(clients)))
