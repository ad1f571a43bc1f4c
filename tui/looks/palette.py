"""One colour and one marker for each variant, the same on every screen and in every study.

The nine colours of each ground were searched for so that any two differ for every eye: near the hues of Okabe and Ito
("Color Universal Design", 2008), but apart in lightness too, for protanopia, deuteranopia and tritanopia as Machado,
Oliveira and Fernandes simulate them ("A Physiologically-based Model for Simulation of Color Vision Deficiency", 2009).
The markers carry the same meaning where there is no colour at all.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.text import Text

from tui.looks.axes import rgb

if TYPE_CHECKING:
    from textual.theme import Theme

_MIDDLE, _MIXES = 0.18, 20
"""The luminance that black and white contrast with alike; the steps in which a colour is made lighter or darker."""


@dataclass(frozen=True)
class VariantStyle:
    """How a variant looks, in colours as #rrggbb.

    Words are written in `colour`; on a light ground the app shows `on_light` in its place, the same hue.
    """

    colour: str
    on_light: str
    marker: str


_STYLES = (
    VariantStyle("#47c0f0", "#002f74", "●"),
    VariantStyle("#fbdb1f", "#482611", "▲"),
    VariantStyle("#d6ffca", "#2b776e", "■"),
    VariantStyle("#a57093", "#d40066", "◆"),
    VariantStyle("#ef4f14", "#815c01", "★"),
)
_KNOWN = ("vanilla", "bbox", "denoise", "superres", "superres-full")

SPARE_MARKERS = "○△□◇☆▽▷◁◎✚"
"""For variants that are not in the table, which share colours with those that are."""

_COMBINATIONS = MappingProxyType(
    {
        # The three that stand beside the study's four when all eight are compared have hues of their own.
        "bbox+denoise": VariantStyle("#85905e", "#51613e", "△"),
        "bbox+superres": VariantStyle("#7a74e7", "#6e5aa1", "◇"),
        "denoise+superres": VariantStyle("#e8e8e8", "#2a2a2a", "□"),
        "bbox+denoise+superres": VariantStyle("#dc94a3", "#810c46", "☆"),
        # The others share hues, but no two variants share a marker.
        "superres+denoise": VariantStyle("#d6ffca", "#2b776e", "▼"),
        "bbox+superres+denoise": VariantStyle("#fbdb1f", "#482611", "▽"),
        "bbox+superres-full": VariantStyle("#ef4f14", "#815c01", "◈"),
        "denoise+superres-full": VariantStyle("#ef4f14", "#815c01", "▣"),
        "bbox+denoise+superres-full": VariantStyle("#ef4f14", "#815c01", "◉"),
    }
)

_HUES = (*_STYLES, *(_COMBINATIONS[name] for name in list(_COMBINATIONS)[:4]))


ALARM, GREY = "#d7af00", "#9a9a9a"
"""What went wrong; a curve that does not stand out."""

ON_LIGHT: Mapping[str, str] = MappingProxyType(
    {style.colour: style.on_light for style in _HUES} | {ALARM: "#7a5200", GREY: "#6a6a6a"}
)
"""The colours of this module as they are on a light ground."""


def variant_style(variant: str) -> VariantStyle:
    """The style of a variant; one that has no entry gets one by its name, so that it too stays the same."""
    if variant in _KNOWN:
        return _STYLES[_KNOWN.index(variant)]
    if variant in _COMBINATIONS:
        return _COMBINATIONS[variant]
    marker, hue = divmod(zlib.crc32(variant.encode()) % (len(SPARE_MARKERS) * len(_HUES)), len(_HUES))
    return replace(_HUES[hue], marker=SPARE_MARKERS[marker])


def blend(colour: str, ground: str, share: float) -> str:
    """`share` of a colour over a ground, both #rrggbb: a thin line beside a bold one."""
    pairs = zip(bytes.fromhex(colour[1:7]), bytes.fromhex(ground[1:7]), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def fade(colour: str, ground: str, share: float) -> str:
    """The same of one of this module's colours, as it is on that ground."""
    on_light = luminance(rgb(ground)) > _MIDDLE
    return blend(ON_LIGHT.get(colour, colour) if on_light else colour, ground, share)


def luminance(colour: Sequence[int]) -> float:
    """Relative luminance of red, green and blue from 0 to 255, as WCAG 2 has it: 0 for black, 1 for white."""
    parts = [part / 255 for part in colour]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)  # noqa: PLR2004
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Sequence[int], other: Sequence[int]) -> float:
    """Contrast of two colours, as WCAG 2 has it: from 1 (the same) to 21 (black and white)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(colour: str, ground: str, least: float) -> str:
    """A colour, mixed with as much white or black as it takes to be read on a ground; all #rrggbb."""
    lighter = luminance(rgb(colour)) > luminance(rgb(ground))
    grounds_far = "#000000" if luminance(rgb(ground)) > _MIDDLE else "#ffffff"
    for far in ("#ffffff" if lighter else "#000000", grounds_far):
        mixed = (blend(far, colour, step / _MIXES) for step in range(_MIXES + 1))
        if (found := next((one for one in mixed if contrast(rgb(one), rgb(ground)) >= least), None)) is not None:
            return found
    return grounds_far


def ground_colour(theme: "Theme") -> str:
    """The background as #rrggbb; a guess where the terminal's own is used."""
    background = theme.background or ""
    return background if background.startswith("#") else ("#121212" if theme.dark else "#ffffff")


def variant_mark(variant: str) -> Text:
    """The variant's marker in its colour."""
    style = variant_style(variant)
    return Text(style.marker, style.colour)


MOST_RUNS = len(_STYLES) * 2
"""How many runs can be told apart on one chart."""


def run_style(place: int) -> VariantStyle:
    """The look of the run at a place among those that are compared: first by colour, then by an open marker too."""
    style = _STYLES[place % len(_STYLES)]
    marker = style.marker if place < len(_STYLES) else SPARE_MARKERS[place % len(_STYLES)]
    return replace(style, marker=marker)
