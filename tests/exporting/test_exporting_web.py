"""The exported page's folder, and where onnxruntime-web is taken from."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import tracemalloc

import pytest

from nin.errors import ExportError
from nin.exporting import web

FILES = {name: f"content of {name}".encode() for name in web.RUNTIME}


@pytest.fixture(autouse=True)
def published(monkeypatch, tmp_path):
    """A small onnxruntime-web in place of the real one, and an empty cache."""
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    monkeypatch.setattr(web, "RUNTIME", hashes)
    monkeypatch.setattr(web, "_cache", lambda: tmp_path / "cache")


@pytest.fixture
def network(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"a network")
    return tmp_path / "model.onnx", {"name": "cats-1", "classes": ["Käse", "cat"]}


def tarball(path, files):
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def packed(path, files=FILES):
    """As npm packs it, with a file that would like to lie elsewhere."""
    inside = {f"package/dist/{name}": content for name, content in files.items()}
    return tarball(path, {"../../evil": b"", **inside, "package/dist/other.mjs": b""})


def npm(tmp_path, monkeypatch, script):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/npm").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "bin/npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")


def test_the_folder_has_everything_and_names_nothing_outside(network, tmp_path):
    onnx_path, description = network
    out = tmp_path / "page"
    web.export_web(onnx_path, description, out, packed(tmp_path / "ort.tgz"))
    assert (out / "model.onnx").read_bytes() == b"a network"
    assert json.loads((out / "model.json").read_text(encoding="utf-8")) == description
    # Not every web server has a media type for `.mjs`, without which no browser runs a module.
    assert {path.name: path.read_bytes() for path in (out / "onnxruntime").iterdir()} == {
        **{name.replace(".mjs", ".js"): content for name, content in FILES.items()},
        "LICENSE": web.LICENCE.read_bytes(),
    }
    html = (out / "index.html").read_text(encoding="utf-8")
    assert '<meta name="nin-backend" content="browser">' in html
    assert not (out / "server.js").exists()
    ours = "".join(path.read_text("utf-8") for path in out.iterdir() if path.suffix in TEXTS)
    assert not re.findall(r"""(?:src|href|url|from|import|fetch)\W{1,3}(?:https?:)?//""", ours)


TEXTS = (".html", ".css", ".js")


def test_every_file_that_the_page_names_is_there(network, tmp_path):
    out = tmp_path / "page"
    web.export_web(*network, out, packed(tmp_path / "ort.tgz"))
    html = (out / "index.html").read_text(encoding="utf-8")
    named = re.findall(r'(?:src|href)="([^"#]+\.\w+)"', html)
    for path in out.glob("*.js"):
        named += re.findall(r'from "\./([^"]+)"', path.read_text(encoding="utf-8"))
    assert len(named) > 5
    assert [name for name in named if not (out / name).is_file()] == []


@pytest.mark.parametrize("inside", ["", "dist", "package/dist"])
def test_a_folder_is_taken_as_well(network, tmp_path, inside):
    place = tmp_path / "ort" / inside
    place.mkdir(parents=True)
    for name, content in FILES.items():
        (place / name).write_bytes(content)
    web.export_web(*network, tmp_path / "page", str(tmp_path / "ort"))
    assert (tmp_path / "page/onnxruntime/ort.wasm.min.js").is_file()


@pytest.mark.parametrize("bomb", ["another.mjs", next(iter(FILES))])
def test_an_archive_is_not_unpacked_without_end(network, tmp_path, monkeypatch, bomb):
    monkeypatch.setattr(web, "MOST_UNPACKED", 20_480)
    small = packed(tmp_path / "ort.tgz")
    web.export_web(*network, tmp_path / "page", small)
    large = packed(tmp_path / "bomb.tgz", {**FILES, bomb: b"0" * 200_000})
    with pytest.raises(ExportError, match="cannot be read as an archive"):
        web.export_web(*network, tmp_path / "other", large)
    assert not (tmp_path / "other").exists()


def test_headers_are_not_unpacked_without_end_either(network, tmp_path, monkeypatch):
    monkeypatch.setattr(web, "MOST_UNPACKED", 1_000_000)
    header = tarfile.TarInfo("long")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 50_000_000
    with gzip.open(tmp_path / "bomb.tgz", "wb", 1) as file:
        file.write(header.tobuf())
        file.write(bytes(header.size))
    tracemalloc.start()
    try:
        with pytest.raises(ExportError, match="cannot be read as an archive"):
            web.export_web(*network, tmp_path / "page", tmp_path / "bomb.tgz")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_npm_is_called_once_per_machine(network, tmp_path, monkeypatch):
    packed(tmp_path / "there.tgz")
    log = tmp_path / "log"
    npm(
        tmp_path,
        monkeypatch,
        f'echo "$@" >> {log}; cp {tmp_path / "there.tgz"} {web.PACKAGE}-{web.VERSION}.tgz',
    )
    for name in ("one", "two"):
        web.export_web(*network, tmp_path / name)
        assert (tmp_path / name / "onnxruntime/ort.wasm.min.js").is_file()
    assert log.read_text().splitlines() == [f"pack --silent {web.PACKAGE}@{web.VERSION}"]


def test_a_cache_that_was_cut_short_is_filled_again(network, tmp_path, monkeypatch):
    packed(tmp_path / "there.tgz")
    npm(tmp_path, monkeypatch, f"cp {tmp_path / 'there.tgz'} {web.PACKAGE}-{web.VERSION}.tgz")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / next(iter(FILES))).write_bytes(b"content")
    web.export_web(*network, tmp_path / "page")
    assert (tmp_path / "cache" / next(iter(FILES))).read_bytes() == FILES[next(iter(FILES))]


def test_without_npm_one_line_says_what_to_do(network, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExportError) as caught:
        web.export_web(*network, tmp_path / "page")
    assert str(caught.value) == (
        "the page needs onnxruntime-web 1.30.0, and npm is not installed: where npm works, type"
        " `npm pack onnxruntime-web@1.30.0`, then give the file:"
        " runtime=onnxruntime-web-1.30.0.tgz"
    )
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo some trouble >&2; echo no network >&2; exit 1", "npm failed (no network)"),
        ("exit 7", "npm failed (7)"),
        ("exit 0", "npm failed (0)"),
    ],
)
def test_npm_without_success_is_a_mistake(network, tmp_path, monkeypatch, script, message):
    npm(tmp_path, monkeypatch, script)
    with pytest.raises(ExportError, match=re.escape(message)):
        web.export_web(*network, tmp_path / "page")
    assert not (tmp_path / "page").exists()
    assert not (tmp_path / "cache").exists()


def test_another_version_is_refused(network, tmp_path):
    changed = {name: content + b"!" for name, content in FILES.items()}
    with pytest.raises(ExportError, match=r"ort.tgz: ort.wasm.min.mjs is not that of .* differs"):
        web.export_web(*network, tmp_path / "page", packed(tmp_path / "ort.tgz", changed))
    assert not (tmp_path / "page").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file or folder"),
        (b"", "cannot be read"),
        (b"\x1f\x8b but torn", "cannot be read"),
        ({"package/readme": b""}, "ort.wasm.min.mjs is missing: expected onnxruntime-web 1.30.0"),
    ],
)
def test_what_is_no_runtime_is_refused(network, tmp_path, content, message):
    path = tmp_path / "ort.tgz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        tarball(path, content)
    with pytest.raises(ExportError, match=message):
        web.export_web(*network, tmp_path / "page", path)
    assert not (tmp_path / "page").exists()
