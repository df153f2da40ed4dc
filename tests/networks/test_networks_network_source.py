"""Names of custom networks: what is found by them, and what is imported when."""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import linecache
import re
import sys

import pytest

import nin
from nin.errors import NinError
from nin.networks.network_source import (
    import_network,
    is_custom,
    is_in_file,
    is_registered,
    name_of,
    source_of,
)

FILE = "def net(num_classes, width=8):\n    return width\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "nets.py"
    path.write_text(FILE, encoding="utf-8")
    return path


def outside(num_classes):
    return num_classes


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nets.py:net", True),
        ("a b/nets.py:Out.In", True),
        ("nets.py:Übernetz", True),
        ("nets.py:net(width=8)", True),
        ("net@0123456789ab", True),
        ("mnist", False),
        ("nets.py", False),
        ("nets.py:1", False),
        ("[[[32],3]]", False),
    ],
)
def test_what_is_the_name_of_code(name, code):
    assert is_custom(name) is code


def in_notebook(cells):
    """What the cells of a notebook define, whose source is in no file."""
    made = {"__name__": "__main__"}
    for cell in cells:
        place = f"<cell {len(linecache.cache)}>"
        linecache.cache[place] = (len(cell), None, [cell], place)
        exec(compile(cell, place, "exec"), made)
    return made


def test_what_a_network_of_this_process_names_belongs_to_it():
    block = "def block(): return WIDTH"
    net = "def net(num_classes): return [block() for _ in range(3)]"
    first = name_of(in_notebook(["WIDTH = 8", block, net])["net"])
    assert first == name_of(in_notebook(["WIDTH = 8", "OTHER = 1", block, net])["net"])
    assert first != name_of(in_notebook(["WIDTH = 64", block, net])["net"])
    assert first != name_of(in_notebook(["WIDTH = 8", f"{block} + 1", net])["net"])
    again = "def net(num_classes): return net(num_classes - 1) if num_classes else block()"
    assert name_of(in_notebook(["WIDTH = 8", block, again])["net"]) != first


def test_a_name_says_the_file_its_digest_and_arguments(file):
    found = source_of(f"{file}:net(width=16, kind='a')")
    assert (found.file, found.name) == (str(file), "net")
    assert found.arguments == {"width": 16, "kind": "a"}
    assert found.label == "net(width=16, kind='a')"
    other = source_of(f"{file}:net")
    assert other.sha256 == found.sha256
    file.write_text(FILE + "#", encoding="utf-8")
    assert source_of(f"{file}:net").sha256 != found.sha256


def test_arguments_are_given_to_what_is_found(file):
    assert import_network(f"{file}:net(width=16)")(10) == 16
    assert import_network(f"{file}:net")(10) == 8


def test_a_file_may_import_what_lies_beside_it(tmp_path):
    (tmp_path / "beside_k.py").write_text("VALUE = 5\n")
    (tmp_path / "uses.py").write_text("from beside_k import VALUE\ndef net(n):\n    return VALUE\n")
    assert import_network(f"{tmp_path}/uses.py:net")(10) == 5
    assert str(tmp_path) not in sys.path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("{}:nothing", "nets.py has no nothing: it has net"),
        ("{}:net(width=x)", "give arguments by name, as numbers or strings"),
        ("{}:net(8)", "give arguments by name, as numbers or strings"),
        ("{}:net()+(1)", "give arguments by name, as numbers or strings"),
        ("{}:net(width=8)(width=2)", "give arguments by name, as numbers or strings"),
        ("{}:__name__.x", "nets.py has no __name__.x"),
        ("{}:__name__(width=2)", "__name__ cannot be called: it is no class and no function"),
        ("nowhere.py:net", "cannot read nowhere.py: No such file or directory"),
        ("net@0123456789ab", "was defined in another process"),
    ],
)
def test_what_cannot_be_found_is_one_line(name, said, file):
    with pytest.raises(NinError) as caught:
        import_network(name.format(file))
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1\nraise ValueError('bad\\nluck')\n", "line 2: ValueError: bad"),
        ("def net(:\n", "nets.py cannot be imported: line 1: SyntaxError: invalid syntax"),
        ("import sys\nsys.exit(3)\n", "line 2: SystemExit: 3"),
        ("import nowhere_at_all\n", "line 1: ModuleNotFoundError: No module named"),
    ],
)
def test_a_file_that_raises_is_one_line(text, said, file):
    file.write_text(text, encoding="utf-8")
    with pytest.raises(NinError) as caught:
        import_network(f"{file}:net")
    assert said in str(caught.value)
    assert str(caught.value).count(file.name) == 1
    assert "\n" not in str(caught.value)


def test_what_a_file_holds_is_named_by_it():
    name = name_of(outside)
    assert name.endswith("test_networks_network_source.py:outside")
    assert is_in_file(name)
    assert is_registered(name)
    assert import_network(name) is outside
    assert name_of(functools.partial(outside, num_classes=3)) == f"{name}(num_classes=3)"


def test_what_no_file_holds_is_named_by_its_digest():
    def make(width):
        def inside(num_classes):
            return width * num_classes

        return inside

    one, other = name_of(make(1)), name_of(make(2))
    assert one.startswith("inside@")
    assert one != other
    assert not is_in_file(one)
    assert (import_network(one)(10), import_network(other)(10)) == (10, 20)
    assert source_of(one).file is None


def test_arguments_by_place_are_refused():
    with pytest.raises(NinError, match="by name"):
        name_of(functools.partial(outside, 3))


def test_a_class_of_this_process_has_a_name_by_its_code():
    class Net(nin.Classifier):
        pass

    class Other(nin.Classifier):
        """Other code."""

    name = name_of(Net)
    assert re.fullmatch(r"Net@[0-9a-f]{12}", name)
    assert name_of(Net) == name
    assert name_of(Other).partition("@")[2] != name.partition("@")[2]
    assert import_network(name) is Net


def test_what_differs_only_in_what_it_holds_has_another_name():
    def class_of(width):
        class Net:
            def __init__(self, num_classes):
                self.width = width

        return Net

    def function_of(width):
        def net(num_classes, *, width=width):
            return num_classes, width

        return net

    class Builder:
        def __init__(self, width):
            self.width = width

        def net(self, num_classes):
            return self.width

    for make in (class_of, function_of, lambda width: Builder(width).net):
        assert name_of(make(8)) != name_of(make(16))


def test_a_file_that_changed_is_imported_anew(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "changing_k.py"
    file.write_text("def net(num_classes):\n    return 1\n")
    before = importlib.import_module("changing_k").net
    name = name_of(before)
    assert import_network(name) is before
    file.write_text("def net(num_classes):\n    return 22\n")
    assert import_network(name)(10) == 22
    with pytest.raises(NinError, match="has changed since net was imported: reload its module"):
        name_of(before)


def test_a_running_script_is_not_run_again(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    file = tmp_path / "script_k.py"
    file.write_text("def net(num_classes):\n    return 1\n")
    net = importlib.import_module("script_k").net
    net.__module__ = "__main__"
    name = name_of(net)
    file.write_text("raise RuntimeError\n")
    assert import_network(name) is net
    assert name_of(net) == name


def test_a_function_keeps_its_name_of_earlier_versions():
    def net(num_classes):
        return num_classes

    made = repr((inspect.getsource(net), None, []))
    assert name_of(net) == "net@" + hashlib.sha256(made.encode()).hexdigest()[:12]


def test_names_do_not_depend_on_lines_or_addresses():
    class Net:
        def __init__(self, num_classes, activation=outside):
            self.made_of = num_classes, activation

    name = name_of(Net)
    Net.__firstlineno__ = 99
    assert name_of(Net) == name

    class Builder:
        def net(self, num_classes):
            return self, num_classes

    assert name_of(Builder().net) == name_of(Builder().net)
