"""Identifies a class or function of this process by its source and the values it holds."""

from __future__ import annotations

import functools
import inspect
from types import CodeType
from typing import Any

#: Attributes that Python itself sets on a class; the first changes with the lines above it.
_OF_PYTHON = {"__firstlineno__", "__static_attributes__"}
_PLAIN = (bool, int, float, str, tuple)


def identity(code: Any) -> Any:
    """A value whose `repr` differs if the code, or what it holds, differs.

    What it holds includes the values, functions and classes of its own module that a function
    names. As far as possible it does not depend on memory addresses or on lines before the code.
    Earlier runs of a function are found by it, so that the identity of a plain function must not
    change.
    """
    return _identity(code, set())


def _identity(code: Any, seen: set[int]) -> Any:
    seen.add(id(code))
    if isinstance(code, functools.partial):
        return _identity(code.func, seen), sorted(code.keywords.items())
    if inspect.ismethod(code):
        held = code.__self__
        values = held if isinstance(held, type) else sorted(getattr(held, "__dict__", {}).items())
        return _identity(code.__func__, seen), _shown(values)
    try:
        text = inspect.getsource(code)
    except (OSError, TypeError):
        text = repr(code)
    if isinstance(code, type):
        return text, _members(code, seen)
    defaults: Any = getattr(code, "__defaults__", None)
    if defaults is not None:
        defaults = tuple(map(_shown, defaults))
    if named := getattr(code, "__kwdefaults__", None):
        defaults = defaults, sorted((name, _shown(each)) for name, each in named.items())
    cells = getattr(code, "__closure__", None) or ()
    held = text, defaults, [repr(_shown(cell.cell_contents)) for cell in cells]
    named_here = _of_its_module(code, seen)
    return (*held, named_here) if named_here else held


def _of_its_module(code: Any, seen: set[int]) -> list[tuple[str, Any]]:
    """The values of a function's module that it names, by name; imported code is not looked into.

    Args:
        code: a function.
        seen: ids of the functions and classes that have been looked into, each of them once.
    """
    known, found = getattr(code, "__globals__", {}), []
    for name in sorted(_names(getattr(code, "__code__", None))):
        value = known.get(name)
        is_code = inspect.isfunction(value) or isinstance(value, type)
        if is_code and value.__module__ == code.__module__ and id(value) not in seen:
            found.append((name, _identity(value, seen)))
        elif isinstance(value, _PLAIN) and not name.startswith("__"):
            found.append((name, value))
    return found


def _names(code: CodeType | None) -> set[str]:
    """The names that code uses, and the code within it, such as comprehensions."""
    if code is None:
        return set()
    inner = (each for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _members(kind: type, seen: set[int]) -> list[tuple[str, Any]]:
    """The contents of a class: source alone lacks closures, and in a notebook there is none."""
    # On PyTorch a `forward` is set aside when it is first called.
    own = {{"_own_forward": "forward"}.get(name, name): each for name, each in vars(kind).items()}
    return [
        (name, _identity(each, seen) if inspect.isfunction(each) else each)
        for name, each in sorted(own.items())
        if inspect.isfunction(each) or (isinstance(each, _PLAIN) and name not in _OF_PYTHON)
    ]


def _shown(value: Any) -> Any:
    """A function or class as its name, if it has one, because its `repr` holds its address."""
    is_code = inspect.isfunction(value) or isinstance(value, type)
    if is_code and "<" not in value.__qualname__:
        return f"{value.__module__}.{value.__qualname__}"
    return value
