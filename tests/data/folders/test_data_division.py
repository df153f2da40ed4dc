"""Which picture is in which part: by content, so that adding files moves none of the others."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nin.data import ImageFolder
from nin.data.folders.content import SAMPLES, WHOLE, digest_files, places
from nin.data.folders.division import TRAIN, parts_by_content
from nin.data.folders.membership import LEFT_OUT, UNKNOWN, USED, Membership
from nin.data.split import PARTS
from nin.errors import DataError

VALIDATION, TEST = PARTS.index("validation"), PARTS.index("test")

#: (class, content) of each picture: so few contents that there are copies, in two classes too.
mixed = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 400)), min_size=2, max_size=60)
#: The same, no picture being in two classes.
folders = st.lists(st.integers(0, 400).map(lambda n: (n % 4, n)), min_size=2, max_size=60)
shares = st.sampled_from(
    [{"test": 0.1}, {"test": 0.1, "validation": 0.1}, {"validation": 0.2}, {"test": 0.45}]
)
seeds = st.integers(0, 2**32)


def divided(pictures, shares, seed, known=None):
    """Content → (its part, its classes); None if the folder is too small."""
    labels, contents = np.array(pictures).T
    digests = contents.astype(np.uint64)
    evaluated = "test" if "test" in shares else "validation"
    parts = parts_by_content(
        labels.astype(np.int32), digests, shares, seed, known, evaluated=evaluated
    )
    if parts is None:
        return None
    assert len({*zip(contents.tolist(), parts.tolist(), strict=True)}) == len({*contents.tolist()})
    return dict(zip(contents.tolist(), parts.tolist(), strict=True))


def training_of(pictures, parts, label):
    return {content for one, content in pictures if one == label and parts[content] == TRAIN}


@given(mixed, shares, seeds)
def test_every_part_and_every_class_in_training_has_a_picture(pictures, shares, seed):
    parts = divided(pictures, shares, seed)
    classes = {label for label, _ in pictures}
    contents = {content for _, content in pictures}
    if parts is None:
        # With another for each part beside one for each class, there are enough.
        assert len(contents) < len(classes) + len(shares) or any(
            len({c for one, c in pictures if one == label}) < 2 + len(shares) for label in classes
        )
        return
    assert {*parts.values()} == {TRAIN, *(PARTS.index(name) for name in shares)}
    assert all(training_of(pictures, parts, label) for label in classes)


@given(folders, folders, shares, seeds)
def test_none_slides_from_training_into_the_test(pictures, more, shares, seed):
    """Whatever is added: but for the only training picture of a class, which then has others."""
    held_out = TEST if "test" in shares else VALIDATION
    before, after = divided(pictures, shares, seed), divided(pictures + more, shares, seed)
    assume(before is not None and after is not None)
    for label, content in pictures:
        if before[content] == TRAIN and after[content] == held_out:
            assert training_of(pictures, before, label) == {content}


@settings(suppress_health_check=[HealthCheck.filter_too_much])  # Small parts are often filled.
@given(folders, folders, shares, seeds)
def test_all_stay_where_they_were_where_no_part_had_to_be_filled(pictures, more, shares, seed):
    before, after = divided(pictures, shares, seed), divided(pictures + more, shares, seed)
    assume(before is not None and after is not None)
    assume(before == {content: by_number(content, shares, seed) for content in before})
    assert {content: after[content] for content in before} == before


def by_number(content, shares, seed):
    """The part of a picture by the number that is drawn for it, whatever else there is."""
    number, below = places(np.array([content], np.uint64), seed)[0], 0.0
    for name, share in shares.items():
        below += share
        if number < below:
            return PARTS.index(name)
    return TRAIN


@given(mixed, mixed, shares, seeds, seeds)
def test_what_another_run_was_trained_on_is_not_evaluated_on(pictures, more, shares, seed, other):
    before, held_out = divided(pictures, shares, seed), TEST if "test" in shares else VALIDATION
    assume(before is not None)
    contents = np.array([*before], np.uint64)
    parts = np.array([*before.values()], np.uint8)
    known = Membership(contents, parts, np.zeros(len(parts), np.int32)).of_another_run()
    after = divided(pictures + more, shares, other, known)
    assume(after is not None)
    for label, content in pictures:
        if before[content] != held_out and after[content] == held_out:
            pytest.fail(f"picture {content} of class {label}")


@pytest.mark.parametrize("seed", range(5))
def test_nor_is_a_group_of_which_another_run_was_trained_on_a_picture(seed):
    contents, labels = np.arange(120, dtype=np.uint64), np.arange(120, dtype=np.int32) % 2
    first = slice(0, 60)  # The others are new.
    before = parts_by_content(labels[first], contents[first], {"test": 0.3}, seed)
    known = Membership(contents[first], before.astype(np.uint8), labels[first]).of_another_run()
    groups = contents // 4
    after = parts_by_content(labels, contents, {"test": 0.3}, seed + 9, known, groups)
    assert (after == TEST).any()
    assert (before[after[first] == TEST] == TEST).all()
    assert all(len({*after[groups == group]}) == 1 for group in groups)


def test_a_class_of_few_trains_on_others_before_it_trains_on_a_picture_of_the_test():
    """Where the test is kept from one seed to another."""
    contents, labels = np.arange(60, dtype=np.uint64), np.arange(60, dtype=np.int32) % 20
    shares, kept = {"test": 0.1, "validation": 0.1}, 0
    for seed in range(40):
        before = parts_by_content(labels, contents, shares, seed)
        known = Membership(contents, before.astype(np.uint8), labels).of_another_run()
        after = parts_by_content(labels, contents, shares, seed + 100, known)
        lone = [c for c in range(20) if (before[labels == c] == TEST).sum() == 3]
        kept += after is not None and not lone and ((before == TEST) == (after == TEST)).all()
    assert kept == 40


def test_pictures_that_another_run_has_all_used_cannot_be_held_out(pictures):
    root = pictures({"cat": 20, "dog": 20})
    first = ImageFolder(root, validation=0, test=0)
    known = first.membership().of_another_run()
    for shares in ({"test": 0.1}, {"test": 0.0, "validation": 0.1}):
        with pytest.raises(DataError, match="were used by that run: give others in a folder test/"):
            ImageFolder(root, membership=known, **shares).train  # noqa: B018


@given(mixed, shares, seeds, st.randoms())
def test_order_and_names_have_no_say(pictures, shares, seed, random):
    shuffled = random.sample(pictures, len(pictures))
    assert divided(pictures, shares, seed) == divided(shuffled, shares, seed)


def test_shares_are_those_that_were_asked_for():
    pictures = [(n % 4, n) for n in range(4000)]
    parts = [*divided(pictures, {"test": 0.1, "validation": 0.2}, 3).values()]
    assert 340 < parts.count(TEST) < 460
    assert 720 < parts.count(VALIDATION) < 880


def test_another_seed_divides_otherwise():
    pictures = [(n % 4, n) for n in range(1000)]
    one, other = (divided(pictures, {"test": 0.5}, seed) for seed in (0, 1))
    same = sum(one[content] == other[content] for content in one)
    assert 400 < same < 600


def in_part(data):
    """Content → the parts that it is in."""
    found = {}
    for part in data.parts:
        for path in data.files(part).paths:
            found.setdefault(Path(path).read_bytes(), set()).add(part)
    return found


def test_files_are_added_renamed_and_copied_and_none_changes_its_part(pictures):
    root = pictures({"cat": 60, "dog": 60})
    before = in_part(ImageFolder(root))
    for number in range(60):
        (root / "dog" / f"{number:03}.png").rename(root / "dog" / f"z{number * 37 % 60}.png")
    (root / "cat" / "copy.png").write_bytes((root / "cat" / "007.png").read_bytes())
    for number in range(9):
        (root / "cat" / f"000{number}.png").write_bytes(b"new %d" % number)
    after = in_part(ImageFolder(root))
    assert {content: after[content] for content in before} == before
    assert all(len(parts) == 1 for parts in after.values())


def test_where_all_pictures_of_a_class_are_copies_they_are_divided_all_the_same(pictures):
    root = pictures({"cat": 1, "dog": 1})
    for number in range(1, 20):
        for name in ("cat", "dog"):
            first = (root / name / "000.png").read_bytes()
            (root / name / f"{number:03}.png").write_bytes(first)
    data = ImageFolder(root)
    assert {part: len(data.files(part).paths) for part in data.parts} == {
        "train": 32,
        "validation": 4,
        "test": 4,
    }
    again = ImageFolder(root, membership=data.membership())
    assert again.fingerprint() == data.fingerprint()


def test_what_a_run_before_the_last_has_used_is_known_though_the_last_left_it_out():
    """A third run starts from the second, and that from the first."""
    contents, none = np.arange(6, dtype=np.uint64), np.zeros(6, np.int32)
    codes = [TRAIN, TRAIN, LEFT_OUT, LEFT_OUT, TEST, TEST]
    second = Membership(contents, np.array(codes, np.uint8), none)
    first = np.array([0, 2, 4], np.uint64)
    third = second.with_used(first).of_another_run()
    assert third.codes(contents).tolist() == [USED, USED, USED, UNKNOWN, USED, TEST]


def test_what_a_limit_left_out_stays_out_whatever_the_seed(pictures):
    root = pictures({"cat": 40, "dog": 40})
    data = ImageFolder(root, limit=10)
    again = ImageFolder(root, limit=10, membership=data.membership(), seed=1)
    assert in_part(again) == in_part(data)
    for path in [*root.rglob("*.png")]:  # As many new ones, which compete for the limit.
        path.with_suffix(".more.png").write_bytes(path.read_bytes() + b"more")
    more = ImageFolder(root, limit=10, membership=data.membership())
    assert more.files("train").paths == data.files("train").paths


def test_a_limit_chooses_by_content_as_well(pictures):
    root = pictures({"cat": 30, "dog": 30})
    few, more = (in_part(ImageFolder(root, limit=limit)) for limit in (10, 30))
    assert few.items() <= more.items()
    data = ImageFolder(root, limit=10)
    again = ImageFolder(root, limit=10, membership=data.membership())
    assert in_part(again) == in_part(data)


def test_large_files_are_known_by_samples_and_their_size(tmp_path):
    paths = [str(tmp_path / name) for name in "abcd"]
    content = bytearray(np.random.default_rng(0).bytes(2 * WHOLE))
    changed = [content, *(bytearray(content) for _ in range(3))]
    changed[1][-1] ^= 1
    changed[2][len(content) * 7 // (SAMPLES - 1)] ^= 1
    changed[3] += b"\0"
    for path, each in zip(paths, changed, strict=True):
        Path(path).write_bytes(each)
    assert len(set(digest_files(paths).tolist())) == 4
    small = tmp_path / "small"
    small.write_bytes(content[:WHOLE])
    link = tmp_path / "link"
    link.symlink_to(small)
    assert len(set(digest_files([str(small), str(link)]).tolist())) == 1


def test_what_cannot_be_read_counts_by_its_name(tmp_path):
    folder = tmp_path / "a"
    folder.mkdir()
    gone = [str(place / "gone.png") for place in (tmp_path, folder)]
    digests = digest_files([*gone, str(tmp_path / "other.png"), str(folder)])
    assert digests[0] == digests[1]
    assert len(set(digests.tolist())) == 3


def test_digests_and_numbers_stay_what_they_are(tmp_path):
    """Or pictures would change their parts with a version of this package."""
    (tmp_path / "a").write_bytes(b"picture")
    [digest] = digest_files([str(tmp_path / "a")])
    assert digest == 1280638682484543805
    assert places(np.array([digest], np.uint64), 5)[0] == pytest.approx(0.66164996)
