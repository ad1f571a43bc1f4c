"""A small window of the set-up: steps are toggled and ordered, and make a variant."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from engine.config.variants import COMBINABLE, find_variant, get_variant, name_of, with_word
from tui.looks.keys import bind

_NAME_WIDTH = 15


class CombineScreen(ModalScreen[str | None]):
    """Answers with the name of a variant, or None."""

    BINDING_GROUP_TITLE = "Combine steps"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("combine.add", "enter", "add", "Add", "Take the combination", priority=True),
        bind("combine.toggle", "space", "toggle_marked", "Toggle", "Take the marked step in, as the last, or out"),
        *(
            bind(f"combine.step{n}", str(n), f"toggle_step({n})", f"Step {n}", "Take it in or out", show=False)
            for n in range(1, 5)
        ),
        bind("combine.earlier", "left", "move(-1)", "Earlier", "Apply the marked step earlier", priority=True),
        bind("combine.later", "right", "move(1)", "Later", "Apply the marked step later", priority=True),
        bind("combine.leave", "escape", "dismiss(None)", "Leave", "Close and change nothing", display="esc"),
    ]
    AUTO_FOCUS = "#steps"

    def __init__(self) -> None:
        super().__init__()
        self.words: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """A line a step, and what they make."""
        with Vertical(classes="dialog") as box:
            box.border_title = "combine steps, in the order in which they are applied"
            box.border_subtitle = "1-4: in or out   ← →: order   enter: add   esc: leave"
            yield OptionList(
                *(Option(self._line(word), id=word) for word in COMBINABLE), id="steps", compact=True, markup=False
            )
            yield Static(id="combined")

    def on_mount(self) -> None:
        """Begin with the first step marked."""
        self.query_one(OptionList).highlighted = 0
        self._show()

    def _line(self, word: str) -> Text:
        place = f"[{self.words.index(word) + 1}]" if word in self.words else "[ ]"
        style = "bold" if word in self.words else "dim"
        return Text.assemble(
            (f"{place} ", style),
            (f"{COMBINABLE.index(word) + 1} ", "dim"),
            (word.ljust(_NAME_WIDTH), style),
            (get_variant(word).summary, "dim"),
            no_wrap=True,
            overflow="ellipsis",
        )

    def _show(self) -> None:
        steps = self.query_one(OptionList)
        for word in COMBINABLE:
            steps.replace_option_prompt(word, self._line(word))
        if self.words:
            variant = get_variant(name_of(self.words))
            text = Text.assemble((variant.name, "bold"), "\n", (variant.summary, "dim"))
        else:
            text = Text("press 1 to 4 in the order in which the steps are to be applied", "dim")
        self.query_one("#combined", Static).update(text)

    def action_toggle_step(self, number: int) -> None:
        """Take a step in, as the last that can be, or out."""
        word = COMBINABLE[number - 1]
        kept = tuple(other for other in self.words if other != word)
        self.words = kept if word in self.words else with_word(self.words, word)
        self.query_one(OptionList).highlighted = number - 1
        self._show()

    def action_toggle_marked(self) -> None:
        """The same for the step that is marked."""
        marked = self.query_one(OptionList).highlighted
        if marked is not None:
            self.action_toggle_step(marked + 1)

    @on(OptionList.OptionSelected, "#steps")
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self.action_toggle_step(event.option_index + 1)

    def action_move(self, direction: int) -> None:
        """Apply the marked step earlier or later, where that makes sense."""
        marked = self.query_one(OptionList).highlighted
        word = COMBINABLE[marked] if marked is not None else ""
        if word not in self.words:
            return
        moved, place = list(self.words), self.words.index(word)
        other = place + direction
        if not 0 <= other < len(moved):
            return
        moved[place], moved[other] = moved[other], moved[place]
        if find_variant(name_of(moved)) is not None:
            self.words = tuple(moved)
            self._show()

    def action_add(self) -> None:
        """Answer with what was put together."""
        if self.words:
            self.dismiss(name_of(self.words))
