"""One colour and one marker for each variant, the same on every screen and in every study.

The colours are those of Okabe and Ito's palette ("Color Universal Design", 2008), which stay apart for the common
kinds of colour blindness; the markers carry the same meaning where there is no colour at all.
"""

import zlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from textual.theme import Theme


@dataclass(frozen=True)
class VariantStyle:
    """How a variant looks; `on_light` is the same hue, dark enough for a light background."""

    on_dark: str
    on_light: str
    marker: str

    def colour(self, *, dark: bool) -> str:
        """The colour to draw with, as #rrggbb."""
        return self.on_dark if dark else self.on_light


_STYLES = (
    VariantStyle("#56b4e9", "#0072b2", "●"),
    VariantStyle("#e69f00", "#8a5f00", "▲"),
    VariantStyle("#2fc29a", "#007a59", "■"),
    VariantStyle("#cc79a7", "#a8487b", "◆"),
    VariantStyle("#e8743b", "#b84f00", "★"),
)
_KNOWN = ("vanilla", "bbox", "denoise", "superres", "superres-full")

SPARE_MARKERS = "○△□◇☆▽▷◁◎✚"
"""For variants that are not in the table, which share colours with those that are."""

_COMBINATIONS = MappingProxyType(
    {
        # The three that stand beside the study's four when all eight are compared have hues of their own.
        "bbox+denoise": VariantStyle("#f0e442", "#6b6300", "△"),
        "bbox+superres": VariantStyle("#a99bff", "#5a45d1", "◇"),
        "denoise+superres": VariantStyle("#c0c0c0", "#5c5c5c", "□"),
        "bbox+denoise+superres": VariantStyle("#ff8fab", "#b3123f", "☆"),
        # The others share hues, but no two variants share a marker.
        "superres+denoise": VariantStyle("#2fc29a", "#007a59", "▼"),
        "bbox+superres+denoise": VariantStyle("#e69f00", "#8a5f00", "▽"),
        "bbox+superres-full": VariantStyle("#e8743b", "#b84f00", "◈"),
        "denoise+superres-full": VariantStyle("#e8743b", "#b84f00", "▣"),
        "bbox+denoise+superres-full": VariantStyle("#e8743b", "#b84f00", "◉"),
    }
)

_HUES = (*_STYLES, *(_COMBINATIONS[name] for name in list(_COMBINATIONS)[:4]))


def variant_style(variant: str) -> VariantStyle:
    """The style of a variant; one that has no entry gets one by its name, so that it too stays the same."""
    if variant in _KNOWN:
        return _STYLES[_KNOWN.index(variant)]
    if variant in _COMBINATIONS:
        return _COMBINATIONS[variant]
    marker, hue = divmod(zlib.crc32(variant.encode()) % (len(SPARE_MARKERS) * len(_HUES)), len(_HUES))
    return VariantStyle(_HUES[hue].on_dark, _HUES[hue].on_light, SPARE_MARKERS[marker])


def blend(colour: str, ground: str, share: float) -> str:
    """`share` of a colour over a ground, both #rrggbb: a thin line beside a bold one."""
    pairs = zip(bytes.fromhex(colour[1:7]), bytes.fromhex(ground[1:7]), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def ground_colour(theme: "Theme") -> str:
    """The background as #rrggbb; a guess where the terminal's own is used."""
    background = theme.background or ""
    return background if background.startswith("#") else ("#121212" if theme.dark else "#ffffff")


def variant_mark(variant: str, *, dark: bool = True) -> Text:
    """The variant's marker in its colour."""
    style = variant_style(variant)
    return Text(style.marker, style.colour(dark=dark))


MOST_RUNS = len(_STYLES) * 2
"""How many runs can be told apart on one chart."""


def run_style(place: int) -> VariantStyle:
    """The look of the run at a place among those that are compared: first by colour, then by an open marker too."""
    style = _STYLES[place % len(_STYLES)]
    marker = style.marker if place < len(_STYLES) else SPARE_MARKERS[place % len(_STYLES)]
    return VariantStyle(style.on_dark, style.on_light, marker)
