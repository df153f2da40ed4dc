"""Where an export may be written: it replaces nothing but an export of the same format."""

from __future__ import annotations

from pathlib import Path

from nin.errors import Advice, Argument, ExportError
from nin.exporting.web import PAGE
from nin.inference.engines import FORMATS, open_engine
from nin.inference.metadata import DESCRIPTION_FILE, EXTRA_FOLDER, parse

#: What an exported folder holds.
_CONTENTS = {
    "openvino": {"model.xml", "model.bin"},
    "savedmodel": {"assets", "assets.extra", "variables", "saved_model.pb", "fingerprint.pb"},
    "web": {"model.onnx", "model.json", "onnxruntime", *(file.name for file in PAGE.iterdir())},
}

#: Where the description is in a folder that is not opened to be recognised.
_DESCRIBED_IN = {"web": "model.json", "savedmodel": f"{EXTRA_FOLDER}/{DESCRIPTION_FILE}"}


def check_replaceable(path: Path, to: str) -> None:
    """Refuse a path that an export in this format cannot be written to.

    Raises:
        ExportError: its folder does not exist, its extension is not that of the format, or
            something else is there.
    """
    if not path.parent.is_dir():
        raise ExportError(
            f"{path.parent} {'is not a folder' if path.parent.exists() else 'does not exist'}",
            Advice("name an existing one: {}", Argument("out")),
        )
    is_folder = to == "web" or bool(FORMATS[to].marker)
    if not is_folder and path.suffix != Path(FORMATS[to].file).suffix:
        raise ExportError(
            f"{path}: the name of an export to {to} ends in {Path(FORMATS[to].file).suffix}"
        )
    if is_folder and (path.name in ("", "..") or path.is_symlink()):
        raise ExportError(
            f"{path} cannot be replaced as a whole: it is a link, or a path such as . or ..",
            Advice("name the folder itself: {}", Argument("out")),
        )
    if not path.exists():
        return
    if is_folder and path.is_dir() and not any(path.iterdir()):
        return
    if is_folder != path.is_dir() or not is_export(path, to):
        raise ExportError(
            f"{path} already exists, and is not an export to {to}",
            Advice("name another {}", Argument("out")),
        )


def is_export(path: Path, to: str) -> bool:
    """Whether `path` is what `export` has written in this format, and nothing else."""
    if path.is_dir():
        # The Finder leaves one in each folder that it shows.
        names = {file.name for file in path.iterdir()} - {".DS_Store"}
        if not names <= _CONTENTS[to]:
            return False
    try:
        if to in _DESCRIBED_IN:
            parse((path / _DESCRIBED_IN[to]).read_bytes(), path)
        else:
            open_engine(to, path, 1)
    except (ExportError, OSError):
        return False
    return True
