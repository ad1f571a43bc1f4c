"""Every theme can be read, and its colours differ for colour-blind eyes too."""

from itertools import combinations

import numpy as np
import pytest
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style
from skimage.color import deltaE_ciede2000, rgb2lab
from textual.color import Color as Background
from textual.theme import BUILTIN_THEMES

from engine.config.combinations import COMBINATIONS
from engine.config.variants import VARIANTS
from tui.looks.axes import rgb
from tui.looks.heat import heat_style
from tui.looks.palette import (
    ALARM,
    ON_LIGHT,
    contrast,
    ground_colour,
    readable,
    run_style,
    variant_style,
)
from tui.looks.themes import (
    COLOUR_BLIND,
    LEAST_CONTRAST,
    LEAST_DIM_CONTRAST,
    OnLight,
    ReadableColours,
    readable_variables,
    terminal_colours,
    theme_names,
)
from tui.widgets.charts.drawing import AXES

THEMES = [*BUILTIN_THEMES.values(), *COLOUR_BLIND]
OWN_GROUND = [theme for theme in THEMES if not theme.ansi]
HUES = [variant_style(name) for name in dict.fromkeys((*VARIANTS, *COMBINATIONS))]
LEAST_GRAPHICS = 3.0
"""Contrast of lines and bars with their ground, as WCAG 2 has it (1.4.11)."""

# Machado, Oliveira and Fernandes 2009, at full severity, on linear red, green and blue.
EYES = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def shown(style, *, dark):
    """The colour that a style has on a dark or on a light ground."""
    return style.colour if dark else style.on_light


def seen(colours, eyes):
    """Colours #rrggbb in CIELAB, as such eyes see them."""
    parts = np.array([rgb(colour) for colour in colours]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.array(EYES[eyes]).T, 0, 1)
    return rgb2lab(np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055))


def closest(colours, eyes):
    """The smallest difference (CIEDE2000) of two of the colours."""
    lab = seen(colours, eyes)
    return min(deltaE_ciede2000(lab[a], lab[b]) for a, b in combinations(range(len(colours)), 2))


def test_the_simulation_confuses_what_such_eyes_confuse():
    assert closest(["#d62728", "#7a7a00"], "normal") > 30
    assert closest(["#b84f00", "#6b6300"], "protanopia") < 1


@pytest.mark.parametrize("dark", [True, False])
@pytest.mark.parametrize("eyes", EYES)
def test_any_two_curves_differ_for_every_eye(dark, eyes):
    colours = [shown(style, dark=dark) for style in HUES if style.marker in "●▲■◆★△◇□☆"]
    assert len(colours) == 9
    assert closest(colours, eyes) >= 10
    assert closest(colours[: len(VARIANTS)], eyes) >= 14
    assert closest([shown(run_style(place), dark=dark) for place in range(5)], eyes) >= 14


@pytest.mark.parametrize("theme", COLOUR_BLIND, ids=lambda theme: theme.name)
@pytest.mark.parametrize("eyes", EYES)
def test_good_doubtful_and_wrong_differ_for_every_eye(theme, eyes):
    colours = terminal_colours(theme).ansi_colors
    words = [Color.from_triplet(colours[place]).triplet.hex for place in (1, 2, 3)]
    assert closest([*words, theme.foreground], eyes) >= 10


@pytest.mark.parametrize("theme", OWN_GROUND, ids=lambda theme: theme.name)
def test_words_and_curves_can_be_read(theme):
    ground, colours = rgb(ground_colour(theme)), terminal_colours(theme)
    assert contrast(colours.foreground_color, ground) >= LEAST_CONTRAST
    assert min(contrast(colours.ansi_colors[place], ground) for place in range(1, 8)) >= LEAST_CONTRAST
    assert min(contrast(rgb(shown(style, dark=theme.dark)), ground) for style in HUES) >= LEAST_GRAPHICS
    assert contrast(rgb(AXES), ground) >= LEAST_GRAPHICS * 0.99


@pytest.mark.parametrize("theme", OWN_GROUND, ids=lambda theme: theme.name)
def test_dim_words_can_be_read_on_every_ground_of_the_theme(theme):
    colours = theme.to_color_system().generate()
    filter_ = ReadableColours(terminal_colours(theme))
    for ground in (ground_colour(theme), colours["surface"]):
        style = filter_.truecolor_style(Style(dim=True, color=colours["foreground"]), Color.parse(ground))
        assert not style.dim
        assert contrast(style.color.triplet, rgb(ground)) >= LEAST_DIM_CONTRAST


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_the_keys_of_the_last_line_and_the_manuals_headings_can_be_read(theme):
    colours = theme.to_color_system().generate()
    found = readable_variables(colours)
    assert found.keys() == colours.keys()
    if not theme.ansi:
        ground = rgb(found["footer-background"])
        for words in ("footer-key-foreground", "footer-description-foreground"):
            assert contrast(rgb(found[words]), ground) >= LEAST_CONTRAST
        assert contrast(rgb(found["markdown-h1-color"]), rgb(found["background"])) >= LEAST_CONTRAST


@pytest.mark.parametrize("theme", OWN_GROUND, ids=lambda theme: theme.name)
def test_heat_can_be_read_on_every_ground(theme):
    ground = Color.parse(ground_colour(theme)).triplet
    for share in np.linspace(0, 1, 21):
        for diagonal in (True, False):
            style = heat_style(share, diagonal=diagonal, ground=ground)
            assert contrast(style.color.triplet, style.bgcolor.triplet) >= LEAST_CONTRAST


@pytest.mark.parametrize("dark", [True, False])
def test_no_curve_vanishes_in_sixteen_colours(dark):
    numbers = [Color.parse(shown(style, dark=dark)).downgrade(ColorSystem.STANDARD).number for style in HUES]
    assert not set(numbers) & ({0} if dark else {7, 15})


def test_the_names_of_all_themes():
    assert {"auto", "textual-light", "nord", "colour-blind-dark", "colour-blind-light"} <= set(theme_names())
    assert {theme.dark for theme in COLOUR_BLIND} == {True, False}


def test_warnings_can_be_read_on_the_terminals_own_white():
    def ink(words, *, own):
        (segment,) = OnLight(own=own).apply([Segment("!", Style.parse(words))], Background.parse("white"))
        return segment.style.color.name

    assert [ink(words, own=True) for words in ("bold yellow", ALARM, "red")] == ["magenta", "magenta", "red"]
    assert [ink(words, own=False) for words in ("yellow", ALARM)] == ["yellow", ON_LIGHT[ALARM]]


def test_dim_words_of_a_marked_line_are_mixed_towards_its_words():
    assert contrast(rgb(readable("#7cb4e0", "#0178d4", LEAST_DIM_CONTRAST)), rgb("#000000")) > contrast(
        rgb("#0178d4"), rgb("#000000")
    )
