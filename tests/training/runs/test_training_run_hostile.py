"""Runs that are damaged, or were made to do harm: refused in one line, and nothing executed."""

import copy
import json
import os
import pickle
import shutil
import struct
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save

import nin as d2l
from nin.errors import NinError, RunError
from nin.training import pipeline
from nin.training.runs.arrays import count_weights, read_metadata
from nin.training.runs.run import load

RECORD = "run.json"
WEIGHTS = "weights.safetensors"
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from([10**400, -(2**63), 2**31, 1e308, "NiN", "VGG", "book", "/", "../../etc"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
UNHURRIED = settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def trained(small_run):
    return small_run.path


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "run")


@pytest.fixture(scope="module")
def scratch(trained, tmp_path_factory):
    """A copy whose record Hypothesis rewrites."""
    return shutil.copytree(trained, tmp_path_factory.mktemp("scratch") / "run")


def refused(path, use=lambda run: run.model):
    """Use a run that must be refused; returns the line."""
    with pytest.raises(NinError) as caught:
        use(load(path))
    message = str(caught.value)
    assert len(message) < 1000
    return message


def outcome(use):
    """What a refusal says; nothing if `use` went through. Any other error is raised."""
    try:
        use()
    except NinError as error:
        return str(error)
    return ""


def places(value, path=()):
    """The path of every value within a JSON value."""
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(each, (*path, key))


def changed(record, path, value):
    """`record` with one value replaced; `...` removes it."""
    record = copy.deepcopy(record)
    *above, last = path
    inside = record
    for key in above:
        inside = inside[key]
    if value is ...:
        del inside[last]
    else:
        inside[last] = value
    return record


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"run"',
        b"1",
        b"{}",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"format": ' + b"1" * 5000 + b"}",
        b'{"format": 2}',
        b'{"format": 1}',
        b'{"format": "1"}',
        b'{"format": NaN}',
        pickle.dumps({"format": 1}),
    ],
)
def test_a_record_that_is_none(run, content):
    (run / RECORD).write_bytes(content)
    assert f"{run}" in refused(run)


def test_a_truncated_record(run):
    whole = (run / RECORD).read_bytes()
    for length in range(0, len(whole) - 2, 97):
        (run / RECORD).write_bytes(whole[:length])
        assert "cannot be read" in refused(run)


def test_a_record_of_any_size_is_not_read(run):
    with (run / RECORD).open("ab") as file:
        file.truncate(2**40)
    assert "has more than" in refused(run)


def test_a_record_of_a_later_version_says_so(run):
    record = json.loads((run / RECORD).read_text())
    (run / RECORD).write_text(json.dumps({**record, "format": 2}))
    assert refused(run) == f"{run} was written in format 2, not 1"


@pytest.mark.parametrize("name", [RECORD, WEIGHTS, "metrics.jsonl"])
@pytest.mark.parametrize("kind", ["directory", "loop", "pipe", "device", "dangling"])
def test_what_is_no_ordinary_file_is_not_opened(run, name, kind):
    path = run / name
    path.unlink()
    match kind:
        case "directory":
            path.mkdir()
        case "loop":
            path.symlink_to(name)
        case "pipe":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "dangling":
            path.symlink_to("nowhere")
    if (name, kind) == ("metrics.jsonl", "dangling"):
        assert load(run).metrics() == []
    else:
        assert str(run) in refused(run, lambda run: (run.model, run.metrics()))


@pytest.mark.parametrize("file", [RECORD, WEIGHTS])
def test_a_missing_file(run, file):
    (run / file).unlink()
    assert str(run) in refused(run)


def hostile(dtype="F32", convert=lambda array: array.tobytes(), **changes):
    """Make a safetensors file, by hand, of a network's weights."""

    def make(arrays):
        header, body = {"__metadata__": {"format": "nin"}}, b""
        for name, array in arrays.items():
            content = convert(array)
            begin, body = len(body), body + content
            offsets = [begin, len(body)]
            header[name] = {"dtype": dtype, "shape": [*array.shape], "data_offsets": offsets}
            header[name] |= changes
        return _file(json.dumps(header).encode(), body)

    return make


def _file(header, body=b""):
    return struct.pack("<Q", len(header)) + header + body


def _zeros(bits):
    return lambda array: bytes(array.size * bits // 8)


class Bomb:
    """What a pickle runs when it is opened."""

    def __reduce__(self):
        return (os.system, ("touch /tmp/nin-was-here",))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"\0" * 7, id="short"),
        pytest.param(lambda _: b"\0" * 8, id="no header"),
        pytest.param(lambda _: pickle.dumps(Bomb()), id="pickle"),
        pytest.param(lambda _: b"PK\3\4" + bytes(200), id="zip"),
        pytest.param(lambda _: struct.pack("<Q", 2**60) + b"{}", id="header of 2**60"),
        pytest.param(lambda _: struct.pack("<Q", 2**64 - 1) + b"{}", id="header of 2**64"),
        pytest.param(lambda arrays: hostile()(arrays)[:-100], id="truncated"),
        pytest.param(lambda arrays: hostile()(arrays)[:100], id="header truncated"),
        pytest.param(lambda arrays: hostile()(arrays) + b"more", id="trailing bytes"),
        pytest.param(lambda _: _file(b"[]"), id="header is a list"),
        pytest.param(lambda _: _file(b"{}"), id="no weights"),
        pytest.param(lambda _: _file(b'{"a":' + b"[" * 10**5), id="deep header"),
        pytest.param(lambda _: _file(b'{"\xff": 1}'), id="header not UTF-8"),
        pytest.param(hostile(shape=[float("nan")]), id="shape is NaN"),
        pytest.param(hostile(shape=[-1]), id="negative shape"),
        pytest.param(hostile(shape=[2**62, 2**62]), id="shape overflows"),
        pytest.param(hostile(shape="all"), id="shape is a word"),
        pytest.param(hostile(data_offsets=[0, 2**60]), id="offsets beyond the end"),
        pytest.param(hostile(dtype="X"), id="unknown kind"),
        pytest.param(hostile("BF16", _zeros(16)), id="bfloat16"),
        pytest.param(hostile("F8_E4M3", _zeros(8)), id="float8"),
        pytest.param(hostile("F4", _zeros(4)), id="float4"),
        pytest.param(hostile("BOOL", _zeros(8)), id="booleans"),
        pytest.param(hostile("I64", _zeros(64)), id="integers"),
        pytest.param(hostile("C64", _zeros(64)), id="complex"),
        pytest.param(hostile("F32", lambda a: np.full_like(a, np.nan).tobytes()), id="NaN"),
        pytest.param(hostile("F32", lambda a: np.full_like(a, -np.inf).tobytes()), id="infinite"),
        pytest.param(lambda arrays: save({f"{k}x": v for k, v in arrays.items()}), id="names"),
        pytest.param(lambda arrays: save({k: v.T for k, v in arrays.items()}), id="transposed"),
        pytest.param(
            lambda arrays: save({"a": np.zeros(sum(v.size for v in arrays.values()), "f4")}),
            id="as many numbers",
        ),
    ],
)
def test_hostile_weights(run, make):
    path = run / WEIGHTS
    path.write_bytes(make(load_file(path)))
    assert str(path) in refused(run) or "the network that is described has" in refused(run)
    for look in (count_weights, read_metadata):
        message = outcome(partial(look, path))
        assert message == "" or message.startswith(str(path))


def test_weights_written_by_hand_are_taken_when_they_fit(run):
    images = d2l.Digits().test.images[:3]
    before = load(run).predict(images)
    (run / WEIGHTS).write_bytes(hostile()(load_file(run / WEIGHTS)))
    assert np.array_equal(load(run).predict(images), before)


def test_weights_of_another_network(run):
    arrays = load_file(run / WEIGHTS)
    record = json.loads((run / RECORD).read_text())
    other = changed(record, ("model", "arguments", "width"), 0.2)
    (run / RECORD).write_text(json.dumps(other))
    total = sum(array.size for array in arrays.values())
    assert f"weights, not {total:,}" in refused(run)


def test_a_described_network_of_any_size_takes_no_memory(run):
    record = json.loads((run / RECORD).read_text())
    for path, value in (
        (("model", "arguments", "width"), 1e6),
        (("model", "arguments", "width"), 1e308),
        (("model", "arguments", "preset"), "imagenet"),
        (("model", "input_shape"), [4096, 4096, 4096]),
        (("model", "preprocessing", "size"), [10**9, 10**9]),
        (("model", "input_shape"), [10**9, 10**9, 1]),
    ):
        (run / RECORD).write_text(json.dumps(changed(record, path, value)))
        refused(run)
    many = changed(record, ("classes",), ["x"] * 10**5)
    many = changed(many, ("model", "arguments", "num_classes"), 10**5)
    (run / RECORD).write_text(json.dumps(many))
    assert "the network that is described has" in refused(run)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("state",), "running"),
        (("state",), ["finished"]),
        (("classes",), "0123456789"),
        (("classes",), [*range(10)]),
        (("classes",), [*"012345678"]),
        (("classes",), [*"0123456789X"]),
        (("classes",), []),
        (("classes",), ["x" * 1001, *"123456789"]),
        (("skip_bad",), "yes"),
        (("data",), None),
        (("data", "fingerprint"), ...),
        (("data", "fingerprint"), 5),
        (("recipe",), []),
        (("model",), "NiN"),
        (("model", "net"), "os"),
        (("model", "net"), "__import__"),
        (("model", "net"), ["NiN"]),
        (("model", "arguments"), []),
        (("model", "arguments", "preset"), []),
        (("model", "arguments", "preset"), "other"),
        (("model", "arguments", "width"), float("nan")),
        (("model", "arguments", "width"), float("inf")),
        (("model", "arguments", "width"), "1"),
        (("model", "arguments", "num_classes"), 10.0),
        (("model", "arguments", "num_classes"), True),
        (("model", "arguments", "dropout"), "much"),
        (("model", "arguments", "dropout"), 7),
        (("model", "arguments", "other"), 1),
        (("model", "input_shape"), [8, 8]),
        (("model", "input_shape"), [0, 8, 1]),
        (("model", "input_shape"), [8, 8, 1.5]),
        (("model", "input_shape"), [8, 8, 3]),
        (("model", "preprocessing"), []),
        (("model", "preprocessing", "size"), [0, 0]),
        (("model", "preprocessing", "size"), [8]),
        (("model", "preprocessing", "size"), "88"),
        (("model", "preprocessing", "mean"), []),
        (("model", "preprocessing", "mean"), [0.1, 0.2, 0.3]),
        (("model", "preprocessing", "mean"), [float("nan")]),
        (("model", "preprocessing", "std"), [0.0]),
        (("model", "preprocessing", "std"), ["1"]),
        (("model", "preprocessing", "name"), "x"),
    ],
)
def test_a_record_with_one_thing_wrong(run, path, value):
    record = json.loads((run / RECORD).read_text())
    (run / RECORD).write_text(json.dumps(changed(record, path, value)))
    refused(run)


@given(data=st.data())
@UNHURRIED
def test_any_change_of_a_record_is_refused_or_harmless(scratch, trained, data):
    record = json.loads((trained / RECORD).read_text())
    path = data.draw(st.sampled_from([*places(record), ("new",)]))
    value = data.draw(ODD)
    (scratch / RECORD).write_text(json.dumps(changed(record, path, value)))
    _use_or_refuse(scratch)


@given(data=st.data())
@UNHURRIED
def test_any_change_of_the_network_is_refused_or_harmless(scratch, trained, data):
    record = json.loads((trained / RECORD).read_text())
    path = data.draw(st.sampled_from([("model", *path) for path in places(record["model"])]))
    value = data.draw(ODD | st.just(...))
    (scratch / RECORD).write_text(json.dumps(changed(record, path, value)))
    _use_or_refuse(scratch)


def _use_or_refuse(path):
    def use():
        run = load(path)
        assert len(run.classes) >= 2
        assert len(run.input_shape) == 3
        assert str(path) in repr(run)
        d2l.Recipe.parse(run.record["recipe"])
        assert run.model.count_params() == count_weights(path / WEIGHTS)

    assert len(outcome(use)) < 1000


@given(data=st.data())
@UNHURRIED
def test_any_change_of_a_recipe_is_refused_or_can_be_trained_on(scratch, trained, data):
    record = json.loads((trained / RECORD).read_text())
    path = data.draw(st.sampled_from([*places(record["recipe"]), ("new",)]))
    record = changed(record, ("recipe", "epochs"), 2)
    value = data.draw(ODD | st.just(...) if path != ("new",) else ODD)
    (scratch / RECORD).write_text(json.dumps(changed(record, ("recipe", *path), value)))
    reached = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "fit_run", lambda *_, **__: reached.append(True))
        message = outcome(lambda: d2l.resume(scratch))
    assert bool(message) != bool(reached)
    assert len(message) < 1000


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@example(b'{"__metadata__": {"epoch": "' + b"9" * 5000 + b'"}}')
@example(b'{"__metadata__": {"epoch": "-1"}}')
@UNHURRIED
def test_any_checkpoint_is_refused(scratch, trained, content):
    shutil.copy(trained / RECORD, scratch / RECORD)
    for whole in (content, _file(content)):
        (scratch / "checkpoint.safetensors").write_bytes(whole)
        with pytest.raises(RunError):
            d2l.resume(scratch, 2)
    shutil.copy(trained / "checkpoint.safetensors", scratch)


#: What Python reports when code runs, a file is opened or a program is started.
WATCHED = {
    "compile",
    "exec",
    "import",
    "open",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "subprocess.Popen",
    "socket.connect",
    "pickle.find_class",
    "ctypes.dlopen",
    "marshal.loads",
}


def test_opening_a_hostile_run_executes_nothing_and_opens_nothing_else(run, trained):
    record = json.loads((run / RECORD).read_text())
    outside = "../../../../etc/passwd"
    record |= {"command": "touch /tmp/nin-was-here", "format_": "__import__('os')"}
    record["recipe"] |= {"name": outside, "data": outside, "preset": outside}
    record["data"] |= {"name": outside, "source": outside}
    record["classes"][:2] = [outside, "{0.__class__}"]
    (run / RECORD).write_text(json.dumps(record))
    (run / "weights.pickle").write_bytes(pickle.dumps(Bomb()))
    (run / "nin.py").write_text("raise SystemExit")
    load(trained).model.count_params()  # whatever is imported on first use
    watching, seen = [True], []

    def watch(event, arguments):
        if watching and event in WATCHED:
            seen.append((event, str(arguments[0])))

    sys.addaudithook(watch)
    opened = load(run)
    assert opened.model is not None
    opened.metrics()
    watching.clear()
    assert ("open", str(run / RECORD)) in seen
    assert {event for event, _ in seen} == {"open"}
    assert all(name.startswith(str(run)) for _, name in seen)
    assert not Path("/tmp/nin-was-here").exists()


@pytest.mark.parametrize("channels", [2, 4])
def test_images_of_channels_that_no_picture_has(run, channels):
    record = json.loads((run / RECORD).read_text())
    path = ("model", "input_shape", 2)
    (run / RECORD).write_text(json.dumps(changed(record, path, channels)))
    assert f"images of {channels} channels" in refused(run)
