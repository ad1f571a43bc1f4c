"""The variants to choose from, each with its key."""

from collections.abc import Set as AbstractSet

from textual.widgets import OptionList
from textual.widgets.option_list import Option

from engine.variants import VARIANTS
from tui.setup_words import variant_words


class VariantList(OptionList):
    """All variants; those that are chosen are ticked."""

    def __init__(self, chosen: AbstractSet[str], *, dark: bool, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        lines = [
            Option(variant_words(index, name, taken=name in chosen, dark=dark), id=name)
            for index, name in enumerate(VARIANTS, start=1)
        ]
        super().__init__(*lines, id=id, compact=True, markup=False)

    def show_chosen(self, chosen: AbstractSet[str], *, dark: bool) -> None:
        """Tick these; `dark` is the ground."""
        for index, name in enumerate(VARIANTS, start=1):
            self.replace_option_prompt(name, variant_words(index, name, taken=name in chosen, dark=dark))
