"""The last line of a screen: its keys, as many as fit."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey  # Textual exports it nowhere else

ALWAYS = ("keys", "quit")
"""Actions whose keys stand there however narrow the line is: the list of all keys, and leaving."""


class KeyLine(Footer):
    """Textual's footer, whose end is not cut: keys that do not fit are left out, the last of them first."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)

    def compose(self) -> ComposeResult:
        """The keys that are valid now."""
        keys = [key for key in super().compose() if isinstance(key, FooterKey)]
        self._fit(keys)
        yield from keys

    def on_resize(self) -> None:
        """Others fit than before."""
        self._fit(list(self.query(FooterKey)))

    def _fit(self, keys: Sequence[FooterKey]) -> None:
        room = self.size.width - sum(_width(key) for key in keys if key.action in ALWAYS)
        for key in keys:
            if key.action not in ALWAYS:
                room -= _width(key)
                key.display = room >= 0


def _width(key: FooterKey) -> int:
    return cell_len(f"{key.key_display} {key.description} ")
