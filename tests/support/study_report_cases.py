"""Comparisons made by hand, for the tests of the report."""

from __future__ import annotations

import random

from nin.accounting.cost import Cost, Parameters
from nin.study.results.result import Comparison
from nin.study.statistics.difference import Difference
from nin.study.trials.row import Measured, Row, Speed

NETS = {
    "NiN (book)": (0.905, 1_992_166, 762_000_000),
    "NiN (mnist)": (0.902, 349_674, 105_000_000),
    "LeNet": (0.871, 61_706, 416_000),
    "LeNet, ReLU": (0.884, 61_706, 416_000),
    "AlexNet": (0.899, 46_764_746, 1_100_000_000),
    "VGG": (0.912, 128_806_154, 7_600_000_000),
    "GoogLeNet": (0.910, 5_978_677, 1_500_000_000),
    "ResNet-18": (0.918, 11_184_010, 1_700_000_000),
    "DenseNet": (0.915, 758_226, 540_000_000),
    "NiN, no 1×1": (0.880, 1_200_000, 500_000_000),
    "NiN, dense end": (0.903, 3_900_000, 770_000_000),
    "NiN, batch norm": (0.911, 1_994_000, 763_000_000),
    "NiN, dropout 0": (0.900, 1_992_166, 762_000_000),
    "MLP": (0.860, 670_000, 670_000),
    "linear": (0.800, 7_850, 7_840),
}
#: Names that mean something to HTML, CSS, Markdown, CSV, TeX, matplotlib, or a terminal.
HOSTILE = (
    "<script>document.title='taken'</script>",
    "</style><img src=x onerror=document.title='taken'>",
    "\"quoted\", with commas, and 'more'",
    "a|b\\|c `code` *bold* _it_ [link](javascript:alert(1))",
    "$\\frac{1$ ^^ {",
    "_hidden",
    "two\nlines --> ]]> &amp;",
    "=1+1",
    "犬 caf\udce9 \x1b[31m",
    "x" * 300,
)


def row(net, accuracies=(0.9, 0.91, 0.905), parameters=1000, multiply_adds=5000, **changed):
    spatial, dense = parameters // 2, parameters // 4
    places = Parameters(
        spatial=spatial, dense=dense, pointwise=parameters - spatial - dense - 2, normalisation=2
    )
    cost = Cost(
        input_shape=(28, 28, 1),
        batch_size=64,
        parameters=places,
        non_trainable=0,
        multiply_adds=multiply_adds,
        weight_bytes=4 * parameters,
        optimizer_bytes=8 * parameters,
        training_activation_bytes=3 * multiply_adds,
        prediction_activation_bytes=multiply_adds,
        receptive_field=(67, 67),
    )
    fields = {
        "net": net,
        "cost": cost,
        "rates": {"0.0003": 0.8, "0.001": 0.85, "0.003": 0.7},
        "learning_rate": 0.001,
        "accuracies": list(accuracies),
        "curves": [[each - 0.3, each - 0.1, each] for each in accuracies],
        "seconds": 75.5,
        "measured": Measured(
            batch_size=32,
            training=Speed(images_per_second=123.456, peak_bytes=10 * 2**20),
            prediction=Speed(images_per_second=4567.8, peak_bytes=3 * 2**20),
        ),
    }
    return Row.model_validate(fields | changed)


def published(count=15):
    noise = random.Random(0)
    return [
        row(net, [accuracy + noise.gauss(0, 0.004) for _ in range(3)], parameters, multiply_adds)
        for net, (accuracy, parameters, multiply_adds) in [*NETS.items()][:count]
    ]


def difference(net="NiN", rival="LeNet", mean=0.012, low=0.004, high=0.02, ratio=0.2, **changed):
    fields = {"n": 3, "mean": mean, "low": low, "high": high, "parameter_ratio": ratio}
    fields |= {"p": 0.01, "sd": 0.005, "images_low": 0.001, "images_high": 0.023}
    return Difference(net=net, rival=rival, **{**fields, **changed})


def comparison(rows, differences=(), **changed):
    fields = {
        "title": "Networks on Fashion-MNIST",
        "settings": {
            "epochs": 10,
            "seeds": [0, 1, 2],
            "limit": None,
            "augmentation": {"flip": True},
        },
        "data": {
            "name": "fashion",
            "classes": ["shirt", "bag"],
            "image_shape": [28, 28, 1],
            "splits": {"train": {"images": 60000, "per_class": {}}},
            "source": "https://example.org/fashion",
            "licence": "MIT",
            "fingerprint": "0123456789abcdef",
        },
        "judged_on": "test",
        "images": 10000,
        "rows": rows,
        "differences": list(differences),
        "versions": {"python": "3.12.3", "keras": "3.15.1"},
        "device": {"cores": 2},
        "command": "nin compare fashion",
    }
    return Comparison.model_validate(fields | changed)


def hostile():
    nets = [row(net, group=group) for group in HOSTILE[:2] for net in HOSTILE]
    pairs = [(rival, group) for group in HOSTILE[:2] for rival in HOSTILE[1:]]
    differences = [difference(HOSTILE[0], rival, group=group) for rival, group in pairs]
    words = " ".join(HOSTILE)
    data = {"name": words, "classes": [words], "source": words, "splits": {words: {"images": 1}}}
    return comparison(
        nets,
        differences,
        title=words,
        settings={words: {words: [words]}},
        data=data,
        command=words,
        device={words: words},
        versions={words: words},
    )
