import math

import pytest

from tui.looks.axes import LABEL_WIDTH, Curve, nice_ceiling, thin, tick_label, x_ticks, y_limits, y_ticks
from tui.widgets.chart import ChartOptions, draw_chart


def curve(values, smoothed=None, marker="●"):
    return Curve("#56b4e9", marker, values, smoothed if smoothed is not None else values)


def text(lines):
    return "\n".join(line.plain for line in lines)


def test_thinning_keeps_two_points_a_column_with_the_extremes():
    values = [float(i % 7) for i in range(10_000)]
    values[5000], values[7000] = 99.0, -99.0
    (piece,) = thin(values, 50, len(values))
    assert len(piece) <= 100
    assert (5000.0, 99.0) in piece
    assert (7000.0, -99.0) in piece
    assert [point[0] for point in piece] == sorted(point[0] for point in piece)


def test_few_points_are_all_kept():
    assert thin([3.0, 1.0, 2.0], 50, 3) == [[(0.0, 3.0), (1.0, 1.0), (2.0, 2.0)]]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_breaks_the_line(bad):
    pieces = thin([1.0, 2.0, bad, bad, 3.0], 50, 5)
    assert pieces == [[(0.0, 1.0), (1.0, 2.0)], [(4.0, 3.0)]]
    assert thin([bad], 50, 5) == []


@pytest.mark.parametrize(
    ("value", "expected"), [(0.83, 1.0), (2.2, 2.5), (1.0, 1.0), (0, 1.0), (437, 500), (0.012, 0.015)]
)
def test_round_limits(value, expected):
    assert nice_ceiling(value) == pytest.approx(expected)


def test_a_few_wild_values_do_not_flatten_the_rest():
    values = [1.0 + 0.001 * i for i in range(200)]
    assert y_limits([curve([900.0, *values], values)], log=False) == (0.0, 1.5)


def test_log_limits_hold_the_values_and_survive_values_below_zero():
    low, high = y_limits([curve([0.02, 5.0, 30.0])], log=True)
    assert 10**low <= 0.02
    assert 10**high >= 30 * (1 - 1e-9)
    assert all(map(math.isfinite, y_limits([curve([-1.0, 0.0])], log=True)))


@pytest.mark.parametrize("value", [0, 0.0004, 0.5, 2.345, 14.2, 180.0, 9_999, 123_456, 1e12])
def test_labels_have_one_width(value):
    assert len(tick_label(value)) == LABEL_WIDTH
    assert float(tick_label(value)) == pytest.approx(value, rel=0.2, abs=1e-4)


def test_ticks_are_round_and_few():
    assert x_ticks(150, 36) == [0, 50, 100, 150]
    assert len(x_ticks(100_000, 50)) <= 8
    assert [round(10**tick, 3) for tick in y_ticks(-1, 1, 4, log=True)] == [0.1, 0.3, 1.0, 3.0, 10.0]
    assert y_ticks(0, 3, 4, log=False) == [0, 1, 2, 3]
    assert y_ticks(0, 20, 8, log=False) == [0, 5, 10, 15, 20]
    assert y_ticks(0, 1.5, 3, log=False) == [0, 1.5]


@pytest.mark.parametrize("size", [(40, 10), (117, 33), (16, 4)])
@pytest.mark.parametrize("log", [False, True])
def test_a_chart_fills_its_room_exactly(size, log):
    width, height = size
    lines = draw_chart([curve([3.0, 2.0, math.nan, 1.0])], 10, width, height, ChartOptions(log=log))
    assert len(lines) == height
    assert {line.cell_len for line in lines} == {width}


@pytest.mark.parametrize(
    "values", [[], [math.nan], [math.nan] * 30, [0.0], [-2.0, 1.0], [1e30, 1e-30], [math.inf, 1.0]]
)
@pytest.mark.parametrize("log", [False, True])
def test_odd_losses_are_drawn_without_fail(values, log):
    assert len(draw_chart([curve(values)], 30, 60, 12, ChartOptions(log=log))) == 12


def test_the_curve_ends_in_its_marker_and_moves_no_axis():
    few = text(draw_chart([curve([3.0, 2.0])], 100, 60, 12, ChartOptions()))
    many = text(draw_chart([curve([3.0, *[2.0] * 60])], 100, 60, 12, ChartOptions()))
    assert few.count("●") == many.count("●") == 1
    column = [line.index("●") for line in (few + "\n" + many).splitlines() if "●" in line]
    assert column[0] < column[1]
    assert [line[:LABEL_WIDTH] for line in few.splitlines()] == [line[:LABEL_WIDTH] for line in many.splitlines()]


def test_an_overlay_shows_every_marker_along_its_curve():
    curves = [curve([3.0 - 0.02 * i for i in range(100)]), curve([1.0] * 100, marker="▲")]
    drawn = text(draw_chart(curves, 100, 100, 20, ChartOptions(markers_along=True)))
    assert drawn.count("●") > 3
    assert drawn.count("▲") > 3


def test_raw_and_smoothed_can_stand_alone():
    raw, smoothed = [3.0, 0.5] * 20, [1.75] * 40
    pictures = {
        shown: text(draw_chart([curve(raw, smoothed)], 40, 60, 12, ChartOptions(shown=shown)))
        for shown in ("both", "raw", "smoothed")
    }
    assert len(set(pictures.values())) == 3
