"""Trunks with their weights, read once."""

import pytest

from nin.errors import WeightsError
from nin.pretrained import load_trunk
from nin.pretrained.trunk import SOURCES


@pytest.fixture(scope="session", params=SOURCES)
def trunk(request):
    """Each trunk whose weights are installed."""
    try:
        return load_trunk(request.param)
    except WeightsError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def lite1():
    """The trunk whose weights come with the package."""
    return load_trunk("efficientnet-lite1")
