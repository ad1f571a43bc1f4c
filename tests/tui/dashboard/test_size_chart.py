"""The chart of accuracy against size."""

import itertools
import math

import pytest

from tui.looks.size_axes import SizeCurve, SizePoint, share_limits, share_ticks, size_ticks
from tui.widgets.size_chart import draw_sizes

GROUND = "#121212"


def curve(*shares, sizes=(16, 32, 64, 128), marker="●", with_intervals=False):
    points = (SizePoint(size, share, share - 0.07, share + 0.07) for size, share in zip(sizes, shares, strict=True))
    return SizeCurve("#56b4e9", marker, tuple(points), with_intervals)


def text(lines):
    return "\n".join(line.text for line in lines)


def places(lines, marker):
    return [(row, column) for row, line in enumerate(lines) for column, sign in enumerate(line.text) if sign == marker]


def test_the_limits_are_the_tenths_around_what_is_drawn():
    assert share_limits([curve(0.42, 0.44, 0.55, 0.58)]) == pytest.approx((0.4, 0.6))
    assert share_limits([curve(0.42, 0.44, 0.55, 0.58, with_intervals=True)]) == pytest.approx((0.3, 0.7))
    assert share_limits([curve(0.5, 0.5, 0.5, 0.5)]) == pytest.approx((0.5, 0.6))
    assert share_limits([curve(1, 1, 1, 1)]) == pytest.approx((0.9, 1.0))
    assert share_limits([]) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("low", "high", "most", "expected"),
    [
        (0.3, 0.8, 6, [0.3, 0.4, 0.5, 0.6, 0.7, 0.8]),
        (0.3, 0.8, 4, [0.4, 0.6, 0.8]),
        (0.4, 0.6, 5, [0.4, 0.45, 0.5, 0.55, 0.6]),
        (0.9, 1.0, 2, [0.9, 1.0]),
        (0.1, 0.3, 2, [0.1, 0.3]),
    ],
)
def test_labels_of_shares_are_round(low, high, most, expected):
    assert share_ticks(low, high, most) == pytest.approx(expected)


@pytest.mark.parametrize("columns", [20, 40, 70, 110])
def test_labels_of_sizes_stand_apart_and_the_ends_are_named(columns):
    ticks = size_ticks(16, 229, columns)
    assert ticks[0] == 16
    assert ticks[-1] == 229
    per_power = columns / math.log2(229 / 16)
    gaps = [math.log2(after / before) * per_power for before, after in itertools.pairwise(ticks)]
    assert min(gaps) > 4
    assert len(ticks) > 2


def test_equal_factors_are_equally_far_apart():
    lines = draw_sizes([curve(0.5, 0.6, 0.7, 0.8)], 70, 16, GROUND)
    signs = places(lines, "●")
    assert len(signs) == 4
    columns = sorted(column for _, column in signs)
    gaps = [after - before for before, after in itertools.pairwise(columns)]
    assert max(gaps) - min(gaps) <= 1
    rows = [row for row, _ in sorted(signs, key=lambda sign: sign[1])]
    assert rows == sorted(rows, reverse=True)
    for label in ("0.80", "0.50", "16", "32", "64", "128"):
        assert label in text(lines)


def test_intervals_are_upright_strokes():
    bare = draw_sizes([curve(0.5, 0.5, 0.5, 0.5)], 70, 16, GROUND)
    stroked = draw_sizes([curve(0.5, 0.5, 0.5, 0.5, with_intervals=True)], 70, 16, GROUND)

    def drawn(lines):
        return sum("⠀" < sign <= "⣿" for sign in text(lines))

    rows = {row for row, _ in places(stroked, "⡇")} | {row for row, _ in places(stroked, "⢸")}
    assert len(rows) >= 4
    assert drawn(stroked) > drawn(bare)


def test_every_line_has_the_height_and_width_that_was_asked_for():
    lines = draw_sizes([curve(0.5, 0.6, 0.7, 0.8)], 60, 12, GROUND)
    assert len(lines) == 12
    assert max(line.cell_length for line in lines) <= 60


def test_a_single_size_and_no_room():
    single = draw_sizes([curve(0.5, sizes=(64,))], 60, 12, GROUND)
    assert len(places(single, "●")) == 1
    assert "too small" in text(draw_sizes([curve(0.5, 0.6, 0.7, 0.8)], 10, 3, GROUND))
    assert "nothing was measured" in text(draw_sizes([], 60, 12, GROUND))
