"""Colours and characters that say how large a share is: the heat of a confusion matrix."""

from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.style import Style

from tui.looks.palette import contrast

RIGHT = ColorTriplet(0x1F, 0x77, 0xC8)
"""Full heat of a cell on the diagonal: blue and orange stay apart for every common kind of colour blindness."""

WRONG = ColorTriplet(0xE6, 0x8A, 0x00)
"""Full heat of a cell off the diagonal."""

DARK = ColorTriplet(0x16, 0x1B, 0x22)
"""No heat, where nothing is known of the terminal's background."""

SHADES = " ░▒▓█"
"""Shares in five steps, for terminals whose colours cannot carry them."""

_GAMMA = 0.5
"""Below 1, so that the few wrong answers of a good model still show."""

_BLACK, _WHITE = ColorTriplet(0, 0, 0), ColorTriplet(255, 255, 255)


def heat_style(share: float, *, diagonal: bool, ground: ColorTriplet = DARK) -> Style:
    """Style of a cell that holds `share` (in [0, 1]) of its row; the diagonal is bold as well as another hue."""
    full = RIGHT if diagonal else WRONG
    strength = min(1.0, max(0.0, share)) ** _GAMMA
    red, green, blue = (round(low + (high - low) * strength) for low, high in zip(ground, full, strict=True))
    back = ColorTriplet(red, green, blue)
    return Style(color=_color(readable_on(back)), bgcolor=_color(back), bold=diagonal)


def readable_on(back: ColorTriplet) -> ColorTriplet:
    """Black or white, whichever contrasts more (relative luminance of WCAG 2)."""
    return max(_BLACK, _WHITE, key=lambda ink: contrast(ink, back))


def shade(share: float) -> str:
    """One character that grows with the share; a share above 0 is never blank."""
    if share <= 0:
        return SHADES[0]
    steps = len(SHADES) - 1
    return SHADES[min(steps, 1 + int(share * steps))]


def _color(triplet: ColorTriplet) -> Color:
    return Color.from_triplet(triplet)
