"""A network that needs no training, served in this process and in others."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager

import httpx
import pytest
from server_cases import shades, started

from nin.inference import FilePredictor
from nin.serving import Limits
from nin.serving.app import application
from nin.serving.service import Service


class Client:
    """Asks an application in this process, one request after the other or many at once."""

    def __init__(self, app):
        self._app = app

    def get(self, path, **request):
        return self.together([("GET", path, request)])[0]

    def post(self, path, **request):
        return self.together([("POST", path, request)])[0]

    def together(self, requests):
        return asyncio.run(self._ask(requests))

    async def _ask(self, requests):
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://test")
        async with asyncio.timeout(120), client:  # Timeouts of httpx do not reach an application.
            calls = (client.request(method, path, **more) for method, path, more in requests)
            return await asyncio.gather(*calls)


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    return shades(tmp_path_factory.mktemp("network") / "shades.onnx")


@pytest.fixture
def open_app(network):
    """Make an application, with a client; predictions are those of any predictor that is given."""
    with opening(network) as start:
        yield start


@pytest.fixture(scope="module")
def open_for_all(network):
    """The same, for all tests of a file."""
    with opening(network) as start:
        yield start


@contextmanager
def opening(network):
    opened = []

    def start(predictor=None, *, quiet=True, origins=(), hosts=None, name=None, **limits):
        predictor = predictor or FilePredictor(network, threads=1)
        service = Service(predictor, Limits(**limits), name=name)
        opened.append(service)
        app = application(service, origins, quiet, hosts=hosts)
        app.client = Client(app)
        app.service = service
        return app

    yield start
    for service in opened:
        service.close()


@pytest.fixture
def client(open_app):
    return open_app().client


@pytest.fixture
def running(network, tmp_path):
    """Start a server in a process of its own; it is killed at the end if it still runs."""
    return lambda *options: started(network, tmp_path / "log", *options)
