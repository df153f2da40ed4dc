"""Costs as text."""

import pytest

from nin.accounting.table import size


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (0, "0 MiB"),
        (31_400, "0.03 MiB"),
        (7_968_664, "7.6 MiB"),
        (178 * 2**20, "178 MiB"),
        (14_496 * 2**20, "14,496 MiB"),
    ],
)
def test_size(octets, said):
    assert size(octets) == said
