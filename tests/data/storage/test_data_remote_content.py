"""Shards over the protocol of S3, by its own driver: the same pictures as in a local folder.

botocore refuses the python-dateutil of constraints.txt, so that what this needs is installed where
somebody asks for it: pip install s3fs 'moto[s3]' flask flask-cors
"""

from __future__ import annotations

import fsspec
import numpy as np
import pytest
from PIL import Image
from shards import as_parquet, as_tar_shards

from nin.data import ImageFolder
from nin.data.storage import block_cache, remote_files

WHY = "S3 is tested where s3fs and moto's server are installed"
s3fs = pytest.importorskip("s3fs", reason=WHY)
moto = pytest.importorskip("moto.server", reason=WHY)

SHARDS = {"tar": as_tar_shards, "parquet": as_parquet}


@pytest.fixture(scope="module")
def address():
    server = moto.ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(address, fresh, monkeypatch):  # noqa: ARG001 - it is for the state that it leaves
    """A function that puts a folder into a bucket, and returns its URL."""
    settings = {"key": "a", "secret": "b", "endpoint_url": address}
    monkeypatch.setitem(fsspec.config.conf, "s3", settings)

    def put(folder, name):
        files = s3fs.S3FileSystem()
        files.mkdir(name)
        files.put(f"{folder}/", f"{name}/photos/", recursive=True)
        return f"s3://{name}/photos"

    return put


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    noise = np.random.default_rng(0)
    for name in ("cat", "dog"):
        (folder / name).mkdir()
        for number in range(20):
            pixels = noise.integers(0, 256, (9, 12, 3), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02}.png")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", SHARDS)
def test_pictures_and_digests_are_those_of_the_local_shards(
    bucket, pictures, tmp_path, monkeypatch, kind
):
    for module in (block_cache, remote_files):
        monkeypatch.setattr(module, "BLOCK", 2**12)  # Each shard is in several.
    if kind == "parquet":
        pytest.importorskip("pyarrow", reason="needs keras-nin[parquet]")
    here = SHARDS[kind](pictures, tmp_path / kind)
    url = bucket(here, kind)
    local, remote = (ImageFolder(each, image_size=8, stream=True) for each in (here, url))
    assert remote.classes == local.classes
    for part in local.parts:
        assert remote.names(part)[0].startswith(f"{url}/")
        np.testing.assert_array_equal(remote.digests(part), local.digests(part))
        np.testing.assert_array_equal(remote.split(part).labels, local.split(part).labels)
        rows = np.arange(len(local.split(part).labels))
        np.testing.assert_array_equal(
            remote.split(part).images[rows], local.split(part).images[rows]
        )
    assert remote.fingerprint() == local.fingerprint()
