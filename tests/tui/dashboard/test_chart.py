import math
from itertools import pairwise

import numpy as np
import pytest

from tui.looks.axes import (
    LABEL_WIDTH,
    Curve,
    decimals_between,
    nice_ceiling,
    range_ticks,
    thin,
    tick_label,
    x_ticks,
    y_limits,
    y_ticks,
)
from tui.looks.chart_options import ChartOptions
from tui.state.curves import METRICS
from tui.widgets.charts.drawing import Look, Window, draw, time_words, with_cursor
from tui.widgets.charts.lines import FEW, Line, bends, bundle_dots, points, value_range

LOSS = METRICS[0]


def curve(values, smoothed=None, marker="●"):
    return Curve("#56b4e9", marker, values, smoothed if smoothed is not None else values)


def line(values, smoothed=None, marker="●", **band):
    values = np.array(values, dtype=float)
    x = np.arange(len(values), dtype=float)
    return Line("#56b4e9", marker, x, values, values if smoothed is None else np.array(smoothed, dtype=float), **band)


def draw_chart(lines, total, width, height, look=None, seen=None):
    look = look or Look()
    seen = seen or (0.0, float(total - 1))
    y = value_range(lines, seen, LOSS, ChartOptions(log=look.log, shown=look.shown), whole=True)
    return draw(lines, Window(seen, y), width, height, look)


def text(lines):
    return "\n".join(line.text for line in lines)


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
    lines = draw_chart([line([3.0, 2.0, math.nan, 1.0])], 10, width, height, Look(log=log))
    assert len(lines) == height
    assert {line.cell_length for line in lines} == {width}


@pytest.mark.parametrize(
    "values", [[], [math.nan], [math.nan] * 30, [0.0], [-2.0, 1.0], [1e30, 1e-30], [math.inf, 1.0], [5.0] * 40]
)
@pytest.mark.parametrize("look", [Look(), Look(log=True), Look(axis="time"), Look(axis="epoch", shown="raw")])
def test_odd_losses_are_drawn_without_fail(values, look):
    assert len(draw_chart([line(values)], 30, 60, 12, look)) == 12
    assert len(draw([line(values)], Window((3.5, 3.9), (0.2, 0.3), whole=False), 60, 12, look)) == 12


def test_the_curve_ends_in_its_marker_and_moves_no_axis():
    few = text(draw_chart([line([3.0, 2.0])], 100, 60, 12))
    many = text(draw_chart([line([3.0, *[2.0] * 60])], 100, 60, 12))
    assert few.count("●") == many.count("●") == 1
    column = [line.index("●") for line in (few + "\n" + many).splitlines() if "●" in line]
    assert column[0] < column[1]
    assert [line[:LABEL_WIDTH] for line in few.splitlines()] == [line[:LABEL_WIDTH] for line in many.splitlines()]


def test_an_overlay_shows_every_marker_along_its_curve():
    curves = [line([3.0 - 0.02 * i for i in range(100)]), line([1.0] * 100, marker="▲")]
    drawn = text(draw_chart(curves, 100, 100, 20, Look(markers_along=True)))
    assert drawn.count("●") > 3
    assert drawn.count("▲") > 3


def test_raw_and_smoothed_can_stand_alone():
    raw, smoothed = [3.0, 0.5] * 20, [1.75] * 40
    pictures = {
        shown: text(draw_chart([line(raw, smoothed)], 40, 60, 12, Look(shown=shown)))
        for shown in ("both", "raw", "smoothed")
    }
    assert len(set(pictures.values())) == 3


# ---------------------------------------------------------------- points, zoom, cursor


def test_of_many_values_two_a_column_are_drawn_with_the_extremes():
    values = np.arange(100_000, dtype=float) % 7
    values[50_000], values[70_000] = 99.0, -99.0
    x, y, gaps = points(np.arange(100_000.0), values, (0.0, 99_999.0), 50)
    assert len(x) <= 100
    assert (y.max(), y.min()) == (99.0, -99.0)
    assert np.all(np.diff(x) >= 0)
    assert gaps == []


def test_means_are_drawn_of_smooth_curves():
    x, y, _ = points(np.arange(1000.0), np.arange(1000.0), (0.0, 999.0), 10, extremes=False)
    assert len(x) == 10
    assert y[0] == pytest.approx(49.5, abs=1)


def test_a_part_is_cut_where_it_begins_and_ends():
    x, y, _ = points(np.array([0.0, 10.0, 20.0]), np.array([0.0, 1.0, 0.0]), (5.0, 15.0), 50)
    assert x.tolist() == [5.0, 10.0, 15.0]
    assert y.tolist() == [0.5, 1.0, 0.5]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_gaps_are_kept(bad):
    x, y, gaps = points(np.arange(5.0), np.array([1.0, 2.0, bad, bad, 3.0]), (0.0, 4.0), 50)
    assert (x.tolist(), y.tolist(), gaps) == ([0.0, 1.0, 4.0], [1.0, 2.0, 3.0], [2])
    assert points(np.arange(1.0), np.array([bad]), (0.0, 4.0), 50)[2] == []


def test_straight_parts_need_no_points():
    x = np.arange(6.0)
    assert bends(x, np.array([0.0, 1, 2, 3, 3, 3]), [0]).tolist() == [True, False, False, True, False, True]
    assert bends(x, np.zeros(6), [0, 3]).tolist() == [True, False, True, True, False, True]


def test_the_y_range_is_round_where_all_is_seen_and_close_around_a_part():
    curves = [line([1.0 + 0.001 * i for i in range(200)])]
    assert value_range(curves, (0.0, 199.0), LOSS, ChartOptions(), whole=True) == (0.0, 1.5)
    low, high = value_range(curves, (100.0, 120.0), LOSS, ChartOptions(), whole=False)
    assert 1.09 < low < 1.1
    assert 1.12 < high < 1.13


def test_outliers_are_left_out_of_the_y_range_or_not():
    curves = [line([900.0, *[1.0] * 199], [1.0] * 200)]
    seen = (0.0, 199.0)
    assert value_range(curves, seen, LOSS, ChartOptions(), whole=True) == (0.0, 1.0)
    assert value_range(curves, seen, LOSS, ChartOptions(clip=False), whole=True) == (0.0, 1000.0)


def test_the_band_lies_between_the_lowest_and_the_highest():
    flat = [1.0] * 50
    plain = text(draw_chart([line(flat)], 50, 60, 12))
    band = text(draw_chart([line(flat, low=np.full(50, 0.5), high=np.full(50, 1.4))], 50, 60, 12))
    dots = [sum("\u2800" < letter <= "\u28ff" for letter in drawn) for drawn in (plain, band)]
    assert dots[1] > 3 * dots[0]


def test_a_cursor_stands_behind_the_curve():
    lines = draw_chart([line([1.0] * 50)], 50, 60, 12)
    window = Window((0.0, 49.0), (0.0, 1.0))
    column = window.column(25.0, 60)
    drawn = with_cursor(lines, column)
    marks = [row.text[column] for row in drawn]
    assert marks.count("┊") >= 8
    assert [row.cell_length for row in drawn] == [row.cell_length for row in lines]
    assert window.place(column, 60) == pytest.approx(25.0, abs=0.5)
    assert window.column(60.0, 60) is None
    assert window.place(2, 60) is None


def test_ticks_of_a_part_are_round_and_tell_its_values_apart():
    assert range_ticks(0.512, 0.538, 3) == pytest.approx([0.52, 0.53])
    assert decimals_between([0.52, 0.53]) == 2
    assert decimals_between([100.0, 200.0]) == 0
    drawn = text(draw([line([0.52] * 500)], Window((200.0, 240.0), (0.512, 0.538), whole=False), 60, 14, Look()))
    assert "0.52" in drawn
    assert "220" in drawn


@pytest.mark.parametrize(
    ("seconds", "fine", "coarse"), [(0, "0:00", "0m"), (75, "1:15", "1m"), (3725, "1:02:05", "1:02h")]
)
def test_times(seconds, fine, coarse):
    assert time_words(seconds) == fine
    assert time_words(seconds, fine=False) == coarse


def test_a_bundle_passes_through_the_dots_of_its_curves_and_leaves_their_gaps():
    x = np.arange(10.0)
    level, gap = np.full(10, 2.0), np.where(x == 4, np.nan, 5.0)
    places, rows = bundle_dots([(x, level), (x, gap)], (-0.5, 9.5), 10, 8)
    assert {(round(place), int(row)) for place, row in zip(places, rows, strict=True)} == (
        {(at, 2) for at in range(10)} | {(at, 5) for at in range(10) if at != 4}
    )


def test_a_bundle_joins_its_values():
    """Every column's dots touch those of the next."""
    x = np.arange(4.0)
    places, rows = bundle_dots([(x, np.array([0.0, 7.0, 0.0, 3.0]))], (-0.5, 3.5), 4, 8)
    columns = [{int(row) for place, row in zip(places, rows, strict=True) if round(place) == at} for at in range(4)]
    assert all(max(min(a), min(b)) - min(max(a), max(b)) <= 1 for a, b in pairwise(columns))
    assert 7 in columns[1]
    assert 0 in columns[2]


def test_more_curves_of_one_look_than_a_few_are_drawn_without_their_raw_values():
    x = np.arange(50.0)
    lines = [Line("#ff8800", "●", x, x % 2 * 9, np.full(50, 5.0)) for _ in range(FEW + 1)]
    few, many = (
        "".join(strip.text for strip in draw(some, Window((0, 49), (0, 10)), 60, 16, Look()))
        for some in (lines[:1], lines)
    )
    assert dots(few) > dots(many) > 0


def dots(text):
    return sum((ord(letter) - 0x2800).bit_count() for letter in text if 0x2800 <= ord(letter) < 0x2900)
