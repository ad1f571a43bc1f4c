"""The variants to choose from, each with its key."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from rich.text import Text
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.looks.variant_names import short_variants
from tui.screens.setup.words import AROUND_NAME, LEAST_NAME, variant_words

_LEAST_SUMMARY = 8
"""Columns that are worth the beginning of what a variant does."""


class VariantList(OptionList):
    """Variants; those that are chosen are ticked."""

    class Relaid(Message):
        """Other names fit than before."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, compact=True, markup=False)
        self._drawn: dict[str, tuple[int, bool, int, bool]] = {}

    @property
    def marked(self) -> str | None:
        """The name of the marked variant."""
        option = self.highlighted_option
        return option.id if option is not None else None

    @property
    def room(self) -> int:
        """Columns that names can have."""
        return max(0, self.scrollable_content_region.width - AROUND_NAME)

    def on_resize(self) -> None:
        """Names may be cut now that were not, or the other way round."""
        self.post_message(self.Relaid())

    def show_chosen(self, listed: Sequence[str], chosen: AbstractSet[str]) -> None:
        """List variants and tick some of them."""
        width = max(LEAST_NAME, min(max(map(len, listed)) + 1, self.room))
        short = short_variants(tuple(listed), width - 1)
        explained = self.room - width >= _LEAST_SUMMARY
        looks = {name: (place, name in chosen, width, explained) for place, name in enumerate(listed, start=1)}

        def line(name: str) -> Text:
            place, taken, *_ = looks[name]
            return variant_words(place, name, short[name], taken=taken, width=width, explained=explained)

        if list(self._drawn) != list(listed):
            marked = self.marked
            self.set_options(Option(line(name), id=name) for name in listed)
            self.highlighted = listed.index(marked) if marked in listed else 0
        for name in listed:
            if self._drawn.get(name, looks[name]) != looks[name]:
                self.replace_option_prompt(name, line(name))
        self._drawn = looks
