"""The whole name of one variant: its steps with their parameters, and what they do."""

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from engine.config.variants import find_variant, words_of
from tui.looks.keys import bind, key
from tui.looks.palette import variant_mark


class PipelineScreen(ModalScreen[None]):
    """A window over a list of short names."""

    BINDING_GROUP_TITLE = "Pipeline"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("pipeline.close", "escape,d,q,enter", "dismiss", "Close", "Back to the list", display="esc"),
    ]

    def __init__(self, variant: str, variants: Sequence[str]) -> None:
        super().__init__()
        self._variant, self._variants = variant, tuple(variants)

    def compose(self) -> ComposeResult:
        """Number, name, a line a step, and the same in words."""
        variant = find_variant(self._variant)
        mark = variant_mark(self._variant)
        place = f"   {self._variants.index(self._variant) + 1} of {len(self._variants)}"
        lines = [Text.assemble(mark, " ", (self._variant, "bold"), (place, "dim"))]
        if words := words_of(self._variant):
            lines += [Text(), *(Text(f"{number}  {word}") for number, word in enumerate(words, start=1))]
        lines += [Text(), Text(variant.summary if variant else "a variant that this version does not know", "dim")]
        with VerticalScroll(classes="dialog help") as box:
            box.border_subtitle = f"{key('pipeline.close', 'esc')} closes"
            yield Static(Text("\n").join(lines))
