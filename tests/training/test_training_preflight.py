"""What cannot begin is refused before a picture is listed."""

import pytest

import nin
from nin.errors import InputSizeError
from nin.training import preflight


@pytest.mark.parametrize("too_small", [{"image_size": 66}, {"crop_size": 66}])
def test_a_size_that_the_network_cannot_take_is_refused_before_anything_is_listed(
    monkeypatch, too_small
):
    opened = []
    monkeypatch.setattr(preflight, "open_new", lambda *_, **settings: opened.append(settings))
    recipe = nin.RECIPES["photos"].revised(data="a million", preset="book", **too_small)
    with pytest.raises(InputSizeError, match="the smallest that works is 67x67"):
        preflight.check(recipe)
    assert opened == []
