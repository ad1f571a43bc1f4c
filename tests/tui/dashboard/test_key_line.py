"""The keys on the last line: which stand there, what the mouse does with them, and how seldom they are drawn."""

from typing import ClassVar

import pytest
from textual.app import App
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input

from tui.looks.keys import bind
from tui.widgets.key_line import KeyLine


class Keys(Screen[None]):
    BINDINGS: ClassVar = [
        bind("one", "a,b", "one", "First", "What it does"),
        bind("two", "c", "two", "Second", "", display="C!"),
        bind("hidden", "d", "hidden", "Hidden", "", show=False),
        bind("grey", "e", "grey", "Grey", ""),
    ]
    CSS = "Input { height: 1; border: none; }"

    def compose(self):
        yield Input()
        yield KeyLine()

    def check_action(self, action, parameters):
        if action == "grey":
            return None
        return action != "two" or self.app.two

    def action_one(self):
        self.app.pressed.append("one")

    def action_grey(self):
        self.app.pressed.append("grey")


class KeysApp(App[None]):
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = [Binding("q", "quit", "Quit")]
    two = True

    def __init__(self):
        super().__init__()
        self.pressed = []
        self.bells = 0

    def on_mount(self):
        self.push_screen(Keys())

    def bell(self):
        self.bells += 1


def last_line(app):
    return app.screen._compositor.render_strips()[-1].text.rstrip()


async def without_focus(pilot):
    """A field that is written in takes the letters."""
    pilot.app.screen.set_focus(None)
    await pilot.pause()


@pytest.fixture
async def pilot():
    async with KeysApp().run_test(size=(60, 6)) as pilot:
        await without_focus(pilot)
        yield pilot


async def test_the_first_key_of_every_shown_action(pilot):
    assert last_line(pilot.app) == "a First C! Second e Grey q Quit"


async def test_actions_that_come_and_go(pilot):
    pilot.app.two = False
    pilot.app.screen.refresh_bindings()
    await pilot.pause()
    assert last_line(pilot.app) == "a First e Grey q Quit"


async def test_the_keys_that_a_field_takes_are_not_offered(pilot):
    pilot.app.screen.query_one(Input).focus()
    await pilot.pause()
    assert last_line(pilot.app) == ""


async def test_keys_of_the_users_own(pilot):
    pilot.app.set_keymap({"one": "x"})
    await pilot.pause()
    assert last_line(pilot.app) == "C! Second e Grey x First q Quit"


async def test_a_click_presses_the_key(pilot):
    bottom = pilot.app.size.height - 1
    await pilot.click(offset=(3, bottom))
    await pilot.click(offset=(7, bottom))  # between two keys
    assert pilot.app.pressed == ["one"]
    await pilot.click(offset=(19, bottom))  # not to be used now
    assert pilot.app.pressed == ["one"]
    assert pilot.app.bells == 1


async def test_the_key_under_the_pointer_says_what_it_does(pilot):
    line, bottom = pilot.app.screen.query_one(KeyLine).children[0], pilot.app.size.height - 1
    plain = line.render()
    await pilot.hover(offset=(3, bottom))
    assert line.tooltip == "What it does"
    assert line.render() != plain
    await pilot.hover(offset=(3, 0))
    assert line.tooltip is None
    assert line.render() == plain


async def test_the_same_keys_are_not_drawn_again(pilot, monkeypatch):
    line, drawn = pilot.app.screen.query_one(KeyLine).children[0], []
    monkeypatch.setattr(line, "refresh", lambda **how: drawn.append(how))
    pilot.app.screen.refresh_bindings()
    await pilot.pause()
    assert drawn == []
    pilot.app.two = False
    pilot.app.screen.refresh_bindings()
    await pilot.pause()
    assert len(drawn) == 1
