"""What a custom network gets wrong is said before the first step."""

import keras
import pytest
from custom_networks import write_nets

import nin
from nin.errors import InputSizeError, NinError
from nin.models import make_net
from nin.training.network_check import try_network


@pytest.fixture(scope="module")
def nets(tmp_path_factory):
    return write_nets(tmp_path_factory.mktemp("own"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("few", "few gives (batch, 9) in place of (batch, 10): its last layer has one unit per"),
        ("maps", "maps gives (batch, 6, 6, 10) in place of (batch, 10)"),
        ("softmax", "softmax ends in softmax, and the loss takes logits: leave the activation"),
        ("sigmoid", "sigmoid ends in sigmoid, and the loss takes logits"),
        ("rescales", "rescales rescales the images (bytes), which come standardised: leave that"),
        ("nan", "nan returns numbers that are not finite before it is trained"),
        ("dice", "dice: dice (Dice) gives something else each time from the same state"),
        ("Forgetful", "Forgetful: no checkpoint holds forgetful/seen"),
    ],
)
def test_a_mistake_is_one_line(name, said, nets):
    model = make_net(f"{nets}:{name}", 10, (8, 8, 1))
    with pytest.raises(NinError) as caught:
        try_network(model, 10, (8, 8, 1))
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("is_seeded", [False, True])
def test_a_forward_that_draws_numbers_has_to_draw_the_same_again(is_seeded):
    class Noisy(nin.Classifier):
        def __init__(self):
            super().__init__()
            layers = [keras.layers.Flatten(), keras.layers.Dense(10)]
            self.net = keras.Sequential(layers)
            self.seed = keras.random.SeedGenerator(1) if is_seeded else None

        def forward(self, X):
            drawn = keras.random.normal(keras.ops.shape(X), seed=self.seed)
            return self.net(X + drawn if self.training else X)

    model = Noisy()
    if is_seeded:
        try_network(model, 10, (8, 8, 1))
    else:
        with pytest.raises(NinError, match="Noisy gives something else each time from the same"):
            try_network(model, 10, (8, 8, 1))


def test_a_size_that_it_cannot_take(nets):
    model = make_net(f"{nets}:cnn", 10, (8, 8, 1))
    with pytest.raises(InputSizeError, match="cnn cannot take images of 9x9 with 1 channels: "):
        try_network(model, 10, (9, 9, 1))


@pytest.mark.parametrize("name", ["cnn", "Linear"])
def test_what_is_right_passes_with_its_weights(name, nets):
    model = make_net(f"{nets}:{name}", 10, (8, 8, 1))
    try_network(model, 10, (8, 8, 1))
    assert model.is_fresh
