"""A run's record holds what its type names, and nothing else."""

import pytest
from record_keys import unnamed

from nin.training.runs.record import _Record
from nin.training.runs.run_format import RunRecord


def test_all_that_a_training_records_is_named(small_run):
    assert not [*unnamed(small_run.record, RunRecord)]
    assert small_run.record.keys() >= RunRecord.__annotations__.keys() - {
        *("pretrained", "head", "from_scratch", "unreadable"),  # of a frozen trunk
        *("duplicates", "remarks"),  # of a folder
    }


def test_all_that_is_checked_is_named():
    assert _Record.model_fields.keys() <= RunRecord.__annotations__.keys()


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"state": "finished", "colour": 1}, ["colour"]),
        ({"data": {"splits": {"train": {"images": 1, "odd": 2}}}}, ["data.splits.odd"]),
        ({"sessions": [{"epoch": 0}, {"epoc": 3}]}, ["sessions.epoc"]),
        ({"result": None}, []),
        ({"result": {"largest_class": {"share": 1, "size": 2}}}, ["result.largest_class.size"]),
    ],
)
def test_a_name_that_is_not_known_is_found(record, found):
    assert [*unnamed(record, RunRecord)] == found
