"""Groups by functions, which a recipe calls by a name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nin.data.folders.grouping import group_digests, group_name
from nin.errors import DataError

CONTENTS = np.array([1, 2, 3], np.uint64)


def test_functions_of_one_name_are_kept_apart():
    by_folder, by_name = (lambda path: path.parts[0]), (lambda path: path.stem)
    first, second, again = map(group_name, (by_folder, by_name, by_folder))
    assert first == again != second
    paths, root = ["/photos/a/1.png", "/photos/a/2.png"], Path("/photos")
    assert len({*group_digests(paths, CONTENTS[:2], root, first)}) == 1
    assert len({*group_digests(paths, CONTENTS[:2], root, second)}) == 2


def test_groups_with_copies_of_one_picture_are_one():
    names = [f"{name}.png" for name in ("a1", "a2", "b1", "b2", "c1", "d1")]
    contents = np.array([1, 2, 2, 3, 4, 5], np.uint64)
    found = group_digests(names, contents, Path(), "[a-d]").tolist()
    assert len({*found[:4]}) == 1
    assert len({*found}) == 3


def test_what_an_expression_does_not_match_is_in_no_group():
    paths = ["plant1/a.png", "oak/a.png", "plant1/b.png"]
    with pytest.raises(DataError, match=r"groups=plant\(.d\): matches nothing in oak/a.png"):
        group_digests(paths, CONTENTS, Path(), r"plant(\d)")
    one, other, same = group_digests(paths, CONTENTS, Path(), r"plant(\d)", all_match=False)
    assert one == same != other


def test_the_group_of_an_expression_must_take_part():
    with pytest.raises(DataError, match=r"matches nothing in leaf2/a.png"):
        group_digests(["plant1/a.png", "leaf2/a.png"], CONTENTS[:2], Path(), r"plant(\d)|leaf(\d)")
    found = group_digests(["plant1/a.png"], CONTENTS[:1], Path(), r"plant\d()")
    assert len(found) == 1


def test_a_picture_elsewhere_counts_by_its_whole_path(monkeypatch):
    monkeypatch.chdir("/")
    seen = []

    def by(path):
        seen.append(str(path))
        return path.name

    paths = ["/photos/a/1.png", "/others/2.png", "photos/3.png"]
    group_digests(paths, CONTENTS, Path("photos"), by)
    assert seen == ["a/1.png", "/others/2.png", "3.png"]
