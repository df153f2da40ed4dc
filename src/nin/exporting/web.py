"""`export_web`: a folder with a web page, the network, and the runtime for the browser."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from importlib import resources
from pathlib import Path
from typing import Any

from nin.data.storage.cache_folder import cache_place
from nin.errors import Advice, Argument, ExportError, NinError
from nin.files import expand, write_bytes, write_json

#: The page, which the server also sends.
PAGE = resources.files("nin") / "serving/page"
#: The npm package of the runtime; MIT licence.
PACKAGE, VERSION = "onnxruntime-web", "1.30.0"
LICENCE = Path(__file__).with_name("onnxruntime-web.LICENSE")

#: The files of the package that are used, and the SHA-256 of each as published. In the folder,
#: modules end in `.js`: nginx has no media type for `.mjs`, and browsers run no module without one.
RUNTIME = {
    "ort.wasm.min.mjs": "219e6a1fc8a9938268d18efca3c91d310bd2f4a59bbd13744df5b2b7fc6cee3b",
    "ort-wasm-simd-threaded.mjs": (
        "e13f7f94fc51b4ca72b12faeb1ee95f4ace6dfbc8939bc718aabdc0a27c4299b"
    ),
    "ort-wasm-simd-threaded.wasm": (
        "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
    ),
}
#: Most bytes that an archive of it may unpack to; the published one takes a fraction of that.
MOST_UNPACKED = 2**30
#: Seconds that npm may take for its 33 MB.
NPM_TIMEOUT = 600.0

_BACKEND = '<meta name="nin-backend" content="{}">'


def export_web(
    onnx_path: Path, description: dict[str, Any], out: Path, runtime: str | Path | None = None
) -> None:
    """Write a folder for any web server; the network runs in the visitor's browser.

    Nothing is loaded from elsewhere. Browsers load modules from servers only: to try it, run
    ``python3 -m http.server`` in the folder.

    Args:
        onnx_path: the network, as `nin.exporting.export` writes it.
        description: of the network; the page reads its name, classes and shape from there.
        out: the folder; it need not exist.
        runtime: a copy of onnxruntime-web, a folder or the ``.tgz`` that ``npm pack`` writes; None
            to download it with npm, once per machine.

    Raises:
        ExportError: there is no onnxruntime-web, or not the one that was published.
    """
    runs = _runtime(None if runtime is None else expand(runtime))
    for file in PAGE.iterdir():
        if file.name != "server.js":
            write_bytes(out / file.name, file.read_bytes())
    write_bytes(out / "index.html", _without_server((PAGE / "index.html").read_bytes()))
    for name, content in runs.items():
        write_bytes(out / "onnxruntime" / name.replace(".mjs", ".js"), content)
    write_bytes(out / "onnxruntime/LICENSE", LICENCE.read_bytes())
    write_bytes(out / "model.onnx", Path(onnx_path).read_bytes())
    write_json(out / "model.json", description)


def _without_server(html: bytes) -> bytes:
    here, there = (_BACKEND.format(name).encode() for name in ("server", "browser"))
    assert html.count(here) == 1
    return html.replace(here, there)


def _runtime(given: Path | None) -> dict[str, bytes]:
    if given is not None:
        return _checked(_read(given), given)
    kept = _cache()
    if len(files := _from_folder(kept)) == len(RUNTIME):
        with contextlib.suppress(ExportError):  # Damaged: it is replaced.
            return _checked(files, kept)
    with tempfile.TemporaryDirectory() as folder:
        files = _checked(_from_archive(_download(Path(folder))), Path("npm"))
    with contextlib.suppress(NinError):  # It is downloaded again the next time.
        for name, content in files.items():
            write_bytes(kept / name, content)
    return files


def _cache() -> Path:
    return cache_place() / f"{PACKAGE}-{VERSION}"


def _read(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        return _from_folder(path)
    if path.is_file():
        return _from_archive(path)
    raise ExportError(f"{path}: there is no such file or folder to take {PACKAGE} from")


def _from_folder(path: Path) -> dict[str, bytes]:
    """The files in a folder, or where the unpacked package has them."""
    places = [path, path / "dist", path / "package/dist"]
    place = next((each for each in places if (each / next(iter(RUNTIME))).is_file()), path)
    return {name: (place / name).read_bytes() for name in RUNTIME if (place / name).is_file()}


def _from_archive(path: Path) -> dict[str, bytes]:
    wanted = {f"package/dist/{name}": name for name in RUNTIME}
    try:
        with gzip.open(path) as unpacked:
            bounded: Any = _Bounded(unpacked)
            with tarfile.open(fileobj=bounded, mode="r|") as archive:
                return {
                    wanted[member.name]: file.read()
                    for member in archive
                    if member.name in wanted and (file := archive.extractfile(member))
                }
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise ExportError(f"{path} cannot be read as an archive: expected {_TARBALL}") from error


class _Bounded:
    """A file of which no more than `MOST_UNPACKED` bytes are read, headers included."""

    def __init__(self, file: Any) -> None:
        self._file, self._left = file, MOST_UNPACKED

    def read(self, size: int) -> bytes:
        found: bytes = self._file.read(size)
        self._left -= len(found)
        if self._left < 0:
            raise tarfile.TarError(f"it unpacks to more than {MOST_UNPACKED:,} bytes")
        return found


def _checked(files: dict[str, bytes], where: Path) -> dict[str, bytes]:
    for name, sha256 in RUNTIME.items():
        if name not in files:
            raise ExportError(f"{where}: {name} is missing: expected {PACKAGE} {VERSION}")
        if hashlib.sha256(files[name]).hexdigest() != sha256:
            raise ExportError(
                f"{where}: {name} is not that of {PACKAGE} {VERSION} (SHA-256 differs)"
            )
    return files


def _download(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise _without_runtime("npm is not installed")
    try:
        done = subprocess.run(
            [npm, "pack", "--silent", f"{PACKAGE}@{VERSION}"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=NPM_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _without_runtime(f"npm failed ({error})") from error
    if done.returncode or not (folder / _TARBALL).is_file():
        printed = (done.stderr or done.stdout).strip().splitlines()
        raise _without_runtime(f"npm failed ({printed[-1] if printed else done.returncode})")
    return folder / _TARBALL


_TARBALL = f"{PACKAGE}-{VERSION}.tgz"


def _without_runtime(reason: str) -> ExportError:
    return ExportError(
        f"the page needs {PACKAGE} {VERSION}, and {reason}",
        Advice(
            f"where npm works, type `npm pack {PACKAGE}@{VERSION}`, then give the file: {{}}",
            Argument("runtime", _TARBALL),
        ),
    )
