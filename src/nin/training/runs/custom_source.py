"""A custom network in a run's record: where its code is, never the code itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nin.errors import Advice, Argument, NinError, RunError
from nin.networks.network_source import import_network, is_registered, register, source_of

if TYPE_CHECKING:
    from nin.models import Classifier

#: Finds a file that a record names.
Locate = Callable[[str], Path]


class CustomSource(NamedTuple):
    """What a record keeps of a custom network.

    Attributes:
        net: its name; see `nin.networks.network_source`.
        file: the file with its code; None for an object that no file holds.
        name: the name of the class or function in it.
        arguments: what it is called with, besides the number of classes and the shape.
        sha256: the digest of the file, or of the object.
        config: for a Keras model, its configuration as JSON.
    """

    net: str
    file: str | None
    name: str
    arguments: dict[str, Any]
    sha256: str
    config: str | None = None


def describe_custom(model: Classifier) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """``net``, ``arguments`` and ``source`` of a custom network, for a record."""
    from keras import Model

    assert model.source is not None
    assert model.made_as is not None
    name, num_classes = model.made_as
    source = model.source._asdict()
    if model.source.file is None and isinstance(code := import_network(name), Model):
        source["config"] = code.to_json()
    return name, {"num_classes": num_classes}, source


def trusted_name(
    source: CustomSource, *, trust: bool, locate: Locate = Path, run: Path | None = None
) -> str:
    """The name by which this process finds the network; nothing is imported.

    Raises:
        RunError: its code is not trusted, is not there, or has changed since the training.
    """
    if is_registered(source.net) and _is_here(source):
        return source.net
    whose = "its" if run is None else f"{run}: its"
    if not trust:
        code = "a configuration of Keras" if source.config else f"the code of {source.file}"
        raise RunError(
            f"{whose} network {source.name} is {code}, which would run when it is opened",
            Advice("if you trust it, give {}", Argument("trust", True)),
        )
    if source.file is None:
        if source.config is None:
            raise RunError(
                f"{whose} network {source.name} was defined in no file, as in a notebook:"
                " train it from a file to open it elsewhere"
            )
        return register(source.net, _from_config(source))
    name = f"{locate(source.file)}{source.net.removeprefix(source.file)}"
    try:
        now = source_of(name).sha256
    except NinError as error:
        raise RunError(str(error)) from error
    if now != source.sha256:
        raise RunError(
            f"{source.file} has changed since {run or 'this network'} was trained (SHA-256 was"
            f" {source.sha256[:12]}…, is {now[:12]}…): restore it"
        )
    return name


def _is_here(source: CustomSource) -> bool:
    """Whether its name leads to its code from the working directory."""
    try:
        return source_of(source.net).sha256 == source.sha256
    except NinError:
        return False


def rebuild_custom(
    source: CustomSource,
    num_classes: int,
    input_shape: tuple[int, ...],
    *,
    trust: bool,
    locate: Locate = Path,
    run: Path | None = None,
) -> Classifier:
    """The network, not yet built; see `trusted_name`.

    Raises:
        RunError: as in `trusted_name`, or its code raises an error.
    """
    name = trusted_name(source, trust=trust, locate=locate, run=run)
    # Not imported at the top: reading a record needs no Keras.
    from nin.models.custom_network import make_custom

    height, width, channels = input_shape
    try:
        return make_custom(name, num_classes, (height, width, channels))
    except NinError as error:
        raise RunError(str(error)) from error


def _from_config(source: CustomSource) -> Any:
    from keras.models import model_from_json

    try:
        return model_from_json(source.config)
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise RunError(f"the model {source.name} cannot be made again: {reason}") from error
