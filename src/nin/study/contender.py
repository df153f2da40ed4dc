"""`Contender`: a network that takes part in a comparison, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from nin.errors import NinError
from nin.models import Classifier, find_net, make_net


class Contender(NamedTuple):
    """A network that takes part.

    Attributes:
        name: as it stands in tables.
        net: its class, one of `nin.models.NETS`.
        arguments: of the class, beside the number of classes.
        group: the exercise it belongs to; empty in a plain comparison.
    """

    name: str
    net: str
    arguments: dict[str, Any]
    group: str = ""

    def make(self, classes: int) -> Classifier:
        """The network, not yet built."""
        return make_net(self.net, classes, **self.arguments)


def named_contenders(names: Sequence[str]) -> list[Contender]:
    """The networks called `names`, in that order.

    Raises:
        UnknownNameError: there is no such network.
        NinError: one is named twice, or none is.
    """
    if not names:
        raise NinError("there is nothing to compare: name a network or more")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise NinError(f"{twice[0]} is named twice: name each network once")
    return [Contender(name, *find_net(name)) for name in names]
