"""Turns images in any supported form into `ImageData`, and names those that are in memory.

Recipes and records state a data set, a folder or a file by its name. Images in memory get a name
with their digest, ``arrays@2f0c…``, by which this process finds them again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nin.data.datamodule import DataModule
from nin.data.images import ImageData
from nin.data.in_memory.array_images import ImageArrays
from nin.data.in_memory.label_values import by_names_in_order_of_text
from nin.data.in_memory.npz_file import read_npz
from nin.data.split import PARTS, Split
from nin.errors import Advice, Argument, DataError
from nin.files import expand

_NAME = re.compile(r"[^/\\@]+@[0-9a-f]{12}")
_opened: dict[str, ImageArrays] = {}
#: How many sets of images in memory a process keeps for recipes that name them: the latest. A run
#: on images in memory stores them.
MOST = 16


def as_images(data: Any, *, classes: Sequence[Any] | None = None, groups: Any = None) -> ImageData:
    """Return images to train on, given in any supported form, as `ImageData`.

    Args:
        data: `ImageData`; ``(x, y)`` arrays; ``(train, test)`` or ``(train, validation, test)`` of
            such pairs, as Keras's ``load_data()`` returns them; a `DataModule`; or loaders, such as
            ``tf.data.Dataset``, PyDataset or DataLoader, as ``(train, validation)`` or
            ``(train, validation, test)``.
        classes: names of the classes; only for arrays and loaders.
        groups: group keys of the training images; only for arrays, see `ImageArrays`.

    Raises:
        DataError: it is none of these, or cannot be used; the message says why.
    """
    if isinstance(data, DataModule):
        if classes is not None or groups is not None:
            about = Argument("groups" if classes is None else "classes")
            raise DataError(f"can be given with arrays only, not with {_called(data)}", about=about)
        return data if isinstance(data, ImageData) else _of_module(data)
    settings = {"classes": classes, "groups": groups}
    if isinstance(data, Split):
        return ImageArrays(*data, **settings)
    if not isinstance(data, (tuple, list)):
        raise _refused(data)
    if len(data) == 2 and not _are_parts(data):
        return ImageArrays(*data, **settings)
    if len(data) not in (2, 3) or not _are_parts(data):
        raise DataError(
            f"a tuple of {len(data)}: give (x, y), or (train, test) or (train, validation, test) of"
            " such pairs"
        )
    if all(map(_is_pair, data)):
        train, *validation, test = data
        return ImageArrays(
            *train, validation=validation[0] if validation else 0.1, test=test, **settings
        )
    if groups is not None:
        raise DataError(
            "cannot be given with a loader, which divides its images itself",
            about=Argument("groups"),
        )
    from nin.data.in_memory.loader_images import LoaderImages

    return LoaderImages(*data, classes=classes)


def as_module(data: Any) -> DataModule:
    """Return images for `nin.Trainer`, which needs a training and a validation part but no test.

    Args:
        data: as for `as_images`, but the second of two pairs is the validation part, and a tenth
            of ``(x, y)`` is held out for validation.

    Raises:
        DataError: they cannot be used; the message says why.
    """
    if isinstance(data, DataModule):
        return data
    if isinstance(data, (tuple, list)) and len(data) == 2:
        if all(map(_is_pair, data)):
            return ImageArrays(*data[0], validation=data[1], test=0.0)
        if not _are_parts(data):
            return ImageArrays(*data, test=0.0)
    return as_images(data)


def as_evaluation_images(data: Any, classes: Sequence[str] | None = None) -> ImageData:
    """Return images to evaluate a network on, given in any supported form, as `ImageData`.

    Args:
        data: as for `as_images`; or a single loader; or an ``.npz`` file. Of several parts, the
            last is used.
        classes: the network's classes, which numeric labels refer to.

    Raises:
        DataError: they cannot be used; the message says why.
    """
    if isinstance(data, ImageData):
        return data
    if isinstance(data, (str, Path)):
        stored = read_npz(expand(data))
        *_, last = (part for part in PARTS if part in stored.parts)
        pair = stored.parts[last][:2]
        if stored.classes is not None:
            return ImageArrays.for_evaluation(pair, stored.classes)
        return _for_evaluation(pair, classes)
    if not isinstance(data, DataModule) and is_loader(data):
        from nin.data.in_memory.loader_images import collect

        data = collect(data)
    if isinstance(data, (tuple, list)) and len(data) == 2 and not _are_parts(data):
        return _for_evaluation(data, classes)
    if isinstance(data, (tuple, list)) and len(data) in (2, 3) and all(map(_is_pair, data)):
        return _for_evaluation(data[-1], classes)
    return as_images(data)


def _for_evaluation(pair: Sequence[Any], classes: Sequence[str] | None) -> ImageArrays:
    images, labels = pair
    if classes is not None:
        labels = by_names_in_order_of_text(labels, classes)
    return ImageArrays.for_evaluation((images, labels), classes)


def is_given(what: Any) -> bool:
    """Whether `what` is images themselves, not their name or path."""
    return isinstance(what, (tuple, DataModule)) or hasattr(what, "shape") or is_loader(what)


def is_loader(value: Any) -> bool:
    """Whether `value` yields batches: a tf.data.Dataset, PyDataset, DataLoader or the like."""
    if isinstance(value, (str, bytes, tuple, list, Mapping)) or hasattr(value, "shape"):
        return False
    return hasattr(value, "__iter__") or (
        hasattr(value, "__getitem__") and hasattr(value, "__len__")
    )


def name_of_images(data: ImageArrays) -> str:
    """The name by which this process finds these images again."""
    label = re.sub(r"[^\w.-]", "-", data.name)
    name = f"{label}@{data.digest[:12]}"
    _opened.pop(name, None)  # The last is the newest.
    _opened[name] = data
    while len(_opened) > MOST:
        del _opened[next(iter(_opened))]
    return name


def is_in_process(name: str) -> bool:
    """Whether `name` is one that `name_of_images` gives."""
    return _NAME.fullmatch(name) is not None


def images_called(name: str) -> ImageArrays:
    """The images that `name_of_images` gave this name.

    Raises:
        DataError: another process gave it, or too many others have been given names since.
    """
    if name not in _opened:
        raise DataError(
            f"{name} were images in memory, which are not saved, and of which only the last {MOST}"
            " sets are kept",
            Advice("give them again: {}", Argument("data")),
        )
    return _opened[name]


def _of_module(module: DataModule) -> ImageData:
    """The images of the book's `DataModule`; as arrays, where its loaders are our `Batches`."""
    from nin.data.in_memory.loader_images import LoaderImages
    from nin.data.loader import Batches

    train, validation = module.train_dataloader(), module.val_dataloader()
    settings: dict[str, Any] = {
        "classes": getattr(module, "classes", None),
        "name": type(module).__name__,
    }
    loaders = [each for each in (train, validation) if each is not None]
    if all(type(each) is Batches and each.augmentation is None for each in loaders):
        held = (validation.images, validation.labels) if validation is not None else 0.1
        return ImageArrays(train.images, train.labels, validation=held, test=0.0, **settings)
    return LoaderImages(train, validation, **settings)


def _are_parts(data: Sequence[Any]) -> bool:
    return all(map(_is_pair, data)) or all(map(is_loader, data))


def _is_pair(value: Any) -> bool:
    return isinstance(value, tuple) and len(value) == 2


def _refused(data: Any) -> DataError:
    if is_loader(data):
        return DataError(f"a single {_called(data)}: give two, (train, validation)")
    if hasattr(data, "shape"):
        return DataError("images without labels: give (x, y)")
    return DataError(
        f"images cannot be given as {_called(data)}: give (x, y), a folder, or an .npz file"
    )


def _called(data: Any) -> str:
    return type(data).__name__.strip("_")
