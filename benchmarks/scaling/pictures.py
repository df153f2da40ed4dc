"""Any number of small JPEG pictures, as files, in tar shards and in Parquet.

All are made of the photographs of a folder, reduced to 64 pixels. Each has its number in a comment:
the pixels repeat, the content of the files does not, so that all digests differ.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image

SIDE = 64
#: Pictures in a shard at most, shards at least, and rows in a group of Parquet.
SHARD, SHARDS, GROUP = 10_000, 8, 1_000

#: (class, JPEG) of the reduced photographs; and what writes so many pictures to a folder.
Small = list[tuple[str, bytes]]
Make = Callable[[Small, int, Path], None]


def reduced(folder: Path) -> Small:
    """The photographs of a folder with a directory per class, in an order that mixes these."""
    found = []
    for path in sorted(folder.glob("*/*.jpg"), key=lambda path: path.name):
        small, file = Image.open(path).convert("RGB").resize((SIDE, SIDE)), io.BytesIO()
        small.save(file, "JPEG", quality=75)
        found.append((path.parent.name, file.getvalue()))
    return found


def pictures(small: Small, count: int) -> Iterator[tuple[int, str, bytes]]:
    """Number, class and content of each."""
    for number in range(count):
        label, content = small[number % len(small)]
        yield number, label, _commented(content, number)


def _commented(content: bytes, number: int) -> bytes:
    text = f"{number:08}".encode()
    return content[:2] + b"\xff\xfe" + (len(text) + 2).to_bytes(2) + text + content[2:]


def shards(count: int) -> int:
    """How many shards so many pictures are in."""
    return max(SHARDS, -(-count // SHARD))


def make_files(small: Small, count: int, folder: Path) -> None:
    """A directory per class."""
    for label in {label for label, _ in small}:
        (folder / label).mkdir(parents=True)
    for number, label, content in pictures(small, count):
        (folder / label / f"{number:08}.jpg").write_bytes(content)


def make_tars(small: Small, count: int, folder: Path) -> None:
    """Tar shards as `webdataset` takes them: labels are numbers, whose names are in a file."""
    folder.mkdir(parents=True)
    classes = sorted({label for label, _ in small})
    (folder / "classes.txt").write_text("\n".join(classes))
    places = {name: str(place).encode() for place, name in enumerate(classes)}
    every, each = pictures(small, count), -(-count // shards(count))
    for shard in range(shards(count)):
        with tarfile.open(folder / f"{shard:03}.tar", "w") as archive:
            for _ in range(min(each, count - shard * each)):
                number, label, content = next(every)
                for ending, inside in (("jpg", content), ("cls", places[label])):
                    member = tarfile.TarInfo(f"{number:08}.{ending}")
                    member.size = len(inside)
                    archive.addfile(member, io.BytesIO(inside))


def make_parquets(small: Small, count: int, folder: Path) -> None:
    """Parquet in the layout of Hugging Face's image sets."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True)
    classes = sorted({label for label, _ in small})
    places = {name: place for place, name in enumerate(classes)}
    features = {"image": {"_type": "Image"}, "label": {"names": classes, "_type": "ClassLabel"}}
    said = {"huggingface": json.dumps({"info": {"features": features}})}
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    schema = pa.schema([("image", image), ("label", pa.int64())], said)
    every, each = pictures(small, count), -(-count // shards(count))
    for shard in range(shards(count)):
        rows = [next(every) for _ in range(min(each, count - shard * each))]
        columns = {
            "image": [{"bytes": content, "path": f"{n:08}.jpg"} for n, _, content in rows],
            "label": [places[label] for _, label, _ in rows],
        }
        path = folder / f"{shard:03}.parquet"
        pq.write_table(pa.table(columns, schema), path, row_group_size=GROUP)


#: Form → what makes it.
FORMS: dict[str, Make] = {
    "files": make_files,
    "tar": make_tars,
    "parquet": make_parquets,
}
