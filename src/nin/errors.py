"""Every exception that a user can see. Each message is one line that says what to do next."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from nin.names import printable
from nin.urls import without_credentials

#: The message when another process of the same training has ended.
LOST_PEER = "another process was lost; to continue: nin train --resume RUN, in all of them"


def first_line(error: BaseException) -> str:
    """The first line of an exception's message, or the name of its class if it has none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


class Argument(NamedTuple):
    """An argument named in a message; the command line names the option that sets it instead.

    Attributes:
        name: its name in Python.
        value: the value that it has or should have; None to name the argument alone.
    """

    name: str
    value: Any = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}={self.value}"


class Advice(NamedTuple):
    """A way out that uses an argument.

    Attributes:
        text: the advice, with ``{}`` in place of the argument.
        argument: the argument to fill in.
    """

    text: str
    argument: Argument

    def render(self, word: Callable[[Argument], str | None]) -> str | None:
        """The text with the name that `word` gives the argument; None if it gives none."""
        name = word(self.argument)
        return None if name is None else self.text.replace("{}", name, 1)


class NinError(Exception):
    """Base of all errors raised on purpose; the command line prints it and exits with 2.

    Args:
        message: what was wrong, and where.
        advice: alternative ways out.
        about: the argument whose value was wrong; it is named before the message.
    """

    def __init__(
        self, message: str = "", *advice: str | Advice, about: Argument | None = None
    ) -> None:
        super().__init__(message)
        self.advice, self.about = advice, about

    def __str__(self) -> str:
        return self.render(str)

    def render(self, word: Callable[[Argument], str | None]) -> str:
        """The message in one line.

        Args:
            word: returns what to call an argument, or None if the user cannot give it; advice that
                names such an argument is left out.
        """
        message, *_ = self.args
        if self.about is not None:
            message = f"{word(self.about) or self.about}: {message}"
        ways = (each if isinstance(each, str) else each.render(word) for each in self.advice)
        possible = ", or ".join(way for way in ways if way is not None)
        line = f"{message}: {possible}" if possible else str(message)
        return printable(without_credentials(re.sub(r"\s*[\r\n]\s*", " ", line.strip())))


class BackendError(NinError):
    """Keras has no backend, or not the one that was requested."""


class PeerLostError(NinError):
    """Another process of the same training has ended, or cannot be reached."""


class UnknownNameError(NinError):
    """A preset, recipe, data set or net that does not exist.

    Args:
        kind: what was looked for, in words: ``"preset"``.
        name: what was given.
        known: the names that exist.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        self._arguments = (kind, name, names)
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        super().__init__(f"unknown {kind} {name!r}: {hint}known: {', '.join(names)}")

    def __reduce__(self) -> tuple[type[UnknownNameError], tuple[str, str, list[str]]]:
        """Make it picklable, so that it can be sent to another process."""
        return type(self), self._arguments


class InputSizeError(NinError):
    """Images that are too small for a network, or have the wrong number of channels."""


class DataError(NinError):
    """Images or labels that are missing, unreadable or inconsistent."""


class SourceError(NinError):
    """A URL that cannot be read: access is refused, it is unreachable, or its driver is missing.

    No single picture is at fault, so ``skip_bad`` does not skip it.
    """


class RefusedError(SourceError):
    """A URL that may not be read, or not without credentials."""


class RunError(NinError):
    """A run directory that is missing, damaged, of another kind, or in use."""


class RecipeError(NinError):
    """A training recipe with a value that cannot work."""

    def __str__(self) -> str:
        return f"recipe: {super().__str__()}"


class WeightsError(NinError):
    """Pretrained weights that are not installed, or not those that were published."""


class TrainingDiedError(NinError):
    """A training that cannot recover: every gradient is zero, or a number is not finite."""


class ExportError(NinError):
    """A run that cannot be exported, or an export that cannot be opened or predicts differently."""


class EngineError(ExportError):
    """A runtime that failed to compute, for lack of memory for example."""


class ClusterError(NinError):
    """A cluster that does not respond, went away, or has no workers that can do the work."""
