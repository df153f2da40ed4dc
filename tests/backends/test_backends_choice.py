"""Which framework computes: the choice, and what is said when it cannot be made."""

import importlib.metadata
import json
import logging
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from nin import backends
from nin.errors import BackendError

CHOOSE = """
import os, sys
from nin import backends, errors
{before}
try:
    print(backends.choose(), os.environ["KERAS_BACKEND"])
except errors.NinError as error:
    print(type(error).__name__ + ":", error)
"""


@pytest.fixture
def python(tmp_path):
    """Run a program where only `installed` backends, empty stubs, can be imported."""
    for name in backends.INSTALL:
        folder = tmp_path / "stubs" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()

    def run(program, installed=("tensorflow", "jax", "torch"), variable=None, config=None):
        if config is not None:
            (tmp_path / "keras.json").write_text(config)
        environment = {**os.environ, "KERAS_HOME": str(tmp_path)}
        for name in ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL"):
            environment.pop(name, None)
        if variable is not None:
            environment["KERAS_BACKEND"] = variable
        absent = [name for name in backends.INSTALL if name not in installed]
        first = f"import sys; sys.path.insert(0, {str(tmp_path / 'stubs')!r})\n"
        first += f"sys.modules.update(dict.fromkeys({absent}))\n"
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", first + program],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout.strip(), done.stderr

    def choose(before="", **arguments):
        printed, errors = run(CHOOSE.format(before=before), **arguments)
        assert errors == ""
        assert "\n" not in printed
        return printed

    choose.run = run
    choose.folder = tmp_path
    return choose


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [
        (("tensorflow", "jax", "torch"), "tensorflow"),
        (("jax", "torch"), "jax"),
        (("torch",), "torch"),
    ],
)
def test_first_installed_is_chosen(python, installed, chosen):
    assert python(installed=installed) == f"{chosen} {chosen}"
    assert python(installed=installed, variable="") == f"{chosen} {chosen}"


@pytest.mark.parametrize("name", backends.INSTALL)
def test_environment_decides_before_the_file(python, name):
    assert python(variable=name, config='{"backend": "jax"}') == f"{name} {name}"


@pytest.mark.parametrize("name", backends.INSTALL)
def test_file_decides_before_the_order(python, name):
    assert python(config=json.dumps({"backend": name, "floatx": "float32"})) == f"{name} {name}"


def test_file_is_looked_for_in_the_home_folder(python, monkeypatch):
    (python.folder / ".keras").mkdir()
    (python.folder / ".keras" / "keras.json").write_text('{"backend": "torch"}')
    program = (
        f"import os; os.environ.pop('KERAS_HOME'); os.environ['HOME'] = {str(python.folder)!r}"
    )
    monkeypatch.delenv("USERPROFILE", raising=False)
    assert python(before=program) == "torch torch"


@pytest.mark.parametrize(
    "config",
    [
        '{"backend": "torch"}',  # Keras writes such files by itself: not a choice to insist on.
        '{"backend": "openvino"}',
        '{"backend": "a.b"}',
        '{"backend": ".x"}',
        '{"backend": ""}',
        '{"backend": null}',
        '{"backend": ["jax"]}',
        '{"floatx": "float32"}',
        "[]",
        "7",
        "{",
        "",
    ],
)
def test_file_that_names_nothing_usable_is_passed_over(python, config):
    assert python(installed=("jax",), config=config) == "jax jax"


def test_nothing_installed(python):
    expected = "BackendError: Keras needs TensorFlow, JAX or PyTorch and none is installed: pip"
    assert python(installed=()) == f"{expected} install tensorflow-cpu"


@pytest.mark.parametrize("name", backends.INSTALL)
def test_chosen_but_not_installed(python, name):
    others = [other for other in backends.INSTALL if other != name]
    assert python(installed=others, variable=name) == (
        f"BackendError: the backend is set to {name}, which is not installed:"
        f" {backends.INSTALL[name]}, or set KERAS_BACKEND to another one"
    )


@pytest.mark.parametrize(
    ("variable", "hint"),
    [
        ("pytorch", "did you mean 'torch'? "),
        ("tensorfow", "did you mean 'tensorflow'? "),
        ("a.b", ""),
    ],
)
def test_unknown_name(python, variable, hint):
    expected = f"UnknownNameError: unknown KERAS_BACKEND {variable!r}: {hint}"
    assert python(variable=variable) == f"{expected}known: jax, tensorflow, torch"


KERAS_IS_HERE = (
    "from types import SimpleNamespace as Name\n"
    "sys.modules['keras'] = Name(backend=Name(backend=lambda: 'jax'))\n"
)


def test_keras_is_here_already(python):
    printed = python(before=KERAS_IS_HERE, variable="torch")
    assert printed == (
        "BackendError: Keras is already imported with the jax backend, but KERAS_BACKEND names"
        " torch: set it before anything imports Keras"
    )
    assert python(before=KERAS_IS_HERE, variable="jax") == "jax jax"
    printed = python(before=KERAS_IS_HERE + "os.environ['KERAS_BACKEND'] = ''")
    assert printed.split() == ["jax"]


@pytest.mark.parametrize("module", ["keras", "nin.models"])
def test_missing_backend_is_told_at_the_import(python, module):
    program = (
        "import nin\n"
        "for _ in range(2):\n"
        "    try:\n"
        f"        import {module}\n"
        "    except nin.NinError as error:\n"
        "        print(error)\n"
        "    print('keras' in sys.modules)\n"
    )
    printed, errors = python.run(program, installed=("jax",), variable="torch")
    assert errors == ""
    first, absent, second, still_absent = printed.splitlines()
    assert first == second
    assert "set to torch, which is not installed: pip install 'keras-nin[torch]'" in first
    assert (absent, still_absent) == ("False", "False")


CHATTY = """
import gc, os
assert not gc.isenabled()
os.write(2, b"oneDNN custom operations are on\\n")
assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3"
"""


def test_tensorflow_is_imported_without_its_chatter_and_without_collecting_garbage(python):
    module = python.folder / "stubs" / "tensorflow" / "__init__.py"
    module.write_text(CHATTY)
    after = "import gc; assert gc.isenabled(); os.write(2, b'standard error is back')"
    printed, errors = python.run(CHOOSE.format(before="") + after)
    assert printed == "tensorflow tensorflow"
    assert errors == "standard error is back"


def test_chatter_is_shown_when_the_import_fails(python):
    module = python.folder / "stubs" / "tensorflow" / "__init__.py"
    module.write_text(CHATTY + "raise OSError('libcuda')\n")
    printed, errors = python.run(CHOOSE.format(before=""))
    assert printed == ""
    assert "oneDNN custom operations are on" in errors
    assert "OSError: libcuda" in errors


def test_choice_of_this_process():
    name = keras.backend.backend()
    assert backends.choose() == name
    assert backends.current().__name__ == f"nin.backends._{name}"
    packages = importlib.metadata.packages_distributions()[name]
    versions = {importlib.metadata.version(package) for package in packages}
    assert backends.current().version() in versions


def test_choice_cannot_change_any_more(monkeypatch):
    other = "jax" if keras.backend.backend() != "jax" else "torch"
    monkeypatch.setenv("KERAS_BACKEND", other)
    with pytest.raises(BackendError, match=f"names {other}: set it before"):
        backends.choose()


@pytest.mark.every_backend
def test_weights_are_up_to_date_while_training():
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            backends.current().sync(self.model)
            seen.append(float(keras.ops.convert_to_numpy(self.model.weights[0])[0, 0]))

    model = keras.Sequential([keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(optimizer=keras.optimizers.SGD(0.25), loss="mse")
    ones = np.ones((4, 1), "float32")
    model.fit(ones, ones, batch_size=2, verbose=0, callbacks=[Watch()])
    assert seen == pytest.approx([0.5, 0.75])


def test_training_one_network_after_another_is_no_news(caplog):
    if backends.choose() != "tensorflow":
        pytest.skip("TensorFlow's log")
    backends.current()
    log = logging.getLogger("tensorflow")
    log.warning("6 out of the last 6 calls to %s triggered tf.function retracing.", "f")
    log.warning("the disk is on fire")
    assert [record.getMessage() for record in caplog.records] == ["the disk is on fire"]
