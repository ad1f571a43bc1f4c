"""What part of the curves is seen."""

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets.charts.view import ZOOM, View

END, NEWEST = 1000.0, 400.0


def seen(view):
    return view.x_range(END, NEWEST)


def test_all_the_tail_and_frozen():
    view = View()
    assert seen(view) == (0.0, END)
    tail = view.next_mode(END, NEWEST)
    assert tail.mode == "tail"
    assert seen(tail) == (200.0, 400.0)
    assert tail.x_range(END, 500.0) == (300.0, 500.0), "it moves on"
    frozen = tail.next_mode(END, NEWEST)
    assert frozen.x_range(END, 500.0) == (200.0, 400.0), "it stands still"
    assert frozen.next_mode(END, NEWEST) == View()


def test_zoom_keeps_a_place_where_it_is():
    near = View().zoom_x(2.0, 250.0, END, NEWEST)
    assert seen(near) == (125.0, 625.0)
    assert seen(near.zoom_x(0.5, 250.0, END, NEWEST)) == (0.0, END)
    assert near.zoom_x(0.5, 250.0, END, NEWEST).mode == "all"


def test_the_tail_is_zoomed_at_its_end():
    tail = View().next_mode(END, NEWEST).zoom_x(2.0, 0.0, END, NEWEST)
    assert seen(tail) == (300.0, 400.0)


def test_a_part_is_moved_within_the_axis_and_to_the_cursor():
    part = View().zoom_x(10.0, 0.0, END, NEWEST)
    assert seen(part) == (0.0, 100.0)
    assert seen(part.pan_x(1, END, NEWEST)) == (25.0, 125.0)
    assert seen(part.pan_x(-1, END, NEWEST)) == (0.0, 100.0)
    assert View().pan_x(1, END, NEWEST) == View()
    assert seen(part.including(300.0, END, NEWEST)) == (200.0, 300.0)
    assert part.including(50.0, END, NEWEST) is part


def test_y_is_zoomed_as_a_share_of_each_charts_own_range():
    half = View().zoom_y(2.0, 0.0)
    assert half.y_range(0.0, 4.0) == (0.0, 2.0)
    assert half.y_range(0.0, 1.0) == (0.0, 0.5)
    assert half.pan_y(1).y == (0.125, 0.625)
    assert half.zoom_y(0.5) == View()
    assert View().pan_y(1) == View()


moves = st.lists(
    st.tuples(st.sampled_from(["zoom", "pan", "mode", "include"]), st.floats(0, END), st.sampled_from([1, -1]))
)


@given(moves, st.floats(1.0, END))
def test_no_way_leads_out_of_the_axis(steps, newest):
    view = View()
    for what, place, direction in steps:
        if what == "zoom":
            view = view.zoom_x(ZOOM**direction, place, END, newest)
        elif what == "pan":
            view = view.pan_x(direction, END, newest)
        elif what == "mode":
            view = view.next_mode(END, newest)
        else:
            view = view.including(place, END, newest)
        low, high = view.x_range(END, newest)
        assert low < high
        assert high <= END + 1e-6
        assert low >= -1e-6
