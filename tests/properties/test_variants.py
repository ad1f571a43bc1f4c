"""The names of variants: what is accepted has one meaning, what is refused says why."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.config.combinations import COMBINATIONS, complete_sets, nearest_set
from engine.config.expressions import ALL_COMBINATIONS, expand_names
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

WORDS = st.lists(st.sampled_from([*COMBINABLE, PLAIN, "", "blur"]), max_size=6)
NAMES = st.text(max_size=20) | WORDS.map("+".join)


@given(NAMES)
def test_a_name_is_a_variant_or_an_error_in_words(name):
    variant = find_variant(name)
    if variant is None:
        with pytest.raises(InputError, match=re.escape(repr(name))):
            get_variant(name)
    else:
        assert variant.name == name == name_of(words_of(name))
        assert variant.scale in (1, 2)
        assert len(set(words_of(name))) == len(words_of(name))


@given(st.lists(st.sampled_from(COMBINABLE), max_size=8))
def test_words_that_are_added_one_by_one_always_make_a_variant(words):
    made: tuple[str, ...] = ()
    for word in words:
        if word not in made:
            made = with_word(made, word)
            assert word in made
            assert find_variant(name_of(made)) is not None


@given(st.lists(st.sampled_from([*VARIANTS, ALL_COMBINATIONS])))
def test_all_combinations_stand_for_the_eight(names):
    expanded = expand_names(names)
    assert ALL_COMBINATIONS not in expanded
    assert set(expanded) == {part for name in names for part in (COMBINATIONS if name == ALL_COMBINATIONS else (name,))}


@given(st.sets(st.sampled_from(COMBINATIONS)))
def test_a_set_is_complete_or_says_what_it_lacks(variants):
    assume(not complete_sets(tuple(variants)))
    steps, missing = nearest_set(tuple(variants))
    assert missing
    assert not set(missing) & variants
    assert any(set(steps) <= set(found) for found in complete_sets((*variants, *missing)))
