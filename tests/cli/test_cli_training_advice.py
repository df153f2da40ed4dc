"""What is advised where a network has not learnt."""

import pytest

from nin.cli.training_advice import advice
from nin.training.runs.evaluation import wilson


def record(
    right=60, n=120, steps=300, epochs=75, images=500, kinds=(), restarts=(), patience=None, best=1
):
    return {
        "result": {
            "n": n,
            "accuracy": right / n,
            "interval": list(wilson(right, n)),
            "largest_class": {"name": "bees", "share": 0.5},
            "epoch": best,
        },
        "recipe": {"learning_rate": 0.001, "patience": patience},
        "schedule": {"steps": steps, "epochs": epochs},
        "data": {"splits": {"train": {"per_class": {"ants": images, "bees": images + 7}}}},
        "health": [{"kind": kind} for kind in kinds],
        "restarts": [{"learning_rate": rate} for rate in restarts],
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (record(right=6, n=10), "evaluate it on more images: 10 are too few to tell"),
        (record(right=1, n=1), "evaluate it on more images: 1 is too few to tell"),
        (record(right=1, n=3), "evaluate it on more images: 3 are too few to tell"),
        (record(steps=15, epochs=15), "train longer: 15 steps are few; --epochs 300"),
        (record(steps=15, epochs=15, kinds=["same answer"]), "other images, or another --preset"),
        (
            record(steps=15, epochs=15, patience=4),
            "more patience: it ended 4 epochs after its best",
        ),
        (record(steps=15, epochs=5, patience=4), "train longer"),
        (record(images=20), 'more training images: 20 of "ants" are few'),
        (record(), "another learning rate (it was 0.001: --lr), or another --preset"),
        (record(restarts=[3e-4]), "another learning rate (it was 0.0003: --lr)"),
    ],
)
def test_advice_fits_what_happened(given, said):
    assert advice(given).startswith(said)
