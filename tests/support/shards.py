"""Shards written from contents or from a folder of pictures."""

import io
import json
import tarfile
from pathlib import Path


def write_tar(path, members):
    """A tar file of name → content, in their order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def pictures_of(folder):
    """(class, path) of the pictures of a folder with a directory per class, in its order."""
    return [(path.parent.name, path) for path in sorted(Path(folder).glob("*/*.png"))]


def as_tar_shards(folder, out, count=3, labels="cls", classes=None, name="{:03}.tar"):
    """The pictures of a folder in its order, in shards of equal size but for the last."""
    pictures = pictures_of(folder)
    size = -(-len(pictures) // count)
    for shard in range(count):
        members = {}
        for label, path in pictures[shard * size :][:size]:
            key, value = f"{label}-{path.stem}", classes.index(label) if classes else label
            members[f"{key}.png"] = path.read_bytes()
            text = json.dumps({"label": value}) if labels == "json" else str(value)
            members[f"{key}.{labels}"] = text.encode()
        write_tar(out / name.format(shard), members)
    if classes:
        (out / "classes.txt").write_text("\n".join(classes))
    return out
