"""The front, against brute force."""

from hypothesis import given
from hypothesis import strategies as st
from study_report_cases import row

from nin.study.statistics.pareto import mark_fronts


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), min_size=1, max_size=9))
def test_the_front_is_what_nothing_beats(networks):
    rows = [row(str(i), [a / 6], 100 * size) for i, (size, a) in enumerate(networks)]
    for (size, accuracy), found in zip(networks, mark_fronts(rows), strict=True):
        beaten = any(
            (s < size and a >= accuracy) or (s <= size and a > accuracy) for s, a in networks
        )
        assert found.on_front is not beaten
