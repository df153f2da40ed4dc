"""Makes README, CHANGELOG, CONTRIBUTING and every file that a page links to a part of the site.

Pages link to each other as they lie in the repository, so that they can be read there as well. The
site has README.md as its home and what lies in docs/ at its top, so links are rewritten.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
#: Pages outside docs/, and what the site calls them.
OUTSIDE = {
    ROOT / "README.md": "index.md",
    ROOT / "CHANGELOG.md": "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md": "CONTRIBUTING.md",
}
LINK = re.compile(r"(?<=\]\()([^()#\s]+)")


def on_files(files: Any, config: Any) -> Any:
    """Add what lies outside docs/ and belongs to the site."""
    for path in dict.fromkeys([*OUTSIDE, *_linked_outside()]):
        files.append(File.generated(config, _place(path), abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Rewrite the links of a page from places in the repository to places in the site."""
    source = Path(page.file.abs_src_path)
    above = os.path.dirname(page.file.src_uri)  # noqa: PTH120 - a place in the site, not a path

    def moved(link: re.Match[str]) -> str:
        path = _target(source, link[1])
        return os.path.relpath(_place(path), above or ".") if path else link[1]

    return LINK.sub(moved, markdown)


def _linked_outside() -> Iterator[Path]:
    for page in [*OUTSIDE, *sorted(DOCS.rglob("*.md"))]:
        for link in LINK.findall(page.read_text(encoding="utf-8")):
            path = _target(page, link)
            if path and not path.is_relative_to(DOCS):
                yield path


def _target(page: Path, link: str) -> Path | None:
    """The file that a page's link leads to; None for an address, or where there is none."""
    path = (page.parent / link).resolve()
    return path if path.is_file() and path.is_relative_to(ROOT) else None


def _place(path: Path) -> str:
    """Where the site has a file of the repository."""
    if path in OUTSIDE:
        return OUTSIDE[path]
    return path.relative_to(DOCS if path.is_relative_to(DOCS) else ROOT).as_posix()
