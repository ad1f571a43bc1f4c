"""The themes: Textual's own and two for colour-blind eyes, and the terminal's colour names as each of them has them."""

from collections.abc import Mapping
from functools import lru_cache

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from textual.color import Color as Background
from textual.filter import ANSIToTruecolor, LineFilter
from textual.theme import BUILTIN_THEMES, Theme

from tui.looks.axes import rgb
from tui.looks.palette import ALARM, ON_LIGHT, ground_colour, readable

LEAST_CONTRAST, LEAST_DIM_CONTRAST = 4.5, 3.0
"""Of words with their ground, as WCAG 2 has it (level AA), and of dim words."""

AUTO = "auto"

COLOUR_BLIND = (
    # Blue is good, yellow asks for attention, vermilion is wrong: three that differ in lightness as well as in hue.
    Theme(
        name="colour-blind-dark",
        primary="#56b4e9",
        secondary="#8fa8c8",
        accent="#f0e442",
        success="#56b4e9",
        warning="#f0e442",
        error="#f07030",
        foreground="#f2f2f2",
        background="#101418",
        surface="#1a2027",
        panel="#242c35",
    ),
    Theme(
        name="colour-blind-light",
        primary="#005a9c",
        secondary="#4a5d73",
        accent="#7a5f00",
        success="#0062ad",
        warning="#8f6b00",
        error="#8c1d00",
        foreground="#14181c",
        background="#ffffff",
        surface="#f1f4f7",
        panel="#e3e8ee",
        dark=False,
    ),
)


def theme_names() -> tuple[str, ...]:
    """All themes: the program's choice, Textual's, the two for colour-blind eyes."""
    return (AUTO, *BUILTIN_THEMES, *(theme.name for theme in COLOUR_BLIND))


_MEANINGS = ("error", "success", "warning", "primary", "secondary", "accent")
"""What red, green, yellow, blue, magenta and cyan stand for in our words."""


def terminal_colours(theme: Theme) -> TerminalTheme:
    """The terminal's sixteen colours as a theme has them, readable on its ground: red is its error."""
    ground, colours = ground_colour(theme), theme.to_color_system().generate()
    words = colours["foreground"] if colours["foreground"].startswith("#") else readable(ground, ground, 10)
    row = [ground, *(colours[name] for name in _MEANINGS), words]
    row[1:] = (readable(colour, ground, LEAST_CONTRAST) if colour.startswith("#") else words for colour in row[1:])
    return TerminalTheme(rgb(ground), rgb(words), [rgb(colour) for colour in row], [rgb(colour) for colour in row])


_WORDS_ON = {
    "footer-key-foreground": "footer-background",
    "footer-description-foreground": "footer-background",
    **{f"markdown-h{level}-color": "background" for level in range(1, 4)},
}
"""Variables of Textual's styles whose words are hard to read in some of its themes, with what they stand on."""


def readable_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of styles, with words that can be read; where colours are the terminal's own nothing is changed."""
    found = dict(variables)
    for words, ground in _WORDS_ON.items():
        if found[words].startswith("#") and found[ground].startswith("#"):
            found[words] = readable(found[words][:7], found[ground][:7], LEAST_CONTRAST)
    return found


class ReadableColours(ANSIToTruecolor):
    """The terminal's colours as a theme has them, and dim words that can still be read."""

    @lru_cache(1024)  # noqa: B019 - one filter a theme
    def truecolor_style(self, style: Style, background: Color) -> Style:
        """A style in numbers."""
        plain = super().truecolor_style(style, background)
        ground = plain.bgcolor or background
        if not style.dim or plain.color is None or plain.color.triplet is None or ground.triplet is None:
            return plain
        return plain + Style(color=readable(plain.color.triplet.hex, ground.triplet.hex, LEAST_DIM_CONTRAST))


class OnLight(LineFilter):
    """The colours of variants, dark enough for a light ground, whatever view they stand in and since when."""

    def __init__(self, *, own: bool) -> None:
        """`own`: the terminal's own colours are used, of which yellow cannot be read on its light ground."""
        super().__init__()
        self._own = own

    def apply(self, segments: list[Segment], background: Background) -> list[Segment]:
        """A line's parts in other colours."""
        return [Segment(text, style and _on_light(style, self._own), control) for text, style, control in segments]


@lru_cache(1024)
def _on_light(style: Style, own: bool) -> Style:
    if (colour := style.color) is None:
        return style
    attention = own and (colour.number == _YELLOW or colour.name == ALARM)
    found = "magenta" if attention else ON_LIGHT.get(colour.name)
    return style + Style(color=found) if found is not None else style


_YELLOW = 3
"""Its number among the terminal's colours."""
