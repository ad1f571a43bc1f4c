"""The settings: changed here at once for this start, and written for every other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from engine.errors import SimpsonsError
from tui.app.key_table import bindings, conflicts, with_own_keys
from tui.looks.keys import bind
from tui.session.session import Session
from tui.settings.file import KEYS, write_setting
from tui.settings.values import ENTRIES, USUAL, Entry, Settings, spelt
from tui.widgets.key_line import KeyLine

_ROOMY = 110
"""Columns from which both lists stand side by side."""

_NAME_WIDTH, _ID_WIDTH, _KEYS_WIDTH = 18, 24, 16


class KeyScreen(ModalScreen[str | None]):
    """Answers with the next key that is pressed, None for escape."""

    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, name: str, what: str) -> None:
        super().__init__()
        self._name, self._what = name, what

    def compose(self) -> ComposeResult:
        """What the key is for."""
        with Vertical(classes="dialog") as box:
            box.border_title = self._name
            box.border_subtitle = "esc: leave"
            yield Label(self._what)
            yield Label("Press the key for it.", classes="dialog-title")

    async def on_event(self, event: events.Event) -> None:
        """Take the key before any binding does."""
        if isinstance(event, events.Key):
            event.stop()
            if self.is_current:
                self.dismiss(None if event.key == "escape" else event.key)
        else:
            await super().on_event(event)


class SettingsScreen(Screen[None]):
    """The settings and the keys as two lists."""

    BINDING_GROUP_TITLE = "Settings"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("settings.next", "right", "change(1)", "Change", "The next value of the marked setting", display="→"),
        bind("settings.previous", "left", "change(-1)", "Back", "The value before", show=False),
        bind("settings.choose", "enter", "choose", "Set", "The next value; another key", priority=True),
        bind("settings.usual", "delete,backspace", "usual", "Usual", "The usual value, the usual key", display="del"),
        bind("settings.other", "tab", "app.focus_next", "Settings, keys", "The other list"),
        bind("settings.filter", "slash", "filter", "Find", "List the keys that hold a text", display="/"),
        bind("settings.back", "escape", "leave", "Back", "Leave the line; the screen before", display="esc"),
    ]
    AUTO_FOCUS = "#entries"
    DEFAULT_CSS = """
    SettingsScreen {
        & > #settings-heading { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        & > #settings-lists { height: 1fr; layout: vertical; }
        & #entries-panel { height: auto; max-height: 50%; }
        & #keys-panel { height: 1fr; }
        &.-roomy > #settings-lists { layout: horizontal; }
        &.-roomy #entries-panel, &.-roomy #keys-panel { width: 1fr; height: 100%; max-height: 100%; }
        & OptionList {
            height: auto; max-height: 100%; border: none; padding: 0; background: $background;
            text-wrap: nowrap; text-overflow: ellipsis; scrollbar-size: 1 1;
            &:focus { border: none; }
        }
        & OptionList > .option-list--option-highlighted { text-style: none; color: $foreground; background: $surface; }
        & OptionList:focus > .option-list--option-highlighted { color: $foreground; background: $primary 35%; }
        & #keys { height: 1fr; }
        & #find { display: none; }
        & > #settings-words { height: 2; padding: 0 1; }
    }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (_ROOMY, "-roomy")]  # noqa: RUF012 - Textual's declaration

    def __init__(self, session: Session, path: Path, use: Callable[[], object]) -> None:
        """`path` is the file of settings; `use` has the program go by `session.settings`."""
        super().__init__()
        self._session, self._path, self._use = session, path, use
        self._problem = ""

    def compose(self) -> ComposeResult:
        """Both lists over what the marked line is."""
        yield Static(Text.assemble(("settings", "bold"), f" ─ {self._path}"), id="settings-heading")
        with Container(id="settings-lists"):
            with Vertical(id="entries-panel", classes="panel") as panel:
                panel.border_title = "settings"
                yield OptionList(id="entries", markup=False)
            with Vertical(id="keys-panel", classes="panel") as panel:
                panel.border_title = "keys"
                field = Input(id="find", placeholder="part of a name or key", compact=True)
                field.cursor_blink = False
                yield field
                yield OptionList(id="keys", markup=False)
        yield Static(id="settings-words")
        yield KeyLine()

    def on_mount(self) -> None:
        """List all."""
        self._list_entries()
        self._list_keys()

    # ------------------------------------------------------------------ drawing

    def _list_entries(self) -> None:
        listed, settings = self.query_one("#entries", OptionList), self._session.settings
        marked = listed.highlighted or 0
        listed.set_options(Option(_entry_line(entry, settings), entry.key) for entry in ENTRIES)
        listed.highlighted = marked

    def _list_keys(self) -> None:
        listed, words = self.query_one("#keys", OptionList), self.query_one("#find", Input).value.lower()
        marked = self._marked("#keys")
        lines = {name: self._key_line(name) for name in sorted(bindings())}
        listed.set_options(Option(line, name) for name, line in lines.items() if words in line.plain.lower())
        if listed.option_count:
            places = [option.id for option in listed.options]
            listed.highlighted = places.index(marked) if marked in places else 0

    def _key_line(self, name: str) -> Text:
        own, (_, binding) = self._session.settings.keys, bindings()[name]
        keys = Binding.make_bindings([with_own_keys(binding, own)])
        shown = " ".join(dict.fromkeys(map(self.app.get_key_display, keys)))
        style = "bold yellow" if name in own else ""
        return Text.assemble(
            (shown.ljust(_KEYS_WIDTH), style), (name.ljust(_ID_WIDTH), "dim"), " ", binding.description
        )

    def _marked(self, which: str) -> str:
        listed = self.query_one(which, OptionList)
        if listed.highlighted is None or not listed.option_count:
            return ""
        return listed.get_option_at_index(listed.highlighted).id or ""

    @property
    def _on_keys(self) -> bool:
        return self.focused is not None and self.focused.id == "keys"

    @on(OptionList.OptionHighlighted)
    @on(events.DescendantFocus)
    def _say(self) -> None:
        words = ""
        if self._on_keys:
            name = self._marked("#keys")
            words = bindings()[name][1].tooltip if name else "no key holds that text"
        else:
            words = next((entry.words for entry in ENTRIES if entry.key == self._marked("#entries")), "")
        text = Text.assemble(words, "\n", (self._problem, "bold red"))
        self.query_one("#settings-words", Static).update(text)

    # ------------------------------------------------------------------ changing

    def action_change(self, direction: int) -> None:
        """Give the marked setting its next value."""
        if not self._on_keys:
            entry = next(entry for entry in ENTRIES if entry.key == self._marked("#entries"))
            self._set_entry(entry, entry.step(self._session.settings, direction))

    def action_choose(self) -> None:
        """The next value of the marked setting, or another key for the marked binding."""
        if self.focused is not None and self.focused.id == "find":
            self.set_focus(self.query_one("#keys"))
        elif not self._on_keys:
            self.action_change(1)
        elif name := self._marked("#keys"):
            binding = bindings()[name][1]
            self.app.push_screen(KeyScreen(name, f"{binding.description}: {binding.tooltip}"), self._key_for(name))

    def _key_for(self, name: str) -> Callable[[str | None], None]:
        return lambda key: self._set_keys(name, key) if key else None

    def action_usual(self) -> None:
        """As it is without settings."""
        if self._on_keys:
            if (name := self._marked("#keys")) in self._session.settings.keys:
                self._set_keys(name, None)
        else:
            entry = next(entry for entry in ENTRIES if entry.key == self._marked("#entries"))
            self._set_entry(entry, entry.put(self._session.settings, entry.of(USUAL)))

    def _set_entry(self, entry: Entry, settings: Settings) -> None:
        self._change(settings, entry.key, entry.of(settings))
        self._list_entries()

    def _set_keys(self, name: str, keys: str | None) -> None:
        others = {one: own for one, own in self._session.settings.keys.items() if one != name}
        own = {**others, name: keys} if keys else others
        self._change(replace(self._session.settings, keys=own), f"{KEYS}.{name}", keys)
        self._problem = self._problem or next(conflicts({name: keys} if keys else {}), "")
        self._list_keys()
        self._say()

    def _change(self, settings: Settings, key: str, value: str | float | bool | None) -> None:
        """Go by other settings, and write what was changed."""
        self._session.settings, self._problem = settings, ""
        self._use()
        try:
            write_setting(self._path, key, value)
        except SimpsonsError as error:
            self._problem = f"not written: {error}"
        self._say()

    # ------------------------------------------------------------------ finding keys

    def action_filter(self) -> None:
        """Ask which keys to list."""
        field = self.query_one("#find", Input)
        field.display = True
        self.set_focus(field)

    @on(Input.Changed, "#find")
    def _found(self) -> None:
        self._list_keys()

    def action_leave(self) -> None:
        """List all keys again, or go back to the screen before."""
        field = self.query_one("#find", Input)
        if field.display:
            field.value, field.display = "", False
            self.set_focus(self.query_one("#keys"))
        elif self.is_current:
            self.app.pop_screen()


def _entry_line(entry: Entry, settings: Settings) -> Text:
    value, usual = (spelt(entry.of(one)) for one in (settings, USUAL))
    return Text.assemble(entry.key.ljust(_NAME_WIDTH), (f"◂ {value} ▸", "" if value == usual else "bold yellow"))
