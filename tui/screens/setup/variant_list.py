"""The variants to choose from, each with its key."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.screens.setup.words import variant_words


class VariantList(OptionList):
    """Variants; those that are chosen are ticked."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, compact=True, markup=False)

    def show_chosen(self, listed: Sequence[str], chosen: AbstractSet[str], *, dark: bool) -> None:
        """List variants and tick some of them; `dark` is the ground."""
        width = max(map(len, listed)) + 1
        words = {
            name: variant_words(index, name, taken=name in chosen, dark=dark, width=width)
            for index, name in enumerate(listed, start=1)
        }
        if [option.id for option in self.options] == list(listed):
            for name, text in words.items():
                self.replace_option_prompt(name, text)
            return
        marked = self.highlighted or 0
        self.clear_options()
        self.add_options([Option(text, id=name) for name, text in words.items()])
        self.highlighted = min(marked, len(listed) - 1)
