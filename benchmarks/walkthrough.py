"""Runs docs/photos.md: the lines after ``$`` of its console blocks, and writes what they print.

The page's folder `photos` is FOLDER, linked into WORK, where everything is run and left. A training
that is in WORK already is not repeated.

Run: python benchmarks/walkthrough.py FOLDER WORK
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from PIL import Image

from nin.files import write_bytes

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "photos.md"
PICTURES = {
    "runs/photos/curves.png": "photos_curves.png",
    "runs/photos/evaluations/photos-test/confusion.png": "photos_confusion.png",
    "runs/photos/evaluations/photos-test/mistakes.png": "photos_mistakes.jpg",
    "runs/photos/evaluations/photos-test/reliability.png": "photos_reliability.png",
    "maps.png": "photos_maps.jpg",
}
#: Width and height of a picture in the pages, at most.
LARGEST = (1800, 1800)
#: Stands between what commands print.
MARK = "==== walkthrough ===="


def printed(commands: list[str], work: Path) -> list[str]:
    """Run lines in one shell; what each prints, on both channels."""
    script = "\n".join(f"{command}\necho '{MARK}'" for command in commands)
    done = subprocess.run(
        ["bash", "-c", f"set -m\n{script}"],
        cwd=work,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return done.stdout.split(f"{MARK}\n")[:-1]


def block(content: str, work: Path) -> str:
    """A console block with what its commands print now."""
    old = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", content, flags=re.MULTILINE)
    made = re.match(r"nin train .*--out (\S+)", old[0][0])
    if made and (work / made[1] / "run.json").exists():
        return content
    outputs = printed([command for command, _ in old], work)
    pairs = zip(old, outputs, strict=True)
    return "".join(f"$ {command}\n{output}" for (command, _), output in pairs)


def main() -> None:
    """Write the page and its pictures."""
    folder, work = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "photos").exists():
        (work / "photos").symlink_to(folder)
    parts = re.split(r"(```console\n.*?```)", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    for number, part in enumerate(parts):
        if part.startswith("```console"):
            inside = part.removeprefix("```console\n").removesuffix("```")
            parts[number] = f"```console\n{block(inside, work)}```"
            write_bytes(PAGE, "".join(parts).encode())
    for name, picture in PICTURES.items():
        with Image.open(work / name) as image:
            shown = image.convert("RGB")
            shown.thumbnail(LARGEST, Image.Resampling.LANCZOS)
            shown.save(DOCS / picture, optimize=True, quality=88)


if __name__ == "__main__":
    main()
