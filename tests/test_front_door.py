"""`import nin`: its names, what it does not import, and `save_hyperparameters`."""

import inspect
import pickle
import subprocess
import sys

import pytest

import nin
from nin import HyperParameters


def test_unknown_attribute():
    with pytest.raises(AttributeError, match=r"^No nin attribute NIN$"):
        nin.NIN  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'FashionMnist' from 'nin'"):
        from nin import FashionMnist  # noqa: F401
    assert not hasattr(nin, "_private")


IMPORTED = """
import sys
import nin
dir(nin), nin.__version__, nin.NinError, nin.HyperParameters
heavy = "keras tensorflow jax torch numpy matplotlib pydantic sklearn PIL rich".split()
print([name for name in heavy if name in sys.modules])
"""


def test_import_brings_no_framework():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORTED],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_names_are_where_python_looks_for_them():
    """Pickles, `help` and debuggers go by a class's module, whoever handed it out."""
    for name in nin.__all__:
        value = getattr(nin, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert value.__module__ != "nin"
            assert pickle.loads(pickle.dumps(value)) is value
            assert inspect.getsource(value)


def test_everything_is_imported_by_a_star():
    names = {}
    exec("from nin import *", names)
    assert set(names) - {"__builtins__"} == set(nin.__all__)


class Plain(HyperParameters):
    def __init__(self, a, b=2, *, c=3, _hidden=4, ignored=5):
        self.save_hyperparameters(ignore=["ignored"])


def test_arguments_become_attributes():
    plain = Plain(1, c=[7])
    assert plain.hparams == {"a": 1, "b": 2, "c": [7]}
    assert (plain.a, plain.b, plain.c) == (1, 2, [7])
    assert not hasattr(plain, "_hidden")
    assert not hasattr(plain, "ignored")
    assert not hasattr(plain, "self")


def test_each_object_has_its_own():
    first, second = Plain(1), Plain(2)
    assert (first.hparams["a"], second.hparams["a"]) == (1, 2)


class Further(Plain):
    def __init__(self, d, **others):
        super().__init__(**others)
        self.save_hyperparameters()


class Silent(Plain):
    def __init__(self, d):
        super().__init__(d, b=d + 1)


def test_subclass_that_saves_keeps_its_own_arguments():
    further = Further(9, a=1)
    assert further.hparams == {"d": 9, "others": {"a": 1}}
    assert (further.a, further.b, further.d) == (1, 2, 9)


def test_subclass_that_does_not_save_keeps_those_of_its_base():
    silent = Silent(5)
    assert silent.hparams == {"a": 5, "b": 6, "c": 3}
    assert not hasattr(silent, "d")


def test_what_is_saved_is_what_the_names_mean_at_that_moment():
    class Late(HyperParameters):
        def __init__(self, a):
            a, derived = a * 2, a + 1
            self.save_hyperparameters()
            self.total = a + derived

    assert Late(3).total == 10
    assert Late(3).hparams == {"a": 6, "derived": 4}
