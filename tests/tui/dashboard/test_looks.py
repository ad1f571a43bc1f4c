from itertools import permutations

import pytest

from engine.config.combinations import COMBINATIONS
from engine.config.variants import COMBINABLE, VARIANTS, find_variant, name_of
from tui.looks import formatting
from tui.looks.palette import SPARE_MARKERS, blend, variant_mark, variant_style
from tui.looks.refresh_rate import LOCAL_REFRESH_RATE, REMOTE_REFRESH_RATE, default_refresh_rate


def test_variants_differ_in_colour_and_in_marker():
    styles = [variant_style(name) for name in VARIANTS]
    assert len({style.marker for style in styles}) == len(styles)
    assert len({style.colour for style in styles}) == len({style.on_light for style in styles}) == len(styles)


def test_a_variant_of_the_future_keeps_its_look():
    assert variant_style("sharpen") == variant_style("sharpen")
    assert variant_style("sharpen").marker in SPARE_MARKERS


def test_all_combinations_differ_in_colour_and_in_marker():
    styles = [variant_style(name) for name in COMBINATIONS]
    assert len({style.marker for style in styles}) == len(styles)
    assert len({style.colour for style in styles}) == len({style.on_light for style in styles}) == len(styles)


def test_no_two_variants_look_alike():
    names = [
        name_of(words) for size in range(4) for words in permutations(COMBINABLE, size) if find_variant(name_of(words))
    ]
    assert len(names) == 14
    assert len({variant_style(name).marker for name in names}) == 14, "they differ without colours too"


def _contrast(one, other):
    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", [*VARIANTS, *COMBINATIONS[4:]])
def test_colours_can_be_read_on_dark_and_light(name):
    style = variant_style(name)
    assert _contrast(style.colour, "#121212") >= 4.5
    assert _contrast(style.on_light, "#f5f5f5") >= 4.5


def test_blending_goes_from_ground_to_colour():
    assert blend("#ff0000", "#000000", 1) == "#ff0000"
    assert blend("#ff0000", "#000000", 0) == "#000000"
    assert variant_mark("vanilla").plain == "●"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0:00"), (59.6, "1:00"), (245, "4:05"), (3845, "1:04:05"), (None, "–:––"), (float("inf"), "–:––")],
)
def test_durations(value, expected):
    assert formatting.duration(value) == expected


def test_numbers_keep_their_width():
    assert formatting.clock(3845) == "01:04:05"
    assert [formatting.percent(share) for share in (0, 0.5, 0.999, 1)] == ["  0 %", " 50 %", " 99 %", "100 %"]
    assert formatting.loss(0.42) == " 0.420"
    assert {len(formatting.loss(value)) for value in (None, 0.1, 12.3, 456.7, float("nan"), float("inf"))} == {6}
    assert formatting.rate(51.4) == "51 img/s"
    assert formatting.rate(3.44) == "3.4 img/s"
    assert formatting.size(2_100_000_000) == "2.1 GB"
    assert formatting.size(812_000_000) == "812 MB"


@pytest.mark.parametrize(("share", "expected"), [(0, "    "), (0.5, "██  "), (0.53, "██▏ "), (1, "████"), (9, "████")])
def test_bars_have_eighths(share, expected):
    assert formatting.bar(share, 4) == expected


def test_cuts_are_marked():
    assert formatting.fit("marge_simpson", 8) == "marge_s…"
    assert formatting.fit_start("/very/long/path", 8) == "…ng/path"


@pytest.mark.parametrize("name", ["SSH_CONNECTION", "SSH_TTY"])
def test_fewer_redraws_over_ssh(name):
    assert default_refresh_rate({name: "something"}) == REMOTE_REFRESH_RATE
    assert default_refresh_rate({}) == LOCAL_REFRESH_RATE
