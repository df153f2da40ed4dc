"""Pictures of a comparison: what is drawn, and that names can be read."""

import itertools
import re

import numpy as np
import pytest
from study_report_cases import HOSTILE, comparison, published, row

from nin.study.report import plot_style, plots, scatter
from nin.study.report.plot_style import line_style
from nin.study.statistics.pareto import pareto_front

ALL = (
    plots.accuracy_against_parameters,
    plots.accuracy_against_multiply_adds,
    plots.learning_curves,
    plots.parameter_shares,
)
CROWDS = {
    "published": published(),
    "one": [row("NiN")],
    "one seed": [row(each.net, each.accuracies[:1]) for each in published(6)],
    "all alike": [row(f"network {number}", [0.5, 0.5]) for number in range(15)],
    "equal accuracies": [row(f"net {n}", [0.5], 10 ** (3 + n // 3)) for n in range(15)],
    "far apart": [row(f"net {n}", [0.1 + 0.05 * n], 10 ** (n + 1)) for n in range(12)],
    "hostile": [row(net, [0.9 + 0.001 * n]) for n, net in enumerate(HOSTILE)],
}


def parameters(row):
    return row.cost.parameters.total


def shares(one, other):
    return one.x0 < other.x1 and other.x0 < one.x1 and one.y0 < other.y1 and other.y0 < one.y1


@pytest.mark.slow
@pytest.mark.parametrize("rows", CROWDS.values(), ids=CROWDS)
def test_names_are_inside_and_cover_neither_each_other_nor_points(rows):
    with plot_style.new_figure(plots.height(rows)) as figure:
        texts = scatter.draw(figure, rows, parameters, pareto_front(rows, parameters), "cost")
        plot_style.as_svg(figure, "a", "a")
        axes = figure.axes[0]
        boxes = [text.get_window_extent() for text in texts]
        data = [(parameters(each), np.mean(each.accuracies)) for each in rows]
        points = axes.transData.transform(data)
    assert len(boxes) == len(rows)
    assert not [pair for pair in itertools.combinations(boxes, 2) if shares(*pair)]
    for box in boxes:
        assert axes.bbox.x0 <= box.x0 < box.x1 <= axes.bbox.x1
        assert axes.bbox.y0 <= box.y0 < box.y1 <= axes.bbox.y1
        assert not [point for point in points if box.padded(2).contains(*point)]


def test_names_that_stand_apart_are_next_to_their_points():
    rows = CROWDS["far apart"]
    with plot_style.new_figure(plots.height(rows)) as figure:
        texts = scatter.draw(figure, rows, parameters, [], "cost")
        plot_style.as_svg(figure, "a", "a")
        at = figure.axes[0].transData.transform(
            [(parameters(each), each.accuracies[0]) for each in rows]
        )
        boxes = [text.get_window_extent() for text in texts]
    for (x, y), box in zip(at, boxes, strict=True):
        assert np.hypot(x - np.clip(x, box.x0, box.x1), y - np.clip(y, box.y0, box.y1)) < 14


def test_the_front_has_what_no_other_beats():
    rows = [
        row("small", [0.7], 10),
        row("same", [0.7], 10),
        row("worse", [0.6], 10),
        row("as good, larger", [0.7], 20),
        row("best", [0.9], 30),
        row("larger", [0.8], 40),
    ]
    assert [each.net for each in pareto_front(rows, parameters)] == ["small", "same", "best"]


def test_parameters_are_drawn_with_the_front_of_the_table():
    rows = published(3)
    marked = [each.model_copy(update={"on_front": True}) for each in rows]
    pictures = [plots.accuracy_against_parameters(comparison(each)) for each in (rows, marked)]
    assert [picture.count("stroke-dasharray") for picture in pictures] == [0, 1]


def test_fifteen_networks_differ_without_colour():
    styles = [line_style(index) for index in range(15)]
    assert len({(one.marker, one.face == "white") for one in styles}) == 15


@pytest.mark.slow
@pytest.mark.parametrize("draw", ALL)
@pytest.mark.parametrize("rows", [CROWDS["hostile"], CROWDS["one"]], ids=["hostile", "one"])
def test_a_picture_is_the_same_each_time_and_says_what_it_is(draw, rows):
    text = draw(comparison(rows), "", "name")
    assert text == draw(comparison(rows), "", "name")
    assert re.match(r'<svg [^>]*viewBox="[^"]*" role="img" aria-label="([^"]+)"><title>\1<', text)
    assert text.endswith("</svg>")
    assert "<!--" not in text
    assert "<text" not in text
    assert all(name.startswith("name-") for name in re.findall(r'\bid="([^"]*)"', text))


def test_the_users_own_style_changes_nothing():
    import matplotlib

    expected = plots.learning_curves(comparison(published(2)))
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "red", "svg.fonttype": "none"}):
        assert plots.learning_curves(comparison(published(2))) == expected
        assert matplotlib.rcParams["font.size"] == 30


def test_a_group_draws_its_own_rows():
    rows = [row("a", group="first"), row("b", group="second"), row("c", group="second")]
    both = comparison(rows)
    assert "1 network" in plots.parameter_shares(both, "first")
    assert "2 networks" in plots.parameter_shares(both, "second")


def test_curves_that_end_early_or_are_absent():
    rows = [row("dead", curves=[[0.1], [0.1, 0.5, 0.8]]), row("none", curves=[[], [], []])]
    assert "Validation accuracy" in plots.learning_curves(comparison(rows))
    assert "Validation accuracy" in plots.learning_curves(comparison(rows[1:]))


@pytest.mark.parametrize("draw", ALL)
def test_a_network_of_no_parameters_and_no_arithmetic(draw):
    empty = row("empty")
    cost = empty.cost.model_copy(
        update={"multiply_adds": 0, "parameters": type(empty.cost.parameters)()}
    )
    rows = [empty.model_copy(update={"cost": cost, "on_front": True}), row("other")]
    assert "2 networks" in draw(comparison(rows))
