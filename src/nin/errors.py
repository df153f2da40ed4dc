"""Every exception a user can meet. Each message is one line that says what to do next."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from nin.names import printable
from nin.urls import without_credentials

#: The message where another process of a training has ended.
LOST_PEER = "another process was lost; to continue: nin train --resume RUN, in all of them"


def first_line(error: BaseException) -> str:
    """The first line of an exception's message, or the exception's kind where it has none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


class Argument(NamedTuple):
    """An argument named in a message; the command line names the option that sets it.

    Attributes:
        name: the argument's.
        value: what it is, or should be; None to name the argument alone.
    """

    name: str
    value: Any = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}={self.value}"


class Advice(NamedTuple):
    """What can be done by an argument.

    Attributes:
        text: with ``{}`` in place of the argument.
        argument: the argument.
    """

    text: str
    argument: Argument

    def render(self, word: Callable[[Argument], str | None]) -> str | None:
        """The text with what `word` makes of the argument; None if that is nothing."""
        name = word(self.argument)
        return None if name is None else self.text.replace("{}", name, 1)


class NinError(Exception):
    """Base of all errors raised on purpose; the command line prints it and exits with 2.

    Args:
        message: what was wrong, and where.
        advice: what to do about it, each a way out.
        about: the argument whose value was wrong; its name comes before the message.
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
            word: what an argument is called. None if it cannot be given: advice that names it is
                left out then.
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
        """It can travel from one process to another."""
        return type(self), self._arguments


class InputSizeError(NinError):
    """Images too small, or of the wrong number of channels, for a network."""


class DataError(NinError):
    """Images or labels that are missing, unreadable or inconsistent."""


class SourceError(NinError):
    """A URL that cannot be read: access refused, unreachable, or without its driver.

    It is not the fault of one picture, so ``skip_bad`` does not leave the picture out.
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
    """Training that cannot recover: every gradient is zero, or a number is not finite."""


class ExportError(NinError):
    """A run that cannot be exported, or an export that cannot be opened or predicts otherwise."""


class ClusterError(NinError):
    """A cluster that is not there, that went away, or whose workers cannot do what they should."""
