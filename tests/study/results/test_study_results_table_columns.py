"""The columns of a report's tables, and the notes that explain them."""

from study_report_cases import row

from nin.study.results import table_columns


def texts(shown, row):
    return {column.title: column.text(row) for column in shown}


def test_a_rate_at_the_edge_of_those_tried_is_marked_and_explained():
    inside, edge = row("a"), row("b", learning_rate=0.003)
    only = row("c", rates={"0.001": 0.8})
    assert [
        texts(table_columns.RESULTS, each)["learning rate"] for each in (inside, edge, only)
    ] == [
        "0.001",
        "0.003 (edge)",
        "0.001",
    ]
    assert any(note.startswith("Edge") for note in table_columns.notes([inside, edge]))
    assert not any(note.startswith("Edge") for note in table_columns.notes([inside, only]))


def test_what_was_not_measured_is_a_dash_and_without_any_there_are_no_columns():
    measured, without = row("a"), row("b", measured=None)
    assert texts(table_columns.MEASURED, measured)["training, images/s"] == "123"
    assert set(texts(table_columns.MEASURED, without).values()) == {"–"}
    assert table_columns.tables([measured, without])[1][1][-4:] == table_columns.MEASURED
    assert table_columns.tables([without])[1][1] == table_columns.COSTS
    assert "in batches of 32" in " ".join(table_columns.notes([measured]))
    assert "measured" not in " ".join(table_columns.notes([without]))


def test_columns_of_parameters_add_up():
    parameters = row("a", parameters=800).cost.parameters
    said = texts(table_columns.RESULTS, row("a", parameters=800))
    parts = ("in convolutions", "in 1×1", "in dense", "elsewhere")
    assert sum(int(said[part]) for part in parts) == int(said["parameters"]) == parameters.total
