"""Names arguments in messages as the command line does: by the options of a verb."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from nin.errors import Argument

#: Arguments of functions whose options have another name.
_OTHERWISE = {
    "seconds": "budget",
    "measured": "no_measure",
}


def option_words(parameters: Sequence[Any]) -> Callable[[Argument], str | None]:
    """What to call arguments in messages of a verb: ``--skip-bad``, ``--validation 0.2``.

    Args:
        parameters: the verb's parameters, as click describes them.

    Returns:
        A function for `nin.errors.NinError.render`; it returns None for an argument that is not an
        option of the verb.
    """
    options = {each.name: each for each in parameters if each.param_type_name == "option"}

    def word(argument: Argument) -> str | None:
        option = options.get(_OTHERWISE.get(argument.name, argument.name))
        if option is None:
            return None
        if option.is_flag and argument.value is not None:
            is_on = bool(argument.value) != option.name.startswith("no_")
            names = option.opts if is_on else option.secondary_opts
            return names[0] if names else None
        return option.opts[0] if argument.value is None else f"{option.opts[0]} {argument.value}"

    return word


def as_typed(options: Iterable[str]) -> list[str]:
    """The names of options as typed: ``--batch-size``; for False in a mapping, ``--no-flip``."""
    typed = {"learning_rate": "--lr"}
    for name in ("flip", "decay_biases"):
        if isinstance(options, Mapping) and options.get(name) is False:
            typed[name] = f"--no-{name.replace('_', '-')}"
    return [typed.get(name, f"--{name.replace('_', '-')}") for name in options]
