"""The names of variants: what is accepted has one meaning, what is refused says why."""

import re
from math import perm

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.config.combinations import COMBINATIONS, complete_sets, nearest_set
from engine.config.expressions import ALL_COMBINATIONS, expand_names, split_entries
from engine.config.grammar import parse_call
from engine.config.variants import (
    COMBINABLE,
    PLAIN,
    VARIANTS,
    find_variant,
    get_variant,
    name_of,
    with_word,
    words_of,
)
from engine.errors import InputError
from engine.steps.registry import known_steps

WORDS = st.lists(st.sampled_from([*COMBINABLE, PLAIN, "", "blur"]), max_size=6)
NAMES = st.text(max_size=20) | WORDS.map("+".join)


@given(NAMES)
def test_a_name_is_a_variant_or_an_error_in_words(name):
    variant = find_variant(name)
    if variant is None:
        with pytest.raises(InputError, match=re.escape(repr(name))):
            get_variant(name)
    else:
        assert variant.name == name.strip() == name_of(words_of(name.strip()))
        assert variant.scale in (1, 2)
        assert len(set(variant.words)) == len(variant.words)


@given(st.lists(st.sampled_from(COMBINABLE), max_size=8))
def test_words_that_are_added_one_by_one_always_make_a_variant(words):
    made: tuple[str, ...] = ()
    for word in words:
        if word not in made:
            made = with_word(made, word)
            assert word in made
            assert find_variant(name_of(made)) is not None


@st.composite
def calls(draw):
    """A word with some of its parameters, in any order and spelling."""
    spec = draw(st.sampled_from([spec for spec in known_steps() if spec.place == "any"]))
    chosen = draw(st.lists(st.sampled_from(spec.parameters), unique=True)) if spec.parameters else []
    return spec.name + f"({','.join(f' {one.name} = {draw(values(one))}' for one in chosen)})" * bool(chosen)


def values(parameter):
    if isinstance(parameter.default, str):
        return st.sampled_from(parameter.choices or ("a", "b-c"))
    low, high = parameter.low or 0, 1000 if parameter.high is None else parameter.high
    if isinstance(parameter.default, int):
        return st.integers(int(low), int(high)).map(lambda number: f"0{number}" if number >= 0 else str(number))
    return st.floats(low, high).map(lambda number: f"{number!r}")


@given(st.lists(calls(), min_size=1, max_size=4))
def test_a_pipeline_in_any_spelling_has_a_name_that_parses_to_itself(words):
    variant = find_variant(" + ".join(words))
    assume(variant is not None)
    assert get_variant(variant.name) == variant
    assert words_of(variant.name) == variant.words
    assert [parse_call(word) for word in variant.words] == list(variant.calls)
    assert [call.step for call in variant.calls] == [word.partition("(")[0] for word in words]
    assert expand_names(split_entries(variant.name)) == (variant.name,)


@given(st.lists(st.sampled_from([*VARIANTS, ALL_COMBINATIONS])))
def test_all_combinations_stand_for_the_eight(names):
    expanded = expand_names(names)
    assert ALL_COMBINATIONS not in expanded
    assert set(expanded) == {part for name in names for part in (COMBINATIONS if name == ALL_COMBINATIONS else (name,))}


@given(st.sets(st.sampled_from(["denoise", *(f"clahe(clip={clip})" for clip in (1, 3, 4, 5))]), min_size=1, max_size=4))
def test_orders_and_subsets_are_complete(words):
    number = len(words)
    orders = expand_names([f"orders({','.join(words)})"])
    assert len(orders) == len(set(orders)) == sum(perm(number, size) for size in range(number + 1))
    assert sorted({tuple(sorted(words_of(name))) for name in orders}, key=len)[-1] == tuple(sorted(words))
    subsets = expand_names([f"subsets({','.join(words)})"])
    assert len(subsets) == 2**number
    assert set(subsets) <= set(orders)
    found = complete_sets(subsets)
    assert found == ((words_of(subsets[-1]),) if number > 1 else ())


@given(st.text("abcdenoise()+|,=@:0. ", max_size=30))
def test_any_text_is_a_list_of_variants_or_an_error_in_a_line(text):
    names, refused = (), ""
    try:
        names = expand_names(split_entries(text))
    except InputError as error:
        refused = str(error)
    assert "\n" not in refused
    assert all(get_variant(name).name == name for name in names)


@given(st.sets(st.sampled_from(COMBINATIONS)))
def test_a_set_is_complete_or_says_what_it_lacks(variants):
    assume(not complete_sets(tuple(variants)))
    steps, missing = nearest_set(tuple(variants))
    assert missing
    assert not set(missing) & variants
    assert any(set(steps) <= set(found) for found in complete_sets((*variants, *missing)))
