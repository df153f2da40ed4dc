"""Shards written from contents or from a folder of pictures."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np

#: Pictures of each class.
COUNTS = {"cat": 12, "dog": 20, "emu": 8}


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


def write_parquet(path, rows, names=None, row_group_size=7, **columns):
    """A Parquet file of (content, file name, label) as `datasets` writes it.

    Args:
        path: of the file.
        rows: of the table.
        names: of the classes, for the metadata.
        row_group_size: rows in a group.
        columns: other arrays in place of those of the rows, or beside them; None for none.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = [{"bytes": content, "path": name} for content, name, _ in rows]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = {"image": pa.array(images, kind), "label": pa.array([label for *_, label in rows])}
    table = pa.table(
        {name: each for name, each in {**table, **columns}.items() if each is not None}
    )
    if names:
        features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
        said = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": said})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=row_group_size)
    return path


def as_parquet(folder, out, count=3, classes=None, part="train"):
    """The pictures of a folder in its order, in files called as on the Hugging Face hub."""
    pictures = pictures_of(folder)
    size = -(-len(pictures) // count)
    for shard in range(count):
        rows = [
            (path.read_bytes(), path.name, classes.index(label) if classes else label)
            for label, path in pictures[shard * size :][:size]
        ]
        write_parquet(out / f"data/{part}-{shard:05}-of-{count:05}.parquet", rows, classes)
    return out


def same(one, other):
    """Whether two sets have the same classes, parts, pixels, labels and content."""
    assert one.classes == other.classes
    assert one.parts == other.parts
    for part in one.parts:
        np.testing.assert_array_equal(one.split(part).images, other.split(part).images)
        np.testing.assert_array_equal(one.split(part).labels, other.split(part).labels)
        np.testing.assert_array_equal(one.digests(part), other.digests(part))
    return True
