"""Short names of variants: they fit, and no two of a study are alike."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.tui.many_variants import VARIANTS
from tui.looks.palette import variant_style
from tui.looks.variant_names import name_width, short_variant, short_variants

WORDS = st.one_of(
    st.sampled_from(["denoise", "deblur", "superres", "superres-full", "equalize", "clahe(clip=2,tiles=4)"]),
    st.builds("denoise(weight={})".format, st.floats(0.0625, 1, width=16)),
    st.builds("clahe({}={})".format, st.sampled_from(["clip", "tiles"]), st.integers(1, 9)),
    st.builds("步骤{}".format, st.integers(0, 99)),
)
NAMES = st.lists(WORDS, min_size=1, max_size=5, unique=True).map("+".join) | st.just("vanilla")
STUDIES = st.lists(NAMES, min_size=1, max_size=80, unique=True).map(tuple)


@given(STUDIES, st.integers(3, 60))
def test_short_names_fit_and_differ(variants, width):
    short = short_variants(variants, width)
    assert list(short) == list(variants)
    assert len(set(short.values())) == len(variants)
    assert all(0 < cell_len(name) <= width for name in short.values())


@given(STUDIES)
def test_a_name_that_fits_is_left_as_it_is_where_no_other_is_cut_to_it(variants):
    widest = max(map(cell_len, variants))
    assert short_variants(variants, widest) == dict(zip(variants, variants, strict=True))
    assert name_width(variants, widest) == widest


def test_words_are_cut_before_a_number_stands_for_them():
    name = "equalize+rescale+nlmeans+hsv"
    assert short_variant(name, VARIANTS, 28) == name
    assert short_variant(name, VARIANTS, 20) == "equ+res+nlm+hsv"
    assert short_variant(name, VARIANTS, 14) == "#42 equ+…+hsv"
    assert short_variant(name, VARIANTS, 3) == "#42"


def test_values_stand_without_their_names_unless_two_variants_would_look_alike():
    one, other = "denoise(weight=0.05)+superres", "denoise(weight=0.1)+superres"
    assert short_variant(one, (one, other), 16) == "den(0.05)+sup"
    clip, tiles = "clahe(clip=2)+hsv", "clahe(tiles=2)+hsv"
    assert short_variant(clip, (clip, tiles), 15) == "#1 cla(2)+hsv"
    assert short_variant(tiles, (clip, tiles), 15) == "#2 cla(2)+hsv"


def test_a_name_of_another_study_is_cut():
    assert short_variant("denoise+superres", ("vanilla",), 8) == "denoise…"


def test_most_of_65_variants_differ_in_colour_or_marker():
    assert len({(style.colour, style.marker) for style in map(variant_style, VARIANTS)}) > 40
