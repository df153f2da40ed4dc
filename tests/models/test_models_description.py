"""Networks as JSON and back; descriptions from strangers."""

import copy
import json
import tracemalloc

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nin.accounting import count_parameters
from nin.errors import RunError
from nin.models import (
    PRESETS,
    VGG,
    AlexNet,
    Classifier,
    DenseNet,
    GoogLeNet,
    LeNet,
    NiN,
    ResNet18,
    Stage,
    named_net,
)
from nin.networks.stages import CLASSES
from nin.training.runs.description import describe, rebuild

TINY = {
    "net": "NiN",
    "arguments": {"lr": 0.1, "num_classes": 4, "preset": "mnist", "width": 0.05, "dropout": None},
    "input_shape": [28, 28, 1],
    "preprocessing": {"size": None, "mean": [0.5], "std": [0.25]},
}
#: All that a stage can be, in few weights.
STAGES = [
    Stage((4, 3), 3, strides=2, padding="valid", pool="same", dropout=0.25),
    Stage((5, 4, 3), 3, window=3, pool="valid", pooling="average"),
    Stage((4, CLASSES), 2, last_relu=False),
]
WEIGHTS = count_parameters(NiN(num_classes=4, preset="mnist", width=0.05).net, (28, 28, 1))


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: NiN(0.3, 5, preset="cifar10", width=0.05, dropout=0.2), (32, 32, 3)),
        (lambda: NiN(width=0.05), (70, 80, 1)),
        (lambda: LeNet(num_classes=3), (20, 24, 3)),
        (lambda: VGG(((1, 2), (2, 3)), lr=0.2, num_classes=2), (8, 8, 1)),
        pytest.param(lambda: AlexNet(num_classes=2), (67, 67, 1), marks=pytest.mark.slow),
        pytest.param(lambda: GoogLeNet(num_classes=2), (32, 33, 1), marks=pytest.mark.slow),
        pytest.param(lambda: ResNet18(0.2, 3), (32, 33, 3), marks=pytest.mark.slow),
        pytest.param(lambda: DenseNet(num_classes=2), (32, 33, 1), marks=pytest.mark.slow),
        (lambda: NiN(num_classes=3, stages=STAGES), (20, 18, 3)),
        (lambda: NiN(num_classes=3, stages=STAGES, head=()), (20, 18, 1)),
        (lambda: NiN(num_classes=3, stages=STAGES, head=[5, 4], width=2.0), (20, 18, 1)),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_round_trip(make, shape, images):
    model = make()
    model.preprocessing.configure(None, [0.4], [0.2])
    model.build((None, *shape))
    for weight in model.weights:  # Moving averages too.
        weight.assign(weight + 0.01)
    description = describe(model, shape)
    travelled = json.loads(json.dumps(description, allow_nan=False))
    for form in (description, travelled):
        again = rebuild(form, model.count_params())
        assert type(again) is type(model)
        assert json.dumps(describe(again, shape)) == json.dumps(description)
    again.set_weights(model.get_weights())
    x = images(2, shape)
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(again(x)), keras.ops.convert_to_numpy(model(x))
    )


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_described_by_plain_values(name):
    model, shape = named_net(name)
    model.preprocessing.configure((96, 80), [0.5] * shape[2], [0.1] * shape[2])
    description = describe(model, shape)
    assert description == {
        "net": "NiN",
        "arguments": {
            "lr": 0.1,
            "num_classes": PRESETS[name].num_classes,
            "preset": name,
            "width": 1.0,
            "depth": 1,
            "dropout": None,
            "stages": None,
            "head": None,
            "batch_norm": False,
            "pooling": None,
        },
        "input_shape": list(shape),
        "preprocessing": {"size": [96, 80], "mean": [0.5] * shape[2], "std": [0.1] * shape[2]},
    }


@pytest.mark.every_backend
def test_rebuilt_network_is_built_for_what_it_sees():
    model = LeNet()
    model.preprocessing.configure((28, 28))
    again = rebuild(describe(model, (10, 11, 1)), 61_706)
    assert again.count_params() == 61_706
    assert again.preprocessing.size == (28, 28)
    assert again.net.input_shape == (None, 28, 28, 1)


def test_network_of_another_class_is_not_described():
    class Stranger(Classifier):
        def __init__(self):
            super().__init__()
            self.net = keras.Sequential([keras.layers.GlobalAveragePooling2D()])

    with pytest.raises(RunError, match="unknown network 'Stranger'"):
        rebuild(describe(Stranger(), (8, 8, 1)), 0)


@pytest.mark.every_backend
def test_number_of_weights_decides():
    assert rebuild(TINY, WEIGHTS).count_params() == WEIGHTS
    with pytest.raises(RunError, match=f"has {WEIGHTS} weights, not {WEIGHTS + 1:,}$"):
        rebuild(TINY, WEIGHTS + 1)


def changed(where, value):
    description = copy.deepcopy(TINY)
    *path, last = where.split(".")
    place = description
    for step in path:
        place = place[step]
    place[last] = value
    return description


NAN, INF = float("nan"), float("inf")
NO_NUMBERS = ["10", None, [10], {"10": 10}, True]
HOSTILE = {
    "net": ["nin", "Classifier", "__import__('os')", "", None, 3, ["NiN"], {}, True],
    "arguments": [None, [], "lr=1", 3, {"num_classes": 4, "preset": "mnist", "evil": 1}],
    "arguments.lr": [*NO_NUMBERS, NAN, INF, {"class_name": "Lambda", "config": {}}, [[[]]]],
    "arguments.num_classes": [*NO_NUMBERS, 4.0, 0, -4, 1, 5, 10**6, 10**12, 10**4000, NAN, INF],
    "arguments.preset": ["nosuch", "", None, 1, ["mnist"], "../mnist", "MNIST", "m" * 10**6],
    "arguments.width": [*NO_NUMBERS, 0, -0.05, NAN, INF, -INF, 1000, 1e9, 1e300, 10**4000],
    "arguments.dropout": ["0", [0.1], True, NAN, INF, -0.1, 1.5],
    "arguments.arch": [[[1, 2]], 5, [], [[10**9, 10**9]]],
    "arguments.name": ["nin"],
    "arguments.trainable": [False],
    "input_shape": [None, 28, "28", {}, [], [28, 28], [28, 28, 1, 1], [[28, 28, 1]]],
    "input_shape.0": [*NO_NUMBERS, 28.0, 28.5, 0, -28, 10**9, 10**30, 10**4000, NAN, INF],
    "input_shape.2": [*NO_NUMBERS, 1.0, 0, -1, 2, 10**12, NAN],
    "preprocessing": [None, [], 0, {"size": None, "means": [0.0]}],
    "preprocessing.size": ["ab", 5, [], [1], [1, 2, 3], [0, 5], [-1, -1], [2.0, 2.0], [10**9] * 2],
    "preprocessing.mean": [*NO_NUMBERS[:2], 0.5, [], [0.1, 0.2], [NAN], [-INF], [[0.1]], ["0"]],
    "preprocessing.std": [*NO_NUMBERS[:2], 0.5, [], [0.1, 0.2], [NAN], [INF], [-1.0], [[1]], "12"],
    "preprocessing.function": ["os.system"],
}


@pytest.mark.parametrize(
    ("where", "value"),
    [(where, value) for where, values in HOSTILE.items() for value in values],
    ids=lambda value: repr(value)[:24],
)
def test_hostile_value_is_refused_at_little_cost(where, value):
    if where.startswith("input_shape."):
        shape = list(TINY["input_shape"])
        shape[int(where[-1])] = value
        description = changed("input_shape", shape)
    else:
        description = changed(where, value)
    tracemalloc.start()
    try:
        with pytest.raises(RunError) as caught:
            rebuild(description, WEIGHTS)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)


def deep(levels):
    value = 0
    for _ in range(levels):
        value = [value]
    return value


def endless():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "description",
    [
        None,
        [],
        {},
        "",
        "NiN",
        0,
        True,
        NAN,
        deep(100),
        deep(100_000),
        endless(),
        object(),
        {1: 2},
        b"x",
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_description_is_refused(description):
    with pytest.raises(RunError, match=r"^the network's description is damaged: "):
        rebuild(description, WEIGHTS)
    with pytest.raises(RunError, match=r"^the network's description is damaged: "):
        rebuild(changed("arguments.lr", description if description != 0 else "0"), WEIGHTS)


@pytest.mark.parametrize("missing", ["net", "arguments", "input_shape", "preprocessing"])
def test_incomplete_description_names_what_is_missing(missing):
    description = {key: value for key, value in TINY.items() if key != missing}
    with pytest.raises(RunError, match=f"damaged: {missing}: field required$"):
        rebuild(description, WEIGHTS)


@pytest.mark.every_backend
def test_too_small_images_are_refused():
    description = describe(NiN(width=0.05), (66, 80, 1))
    weights = count_parameters(NiN(width=0.05).net, (80, 80, 1))
    with pytest.raises(RunError, match="the smallest that works is 67x67"):
        rebuild(description, weights)
    assert rebuild({**description, "input_shape": [67, 80, 1]}, weights).built


@pytest.mark.parametrize(
    "arch",
    [
        [[10**9, 1]],
        [[1, 10**9]],
        [[1, 1]] * 100_000,
        [[1, 1.0]],
        [[1]],
        [[0, 1]],
        [[-1, 1]],
        [1, 1],
        "11",
        [[1, 1]] * 16,
        [[1, 5]],
    ],
    ids=lambda value: repr(value)[:24],
)
def test_hostile_blocks_of_vgg_are_refused(arch):
    description = {**TINY, "net": "VGG", "arguments": {"arch": arch, "num_classes": 2}}
    with pytest.raises(RunError):
        rebuild(description, WEIGHTS)


def staged(**arguments):
    return {**TINY, "arguments": {"num_classes": 4, **arguments}}


GOOD = [[4, 0], 3, 1, "same", None, 0.0, 1, True]


def test_stages_of_a_stranger_are_a_network():
    model = NiN(num_classes=4, stages=[Stage((4, CLASSES), 3)])
    weights = count_parameters(model, (28, 28, 1))
    for stage in (GOOD, GOOD[:2], Stage((4, 0), 3)._asdict()):
        again = rebuild(staged(stages=[stage]), weights)
        assert again.count_params() == weights
    with pytest.raises(RunError, match=f"has {weights} weights, not {weights + 1}$"):
        rebuild(staged(stages=[GOOD]), weights + 1)


HOSTILE_STAGES = [
    [],
    "4,0",
    {"0": GOOD},
    [None],
    [[]],
    [[[4, 0]]],
    [GOOD] * 17,
    [GOOD] * 100_000,
    [[*GOOD, "evil"]],
    [{**Stage((4, 0), 3)._asdict(), "evil": 1}],
    [{"widths": [4, 0]}],
    *(
        [[*GOOD[:place], value, *GOOD[place + 1 :]]]
        for place, values in enumerate(
            [
                [None, [], 4, "40", [4.0, 0], [-1, 0], [10**9, 0], [[4], 0], [1] * 17, [10**4000]],
                [None, 0, -3, 3.0, "3", 101, 10**9, [3, 3], True],
                [0, -1, 101, 1.5, "1", None],
                ["full", None, 1, ["same"]],
                ["full", 3, True, ["same"]],
                [-0.1, 1.5, NAN, INF, "0", None],
                [0, 101, 10**9, "1", None],
                [None, "yes", 1, []],
            ]
        )
        for value in values
    ),
]


@pytest.mark.parametrize("stages", HOSTILE_STAGES, ids=lambda value: repr(value)[:40])
def test_hostile_stages_are_refused_at_little_cost(stages):
    tracemalloc.start()
    try:
        with pytest.raises(RunError) as caught:
            rebuild(staged(stages=stages), WEIGHTS)
        assert tracemalloc.get_traced_memory()[1] < 64 * 2**20
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "head", [5, "5", [0], [-1], [10**9], [1.0], [True], [[5]], [5] * 17, {"5": 5}, [10**6, 10**6]]
)
def test_hostile_heads_are_refused(head):
    with pytest.raises(RunError):
        rebuild({**TINY, "arguments": {**TINY["arguments"], "head": head}}, WEIGHTS)


def test_few_weights_that_take_much_memory_are_refused():
    wide = staged(stages=[[[100_000, 0], 1, 1, "same", None, 0.0, 1, True]])
    weights = 2 * 100_000 + 4 * 100_001
    with pytest.raises(RunError, match=r"needs [\d,]+ GiB for an image of 4096×4096, more than 4$"):
        rebuild({**wide, "input_shape": [4096, 4096, 1]}, weights)
    assert rebuild({**wide, "input_shape": [8, 8, 1]}, weights).built


def test_stages_may_be_as_wide_as_is_allowed_and_are_refused_for_their_weights():
    wide = [[[10**6] * 16, 100, 1, "same", None, 0.0, 100, True]] * 16
    with pytest.raises(RunError, match=r"has [\d,]{20,} weights"):
        rebuild(staged(stages=wide), WEIGHTS)


garbage = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([*PRESETS, "NiN", "VGG", "LeNet", 10**40, 2**63]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["size", "mean", "std", "lr", "arch"]), inner, max_size=3)
    ),
    max_leaves=8,
)
somewhere = st.sampled_from(
    ["net", "arguments", "input_shape", "preprocessing"]
    + [f"arguments.{name}" for name in (*TINY["arguments"], "arch", "stages", "head", "other")]
    + [f"preprocessing.{name}" for name in (*TINY["preprocessing"], "other")]
)


@pytest.mark.slow
@given(changes=st.dictionaries(somewhere, garbage, min_size=1, max_size=2), weights=st.integers(0))
def test_garbage_gives_the_described_network_or_a_run_error(changes, weights):
    description = copy.deepcopy(TINY)
    for where, value in sorted(changes.items(), reverse=True):  # Inner places first.
        outer, _, inner = where.partition(".")
        if inner:
            description[outer][inner] = value
        else:
            description[outer] = value
    for parameters in (WEIGHTS, weights):
        try:
            model = rebuild(description, parameters)
        except RunError:
            continue
        assert model.count_params() == parameters
        again = describe(model, description["input_shape"])
        assert rebuild(again, parameters).get_config() == model.get_config()
