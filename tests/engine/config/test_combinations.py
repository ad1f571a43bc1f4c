import pytest

from engine.config.combinations import (
    COMBINATIONS,
    combinations_of,
    complete_sets,
    has_steps,
    nearest_set,
)
from engine.config.expressions import ALL_COMBINATIONS, expand_names
from engine.config.variants import (
    COMBINABLE,
    STUDY_VARIANTS,
    VARIANTS,
    find_variant,
    get_variant,
    name_of,
    with_word,
    words_of,
)
from engine.errors import InputError


@pytest.mark.parametrize(
    ("name", "steps", "scale"),
    [
        ("bbox+denoise", ("crop", "resize", "denoise"), 1),
        ("bbox-paper+denoise", ("bbox-paper", "resize", "denoise"), 1),
        ("denoise+superres", ("resize", "denoise", "superres", "shrink"), 1),
        ("superres+denoise", ("resize", "superres", "shrink", "denoise"), 1),
        ("bbox+denoise+superres", ("crop", "resize", "denoise", "superres", "shrink"), 1),
        ("bbox+denoise+superres-full", ("crop", "resize", "denoise", "superres"), 2),
    ],
)
def test_a_combination_is_its_words_steps_in_their_order(name, steps, scale):
    variant = get_variant(name)
    assert (variant.name, variant.steps, variant.scale) == (name, steps, scale)
    assert variant.summary.count(",") == len(words_of(name))


@pytest.mark.parametrize("word", COMBINABLE)
def test_one_word_is_the_tables_variant(word):
    assert get_variant(name_of([word])) == VARIANTS[word]
    assert words_of(word) == (word,)


def test_no_word_is_vanilla():
    assert name_of([]) == "vanilla"
    assert words_of("vanilla") == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("denoise+bbox", "write bbox+denoise"),
        ("superres+bbox+denoise", "write bbox+superres+denoise"),
        ("denoise+bbox-paper", "write bbox-paper+denoise"),
        ("bbox+bbox-paper", "both use the box, which the first takes away"),
        ("denoise+denoise", "denoise stands in it twice"),
        ("vanilla+denoise", "leave it out"),
        ("denoise+", "unknown step ''"),
        ("denoise+blur", "unknown step 'blur': choose from bbox, bbox-paper, boxmask, denoise, "),
        ("superres+superres-full", "name one of them"),
        ("superres-full+denoise", "write denoise+superres-full"),
        ("blur", "choose from vanilla, bbox"),
        ("Denoise+superres", "unknown step 'Denoise'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_do(name, words):
    with pytest.raises(InputError) as refused:
        get_variant(name)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert find_variant(name) is None


def test_a_word_more_goes_where_it_makes_sense():
    words = ()
    for word in ("superres-full", "denoise", "bbox"):
        words = with_word(words, word)
        assert find_variant(name_of(words)) is not None
    assert words == ("bbox", "denoise", "superres-full")
    assert with_word(words, "superres") == ("bbox", "denoise", "superres")


def test_the_eight_combinations_begin_with_the_studys_four():
    assert COMBINATIONS[:4] == STUDY_VARIANTS
    assert len(set(COMBINATIONS)) == 8
    assert COMBINATIONS[-1] == "bbox+denoise+superres"
    assert all(get_variant(name).name == name for name in COMBINATIONS)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ((ALL_COMBINATIONS,), COMBINATIONS),
        (("superres-full", ALL_COMBINATIONS), ("superres-full", *COMBINATIONS)),
        (("superres", ALL_COMBINATIONS), ("superres", *(name for name in COMBINATIONS if name != "superres"))),
        (("bbox", "bbox"), ("bbox", "bbox")),
    ],
)
def test_all_combinations_may_stand_among_other_names(names, expected):
    assert expand_names(names) == expected


def test_sets_are_complete_in_one_order_only():
    assert complete_sets(STUDY_VARIANTS) == ()
    assert complete_sets(combinations_of(("denoise", "superres"))) == (("denoise", "superres"),)
    assert complete_sets((*STUDY_VARIANTS, "superres+denoise")) == (("superres", "denoise"),)
    assert complete_sets(COMBINATIONS) == (("bbox", "denoise", "superres"),), "the sets of two are within it"
    assert complete_sets((*COMBINATIONS, "superres+denoise")) == (
        ("bbox", "denoise", "superres"),
        ("superres", "denoise"),
    )
    assert complete_sets(("bbox", "bbox+denoise", "bbox+superres", "bbox+denoise+superres")) == (), "vanilla is missing"


def test_the_nearest_set_lacks_the_fewest():
    assert nearest_set(STUDY_VARIANTS) == (("bbox", "denoise"), ("bbox+denoise",))
    assert nearest_set(("vanilla", "superres", "bbox+superres")) == (("bbox", "superres"), ("bbox",))
    steps, lacking = nearest_set(())
    assert set(lacking) == set(combinations_of(steps))


def test_which_steps_a_variant_applies():
    assert has_steps("bbox+superres", ("bbox", "denoise", "superres")) == (True, False, True)
    assert has_steps("superres-full", ("superres",)) == (False,)
