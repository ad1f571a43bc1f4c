import pytest

from engine.config.grammar import StepCall, choose_from, parse_call, spell, split_outside
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.config.variants import find_variant, get_variant, parameters_of, spelled_as_in, with_word, words_of
from engine.errors import InputError
from engine.steps import Parameter, StepSpec
from engine.steps.registry import temporarily

MINE = StepSpec(
    "mine",
    "seen as I see it",
    lambda pixels, **_: pixels,
    (
        Parameter("level", 0.5, 0.0, None),
        Parameter("rounds", 3, None, 9),
        Parameter("way", "up", choices=("up", "down")),
        Parameter("tag", "a"),
    ),
)
EARLY = StepSpec("early", "seen before", lambda pixels: pixels, place="first")


@pytest.fixture(autouse=True)
def _own_steps():
    with temporarily(MINE, EARLY):
        yield


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        (" denoise ( weight = 0.10 ) + clahe( tiles=4 , clip=2.0 ) ", "denoise(weight=0.1)+clahe(clip=2,tiles=4)"),
        ("mine(level=1e20)", "mine(level=1e20)"),
        ("mine(level=.00001)", "mine(level=1e-05)"),
        ("mine(level=-0.0)", "mine(level=0)"),
        ("mine(rounds=+007)", "mine(rounds=7)"),
        ("mine(tag=b.c-d_1, way=down)", "mine(way=down,tag=b.c-d_1)"),
        ("clahe()", "clahe"),
        ("mine(tag=a..b)", "mine(tag=a..b)"),
        ("vanilla", "vanilla"),
    ],
)
def test_a_pipeline_has_one_spelling(name, spelling):
    variant = get_variant(name)
    assert variant.name == spelling
    assert words_of(spelling) == variant.words
    assert get_variant(spelling) == variant


@pytest.mark.parametrize(
    ("names", "asked", "meant"),
    [
        (("vanilla", "mine(rounds=3)"), "mine", "mine(rounds=3)"),
        (("vanilla", "mine"), "mine( rounds = 3 )", "mine"),
        (("mine(rounds=4)",), "mine", "mine"),
        (("gone(level=3)",), "gone", "gone"),
        (("denoise(weight=0.1)+mine",), "denoise+mine", "denoise(weight=0.1)+mine"),
    ],
)
def test_a_variant_is_found_by_any_spelling_of_its_pipeline(names, asked, meant):
    assert spelled_as_in(names, asked, RECIPES["paper"]) == meant


def test_a_call_holds_what_was_given_in_the_order_of_the_specification():
    assert parse_call("mine(way=down,level=2)") == StepCall("mine", (("level", 2.0), ("way", "down")))
    assert parse_call("mine").parameters == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("clhae", "unknown variant 'clhae': did you mean 'clahe'? choose from vanilla, bbox"),
        ("clhae(clip=2)", "unknown step 'clhae': did you mean 'clahe'? choose from bbox"),
        (
            "clahe(clap=2)",
            "clahe: unknown parameter 'clap': did you mean 'clip'? choose from clip, tiles, as clahe(clip=2)",
        ),
        ("clahe(2)", "clahe: '2' has no value: choose from clip, tiles, as clahe(clip=2)"),
        ("clahe(clip=2,clip=3)", "clahe: clip is given twice"),
        ("clahe(clip=0)", "clahe: clip=0: give a number from 1 to 100"),
        ("clahe(clip=nan)", "clahe: clip=nan: give a number from 1 to 100"),
        ("mine(level=1e999)", "mine: level=1e999: give a number of at least 0"),
        ("mine(rounds=2.5)", "mine: rounds=2.5: give a whole number of at most 9"),
        ("mine(way=left)", "mine: way=left: give one of up, down"),
        ("mine(tag=a|b)", "mine: tag=a|b: give a word"),
        ("mine(tag=)", "mine: tag=: give a word"),
        ("mine(rounds=2,4, 8)", "for several values write mine(rounds=2|4|8)"),
        ("mine(level=1,2,way=up)", "for several values write mine(level=1|2)"),
        ("mine(rounds=2..8)", "for several values write mine(rounds=2|8)"),
        ("mine(rounds=2,way)", "mine: 'way' has no value"),
        ("minne", "or, if it is a step of your own, name its file with --steps FILE.py"),
        ("denoise+minne", "or, if it is a step of your own, name its file with --steps FILE.py"),
        ("bbox(clip=2)", "bbox has no parameters: write bbox"),
        ("clahe(clip=2", "write a step as clahe(clip=2,tiles=4)"),
        ("clahe(clip=(2))", "write a step as clahe(clip=2,tiles=4)"),
        ("clahe+clahe", "clahe stands in it twice: name each step once"),
        ("clahe+early", "early comes first, for it works on the original: write early+clahe"),
        ("early+bbox", "bbox comes first, for boxes are in the original's pixels: write bbox+early"),
        ("superres-full+clahe+denoise", "superres-full comes last"),
        ("orders(a", "write a step as"),
        ("", "unknown variant ''"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line_with_what_to_write(name, words):
    with pytest.raises(InputError) as refused:
        get_variant(name)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_step_may_stand_in_a_variant_twice_with_other_parameters():
    assert get_variant("clahe(clip=2)+clahe(clip=4)").steps == ("resize", "clahe", "clahe")


def test_what_is_given_shows_in_the_summary_and_in_the_pipeline():
    variant = get_variant("bbox+denoise(weight=0.1)+clahe(clip=2,tiles=4)")
    assert variant.summary == (
        "cropped to the character's box, resized, denoised with weight 0.1, "
        "local contrast equalised (CLAHE) with tiles 4"
    )
    assert variant.steps == ("crop", "resize", "denoise", "clahe")
    assert [call.word for call in variant.pipeline[2:]] == ["denoise(weight=0.1)", "clahe(clip=2,tiles=4)"]
    assert get_variant("early").summary == "seen before, then resized"
    assert get_variant("mine(level=2)").summary == "resized, then seen as I see it with level 2"


def test_all_parameters_come_from_the_name_the_recipe_or_the_step():
    recipe = RECIPES["quick"]
    assert parameters_of(StepCall("denoise"), recipe) == {"weight": recipe.denoise_weight}
    assert parameters_of(parse_call("denoise(weight=2)"), recipe) == {"weight": 2.0}
    assert parameters_of(parse_call("clahe(tiles=4)"), recipe) == {"clip": 2.0, "tiles": 4}


def test_a_word_more_goes_where_its_step_works():
    words = ()
    for word in ("superres-full", "clahe(clip=4)", "early", "mine", "bbox"):
        words = with_word(words, word)
    assert words == ("bbox", "early", "clahe(clip=4)", "mine", "superres-full")


def test_a_step_is_known_while_it_is_registered():
    other = StepSpec("other", "seen otherwise", lambda pixels: pixels)
    assert find_variant("other") is None
    with temporarily(other):
        assert get_variant("other").summary == "resized, then seen otherwise"
    with temporarily(StepSpec("other", "seen anew", lambda pixels: pixels)):
        assert get_variant("other").summary == "resized, then seen anew"
    assert find_variant("other") is None


@pytest.mark.parametrize(
    ("variants", "words"),
    [
        (("clahe", "clahe(clip=2)"), "clahe and clahe(clip=2) do the same to every image: name one of them"),
        (("denoise(weight=0.1)", "denoise"), "denoise(weight=0.1) and denoise do the same"),
        (("denoise(weight=0.10)", "denoise(weight=0.1)"), "each variant once"),
    ],
)
def test_two_spellings_of_one_pipeline_are_refused(variants, words):
    with pytest.raises(InputError) as refused:
        StudyConfig(variants=variants)
    assert words in str(refused.value)


def test_a_configuration_holds_the_one_spelling():
    assert StudyConfig(variants=("denoise (weight=0.20)",)).variants == ("denoise(weight=0.2)",)
    weaker = StudyConfig(variants=("denoise", "denoise(weight=0.2)"))
    assert len(weaker.variants) == 2, "the recipe's weight is another"


def test_splitting_leaves_parentheses_alone():
    assert split_outside("a(b,c) , d,(e,(f,g))", ",") == ["a(b,c)", "d", "(e,(f,g))"]
    assert split_outside("", ",") == [""]


def test_numbers_are_spelt_short():
    assert [spell(value) for value in (2.0, 0.10, 1e20, -0.0, 7, "word")] == ["2", "0.1", "1e20", "0", "7", "word"]


def test_the_nearest_name_comes_first():
    assert choose_from("clap", ["clip", "tiles"]) == "did you mean 'clip'? choose from clip, tiles"
    assert choose_from("x", ["clip", "tiles"]) == "choose from clip, tiles"
