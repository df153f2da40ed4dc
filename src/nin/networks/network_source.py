"""Custom networks by name: ``nets.py:SmallNet``, or an object of this process.

Recipes, records and the command line hold a network's name; its code is only needed to make it. The
file is only imported if the user named it, or trusts it.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.util
import inspect
import json
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from nin.errors import NinError
from nin.networks.code_identity import identity

#: ``file.py:name`` or ``file.py:name(argument=1)``; for an object without a file, ``name@digest``.
_CODE = re.compile(r"(?P<file>.+\.py):(?P<name>[^\W\d][\w.]*)(?:\((?P<given>.*)\))?")
_OBJECT = re.compile(r"[^/\\:]+@[0-9a-f]{12}")

#: Objects of this process by name; if its file has changed, an object is imported again.
_objects: dict[str, Any] = {}
#: For objects from a file: the object, and the digest of the file when it was named.
_states: dict[str, tuple[Any, str]] = {}
#: Modules that were imported here, by file and digest.
_modules: dict[tuple[Path, str], ModuleType] = {}


class NetworkSource(NamedTuple):
    """Where the code of a network is.

    Attributes:
        file: its path; None for an object without a file: from a notebook, or a Keras model.
        name: name of the class, function or model in it.
        arguments: what it is called with, besides the number of classes and the shape.
        sha256: digest of the file, or else of the object's source or configuration.
    """

    file: str | None
    name: str
    arguments: dict[str, Any]
    sha256: str

    @property
    def label(self) -> str:
        """The name and its arguments, for tables."""
        given = ", ".join(f"{key}={value!r}" for key, value in self.arguments.items())
        return f"{self.name}({given})" if given else self.name


def is_custom(name: str) -> bool:
    """Whether `name` is that of a custom network; nothing is imported."""
    return bool(_CODE.fullmatch(name) or _OBJECT.fullmatch(name))


def name_of(network: Any) -> str:
    """The name of a class, function or Keras model, by which this process finds it again.

    A `functools.partial` of one is named with its arguments.
    """
    given: dict[str, Any] = {}
    code = network
    while isinstance(code, functools.partial):
        if code.args:
            raise NinError("give a network's arguments by name: functools.partial(net, width=32)")
        given, code = {**code.keywords, **given}, code.func
    file = _file_of(code)
    if file is not None:
        name = f"{file}:{code.__qualname__}"
        arguments = ", ".join(f"{key}={value!r}" for key, value in given.items())
        name += f"({arguments})" if arguments else ""
        if not arguments or (_CODE.fullmatch(name) and _literals(arguments) is not None):
            _check_current(name, code, file)
            _objects[name] = network
            return name
    label = getattr(code, "__qualname__", None) or getattr(code, "name", type(code).__name__)
    label = re.sub(r"[/\\:@]", "-", str(label).rpartition("<locals>.")[2])
    name = f"{label}@{_digest_of(network)[:12]}"
    _objects[name] = network
    return name


def _check_current(name: str, code: Any, file: str) -> None:
    """Note the state of an object's file when the object was first named.

    Raises:
        NinError: the file has changed since, and the object has not.
    """
    now = source_of(name).sha256
    before, state = _states.get(name, (None, now))
    if before is code and state != now and code.__module__ != "__main__":
        what = f"{file} has changed since {code.__qualname__} was imported"
        raise NinError(what, "reload its module, by importlib.reload, or start again")
    _states[name] = code, now


def _is_current(name: str) -> bool:
    """Whether an object's file, if it has one, is the same as when the object was named."""
    if name not in _states:
        return True
    code, state = _states[name]
    # A running script cannot be imported again: it would run.
    return code.__module__ == "__main__" or state == source_of(name).sha256


def source_of(name: str) -> NetworkSource:
    """Where the network called `name` comes from; its file is read, and not imported.

    Raises:
        NinError: the file cannot be read, or no object of this process is called that.
    """
    found = _CODE.fullmatch(name)
    if found is None:
        return NetworkSource(None, name.rpartition("@")[0], {}, _digest_of(_object(name)))
    arguments = _literals(found["given"] or "")
    if arguments is None:
        raise NinError(f"{name}: give arguments by name, as numbers or strings: (width=32)")
    try:
        content = Path(found["file"]).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise NinError(f"{name}: cannot read {found['file']}: {reason}") from error
    sha256 = hashlib.sha256(content).hexdigest()
    return NetworkSource(found["file"], found["name"], arguments, sha256)


def is_in_file(name: str) -> bool:
    """Whether another process can find the network called `name`."""
    return _CODE.fullmatch(name) is not None


def is_registered(name: str) -> bool:
    """Whether this process already has the network called `name`, without an import."""
    return name in _objects


def import_network(name: str) -> Any:
    """The class, function or Keras model called `name`; its file is imported if necessary.

    Raises:
        NinError: it cannot be imported (the message gives the line), or has nothing of that name.
    """
    if name in _objects and _is_current(name):
        return _objects[name]
    source = source_of(name)
    assert source.file is not None
    found: Any = _imported(Path(source.file), source.sha256)
    for part in source.name.split("."):
        if not hasattr(found, part):
            inside = getattr(found, "__dict__", {})
            names = [each for each, value in inside.items() if callable(value)]
            others = f": it has {', '.join(names[:10])}" if names else ""
            raise NinError(f"{source.file} has no {source.name}{others}")
        found = getattr(found, part)
    if source.arguments and not callable(found):
        raise NinError(f"{name}: {source.name} cannot be called: it is no class and no function")
    return functools.partial(found, **source.arguments) if source.arguments else found


def register(name: str, network: Any) -> str:
    """Let this process find `network` by `name`, which is returned."""
    _objects[name] = network
    return name


def where_raised(error: BaseException, file: str | None) -> str:
    """An exception in one line, with the line number in the network's file if known."""
    line, text = _line_in(file, error), str(error)
    if isinstance(error, SyntaxError) and _is(error.filename, file):
        line, text = error.lineno, error.msg  # `str(error)` would end with the place.
    # Keras first writes where the error was, and then, in bold, what it was.
    lines = re.sub(r"\x1b\[\d*m", "", text).splitlines()
    texts = [each.strip() for each in lines if each.strip()]
    is_second = len(texts) > 1 and texts[0].startswith("Exception encountered")
    message = texts[is_second] if texts else ""
    place = f"{file}, line {line}: " if line else ""
    return f"{place}{type(error).__name__}: {message}".removesuffix(": ")


def _line_in(file: str | None, error: BaseException) -> int | None:
    """The last line of a file in an exception's traceback; None if there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    return next((each.lineno for each in reversed(frames) if _is(each.filename, file)), None)


def _is(file: str | None, other: str | None) -> bool:
    return bool(file and other) and Path(str(file)).resolve() == Path(str(other)).resolve()


def _imported(path: Path, sha256: str) -> ModuleType:
    key = (path.resolve(), sha256)
    if key not in _modules:
        spec = importlib.util.spec_from_file_location(f"{path.stem}_{sha256[:12]}", path)
        if spec is None or spec.loader is None:
            raise NinError(f"{path}: it is not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        try:
            with _beside(path):
                spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[spec.name]
            reason = where_raised(error, str(path)).removeprefix(f"{path}, ")
            raise NinError(f"{path} cannot be imported: {reason}") from error
        _modules[key] = module
    return _modules[key]


@contextmanager
def _beside(path: Path) -> Iterator[None]:
    """Let the file import what lies beside it, as ``python file.py`` does."""
    folder = str(path.resolve().parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _object(name: str) -> Any:
    if name not in _objects:
        raise NinError(
            f"{name} was defined in another process, and in no file: give the object itself"
        )
    return _objects[name]


def _file_of(code: Any) -> str | None:
    """The file that a class or function can be imported from; None if there is none."""
    name = getattr(code, "__qualname__", "<locals>")
    if not (inspect.isclass(code) or inspect.isfunction(code)) or not re.fullmatch(r"[\w.]+", name):
        return None
    try:
        file = inspect.getsourcefile(code)
    except (TypeError, OSError):  # OSError: a class from a notebook.
        return None
    if file is None or not Path(file).is_file() or Path(file).suffix != ".py":
        return None
    here = os.path.relpath(file)
    return file if here.startswith("..") else here


def _digest_of(network: Any) -> str:
    """SHA-256 of an object: of a model's configuration, or of a class's or function's code."""
    if hasattr(network, "to_json") and not isinstance(network, type):
        try:
            made = network.to_json()
        except Exception as error:  # Anything that a model's own `get_config` raises.
            reason = where_raised(error, None)
            raise NinError(f"{network.name} cannot be copied: {reason}") from error
    else:
        made = repr(identity(network))
    return hashlib.sha256(made.encode()).hexdigest()


def _literals(given: str) -> dict[str, Any] | None:
    """The arguments in ``width=32, kernel="same"``; None if they are anything but literals."""
    try:
        call = ast.parse(f"f({given})", mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
            return None
        if any(each.arg is None for each in call.keywords):
            return None
        values = {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}
        json.dumps(values)
    except (SyntaxError, ValueError, TypeError):
        return None
    return values
