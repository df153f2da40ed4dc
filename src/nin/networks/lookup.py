"""Every network by its name: what is known about it before it is made.

Nothing here imports Keras: names and image sizes are checked before it is loaded.
"""

from __future__ import annotations

import reprlib
import sys
from typing import Any, NamedTuple

from nin.errors import InputSizeError, NinError, UnknownNameError
from nin.networks.network_source import is_custom, name_of
from nin.networks.presets import PRESETS, Preset
from nin.networks.rivals import RIVALS, Rival
from nin.networks.stage_table import as_text, is_table, read_table
from nin.networks.stages import MBConv, Stage

#: Names of all networks; `nin` stands for the book's.
NETWORKS = ("nin", *PRESETS, *RIVALS)


class CustomSpec(NamedTuple):
    """What is known about a custom network before it is made: only its stages, if it has any.

    Attributes: as in `Rival`.
    """

    net: str
    arguments: dict[str, Any]
    input_shape: tuple[int, int, int] | None = None
    layers: int = sys.maxsize
    smallest: int = 1
    has_maps: bool = True
    num_classes: int = 10
    pretrained: bool = False


def find_network(name: str, kind: str = "network") -> Preset | Rival | CustomSpec:
    """What is known about the network called `name` before it is made.

    Args:
        name: a preset of NiN, `nin` for the book's, one of `RIVALS`, a table of stages (see
            `nin.networks.stage_table`), or a custom network (see
            `nin.networks.network_source`).
        kind: what error messages call it.

    Raises:
        UnknownNameError: there is none.
        NinError: a table of stages cannot be read.
    """
    if is_table(name):
        return CustomSpec("NiN", {"stages": read_table(name)})
    if is_custom(name):
        return CustomSpec(name, {})
    if name.endswith(".py"):
        raise NinError(f"{kind} {name}: name a network in the file, as {name}:name")
    if name not in NETWORKS:
        raise UnknownNameError(kind, name, NETWORKS)
    return RIVALS[name] if name in RIVALS else PRESETS["book" if name == "nin" else name]


def known_stages(name: str) -> tuple[Stage | MBConv, ...]:
    """The stages of the network called `name`; empty if it is not made of stages."""
    network = find_network(name)
    if isinstance(network, CustomSpec):
        return tuple(network.arguments.get("stages", ()))
    return network.stages if isinstance(network, Preset) else ()


def class_and_arguments(name: str) -> tuple[str, dict[str, Any]]:
    """The name of the class, and its arguments, that `name` stands for.

    Args:
        name: see `find_network`.

    Raises:
        UnknownNameError: there is no such network.
    """
    network = find_network(name)
    if isinstance(network, (Rival, CustomSpec)):
        return network.net, dict(network.arguments)
    return "NiN", {"preset": "book" if name == "nin" else name}


def network_name(network: Any) -> str:
    """The name by which `find_network` finds a network in this process, however it is given.

    Args:
        network: a name; stages; a class, a function of ``(num_classes, input_shape)`` or a Keras
            model.

    Raises:
        NinError: it is none of these.
    """
    if isinstance(network, (list, tuple)):
        try:
            network = as_text(network)
        except (TypeError, ValueError, RecursionError) as error:
            raise NinError(f"the table of stages: {error}") from error
    if isinstance(network, str):
        # Later changes of a table's file must not affect earlier runs.
        return as_text(read_table(network)) if is_table(network) else network
    if not callable(network):
        raise NinError(
            f"a network is a name, stages, a class, a function or a model, not"
            f" {reprlib.repr(network)}"
        )
    return name_of(network)


def check_size(name: str, height: int, width: int) -> None:
    """Refuse images that some layer of the network called `name` would shrink to nothing.

    Raises:
        InputSizeError: they are too small; names the smallest size that works.
    """
    smallest = find_network(name).smallest
    if min(height, width) < smallest:
        raise InputSizeError(
            f"{name} cannot take images of {height}x{width}: the smallest that works is"
            f" {smallest}x{smallest}"
        )
