"""Pictures in tar files: found by their place, and nothing but read."""

import io
import tarfile

import pytest
from shards import write_tar

from nin.data.storage.picture_store import (
    is_stored,
    open_stored,
    read_picture,
    read_pieces,
    stored_size,
)
from nin.data.storage.tar_members import read_members
from nin.errors import DataError


def test_a_member_is_read_by_its_place(tmp_path):
    long = "a" * 200 + ".png"
    content = bytes(range(256)) * 100
    tar = write_tar(tmp_path / "a.tar", {"é/0.png": content, "1.cls": b"3", long: b"x", "0": b""})
    assert read_members(tar).names == ["é/0.png", "1.cls", long, "0"]
    name = f"{tar}/é/0.png"
    assert read_picture(name) == content
    assert stored_size(name) == len(content)
    assert read_pieces(name, [(0, 2), (25_599, 9), (30_000, 9)]) == [b"\0\x01", b"\xff", b""]
    assert read_picture(f"{tar}/{long}") == b"x"
    with open_stored(f"{tar}/1.cls") as file:
        assert file.read() == b"3"
    assert is_stored(name)
    assert not is_stored(f"{tar}/2.png")
    with pytest.raises(FileNotFoundError, match=r"a\.tar holds no such picture"):
        read_picture(f"{tar}/2.png")


def test_long_names_are_read_in_the_format_of_gnu_too(tmp_path):
    name = "folder/" * 40 + "0.png"
    with tarfile.open(tmp_path / "a.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        member = tarfile.TarInfo(name)
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    assert read_members(tmp_path / "a.tar").names == [name]
    assert read_picture(f"{tmp_path}/a.tar/{name}") == b"abc"


def test_a_folder_may_be_called_like_a_shard(tmp_path):
    (tmp_path / "b.tar").mkdir()
    (tmp_path / "b.tar/0.png").write_bytes(b"file")
    assert read_picture(tmp_path / "b.tar/0.png") == b"file"
    write_tar(tmp_path / "b.tar/c.tar", {"0.png": b"member"})
    assert read_picture(tmp_path / "b.tar/c.tar/0.png") == b"member"


def test_a_shard_that_is_changed_after_it_was_listed_is_not_misread(tmp_path):
    tar = write_tar(tmp_path / "a.tar", {"0.png": b"first"})
    assert read_picture(f"{tar}/0.png") == b"first"
    write_tar(tar, {"new.png": b"new" * 9999, "0.png": b"other"})
    with pytest.raises(OSError, match="was changed after it was listed"):
        read_picture(f"{tar}/0.png")


@pytest.mark.parametrize("cut", [700, 3000, 5000, 6144])
def test_a_shard_cut_short_is_refused_wherever_it_ends(tmp_path, cut):
    tar = write_tar(tmp_path / "a.tar", {f"{number}.png": b"x" * 1500 for number in range(3)})
    tar.write_bytes(tar.read_bytes()[:cut])
    with pytest.raises(DataError, match=r"a\.tar: is damaged or cut short at byte [\d,]+: write"):
        read_members(tar)


def test_a_damaged_header_does_not_end_a_shard_silently(tmp_path):
    tar = write_tar(tmp_path / "a.tar", {f"{number}.png": b"x" * 512 for number in range(3)})
    content = bytearray(tar.read_bytes())
    content[1024:1100] = b"\xff" * 76
    tar.write_bytes(content)
    with pytest.raises(DataError, match="damaged or cut short at byte 1,024"):
        read_members(tar)


def header(name, kind=tarfile.REGTYPE, size=0, link="", extended=()):
    member = tarfile.TarInfo(name)
    member.type, member.size, member.linkname, member.pax_headers = kind, size, link, dict(extended)
    return member.tobuf(tarfile.PAX_FORMAT)


def hostile(tmp_path, *headers, end=bytes(1024)):
    path = tmp_path / "hostile.tar"
    path.write_bytes(b"".join(headers) + end)
    return path


def test_links_and_names_outside_the_archive_are_passed_over(tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    tar = hostile(
        tmp_path,
        header("../secret.png"),
        header(str(tmp_path / "secret.png")),
        header("link.png", tarfile.SYMTYPE, link="secret.png"),
        header("hard.png", tarfile.LNKTYPE, link="secret.png"),
        header("pipe.png", tarfile.FIFOTYPE),
        header("sparse.png", extended={"GNU.sparse.map": "0,0", "GNU.sparse.size": "999999"}),
        header("folder", tarfile.DIRTYPE),
        header("./fine.png"),
    )
    found = read_members(tar)
    assert found.names == ["fine.png"]
    assert found.passed_over == {
        "files that are named outside the archive": 2,
        "links": 2,
        "sparse and special files": 2,
    }
    for name in ("../secret.png", "link.png", "hard.png"):
        with pytest.raises(FileNotFoundError):
            read_picture(f"{tar}/{name}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["hostile.tar", "secret.png"]


@pytest.mark.parametrize(
    "headers",
    [
        [header("huge.png", size=2**40)],
        [header("a.png", extended={"size": "-512"})],
        [header("x", tarfile.XHDTYPE, size=2**30)],
        [header("x", tarfile.GNUTYPE_LONGNAME, size=2**40)],
        [b"no tar at all" * 100],
    ],
)
def test_sizes_that_cannot_be_are_refused_without_reading_them(tmp_path, headers):
    with pytest.raises(DataError, match=r"hostile\.tar: "):
        read_members(hostile(tmp_path, *headers))


def test_what_holds_a_name_twice_or_is_compressed_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"holds a\.png twice"):
        read_members(hostile(tmp_path, header("a.png"), header("./a.png")))
    packed = tmp_path / "b.tar"
    with tarfile.open(packed, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("0.png"), io.BytesIO())
    with pytest.raises(DataError, match=r"is compressed.* gunzip"):
        read_members(packed)
    with pytest.raises(DataError, match=r"none\.tar: No such file"):
        read_members(tmp_path / "none.tar")
