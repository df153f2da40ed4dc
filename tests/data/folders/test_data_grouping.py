"""Groups by functions, which a recipe calls by a name."""

from __future__ import annotations

from pathlib import Path

from nin.data.folders.grouping import group_digests, group_name


def test_functions_of_one_name_are_kept_apart():
    by_folder, by_name = (lambda path: path.parts[0]), (lambda path: path.stem)
    first, second, again = map(group_name, (by_folder, by_name, by_folder))
    assert first == again != second
    paths, root = ["/photos/a/1.png", "/photos/a/2.png"], Path("/photos")
    assert len({*group_digests(paths, root, first)}) == 1
    assert len({*group_digests(paths, root, second)}) == 2


def test_a_picture_elsewhere_counts_by_its_whole_path(monkeypatch):
    monkeypatch.chdir("/")
    seen = []

    def by(path):
        seen.append(str(path))
        return path.name

    group_digests(["/photos/a/1.png", "/others/2.png", "photos/3.png"], Path("photos"), by)
    assert seen == ["a/1.png", "/others/2.png", "3.png"]
