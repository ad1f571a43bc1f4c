import sys
import threading
import types

import numpy as np
import pytest
from textual.widget import Widget

from tui.pictures.service import Order, Pictures, draw, graphics_widget, pictures_for

WAIT = 10


def order(key="a", make=None, style="blocks", width=4):
    return Order(key, make or (lambda: np.zeros((6, 8, 3), np.uint8)), width, 2, style)


def drawn(pictures, wanted):
    """The drawing, once it is there."""
    ready, found = threading.Event(), []

    def tell(drawing):
        found.append(drawing)
        ready.set()

    pictures.ask(wanted, tell, lambda: True)
    assert ready.wait(WAIT)
    return found[0]


def test_a_picture_is_read_once_and_remembered_by_size():
    reads = []

    def make():
        reads.append(threading.current_thread().name)
        return np.zeros((6, 8, 3), np.uint8)

    pictures = Pictures()
    first = drawn(pictures, order(make=make))
    assert drawn(pictures, order(make=make)) is first
    assert pictures.recall(order(make=make)) is first
    assert pictures.recall(order(make=make, width=5)) is None
    assert reads == ["pictures"]
    assert first.size == (6, 8)


def test_no_thread_stays_when_all_is_drawn():
    before, pictures = {*threading.enumerate()}, Pictures()
    for key in ("a", "b"):
        assert drawn(pictures, order(key)).strips
        for thread in {*threading.enumerate()} - before:
            thread.join(WAIT)
        assert {*threading.enumerate()} <= before


def test_the_latest_comes_first_and_what_is_no_longer_wanted_is_dropped():
    pictures, gate, seen, done = Pictures(), threading.Event(), [], threading.Event()
    began = threading.Event()

    def slow():
        began.set()
        assert gate.wait(WAIT)
        return np.zeros((6, 8, 3), np.uint8)

    def tell(name):
        return lambda _: (seen.append(name), done.set() if name == "old" else None)

    pictures.ask(order("slow", slow), tell("slow"), lambda: True)
    assert began.wait(WAIT)
    pictures.ask(order("old"), tell("old"), lambda: True)
    pictures.ask(order("gone"), tell("gone"), lambda: False)
    pictures.ask(order("new"), tell("new"), lambda: True)
    gate.set()
    assert done.wait(WAIT)
    assert seen == ["slow", "new", "old"]


def test_a_picture_that_cannot_be_read_says_why_and_the_next_is_drawn():
    def broken():
        raise ValueError("no pixels")

    pictures = Pictures()
    assert drawn(pictures, order("x", broken)).problem == "ValueError: no pixels"
    assert pictures.recall(order("x", broken)) is None
    assert drawn(pictures, order("y")).strips


def test_graphics_get_an_image_of_the_cells_pixels():
    drawing = draw(order(style="graphics", width=8))
    assert drawing.image.size == (53, 40)
    assert not drawing.strips


def test_no_colours_means_shades():
    white = order(make=lambda: np.full((6, 8, 3), 255, np.uint8), style="shades")
    assert {strip.text for strip in draw(white).strips} == {"████"}


@pytest.fixture
def library(monkeypatch):
    """The graphics library as it is after asking a terminal that knows Sixel."""

    class SixelImage: ...

    class TGPImage: ...

    class BlockImage: ...

    renderable = types.ModuleType("textual_image.renderable")
    renderable.SixelImage, renderable.TGPImage, renderable.Image = SixelImage, TGPImage, SixelImage
    renderable.BlockImage = BlockImage
    widget = types.ModuleType("textual_image.widget")
    widget.Image = type("Image", (Widget,), {})
    package = types.ModuleType("textual_image")
    package.renderable, package.widget = renderable, widget
    for name, module in (("", package), (".renderable", renderable), (".widget", widget)):
        monkeypatch.setitem(sys.modules, f"textual_image{name}", module)
    return package


def test_a_terminal_with_graphics_gets_them(library):
    assert graphics_widget("auto", {"TERM": "xterm-kitty"}) is library.widget.Image
    assert pictures_for("auto", {}).graphics is library.widget.Image


def test_a_terminal_without_graphics_gets_half_blocks(library):
    library.renderable.Image = library.renderable.BlockImage
    assert graphics_widget("auto", {}) is None


@pytest.mark.parametrize("name", ["TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "NO_COLOR"])
def test_nobody_is_asked_where_the_answer_would_do_harm(library, name):
    assert graphics_widget("auto", {name: "1"}) is None


@pytest.mark.parametrize("option", ["off", "blocks"])
def test_nobody_is_asked_where_no_graphics_are_wanted(option, monkeypatch):
    monkeypatch.setitem(sys.modules, "textual_image", None)  # importing it would raise
    pictures = pictures_for(option, {})
    assert pictures.graphics is None
    assert pictures.off == (option == "off")


def test_a_library_that_fails_means_half_blocks(monkeypatch):
    monkeypatch.setitem(sys.modules, "textual_image", None)
    assert graphics_widget("auto", {}) is None
