import pytest

from engine.errors import InputError
from engine.steps import BUILT_IN, Parameter, StepSpec, step
from engine.steps.registry import find_step, known_steps, register, temporarily


def spec(name="mine", **more):
    return StepSpec(name, "seen", **{"function": lambda pixels: pixels, **more})


def test_the_built_in_steps_are_known_in_their_order():
    assert known_steps()[: len(BUILT_IN)] == BUILT_IN
    assert all(find_step(one.name) is one for one in BUILT_IN)
    assert len({one.name for one in BUILT_IN}) == len(BUILT_IN)


def test_a_registered_step_comes_last_and_goes_again():
    mine = spec()
    with temporarily(mine):
        assert known_steps()[-1] is find_step("mine") is mine
        register([mine])
        with temporarily(spec("other")):
            assert [one.name for one in known_steps()[-2:]] == ["mine", "other"]
    assert find_step("mine") is None


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        ([spec("clahe")], "there is one of this name already"),
        ([spec("mine"), spec("mine")], "there is one of this name already"),
        ([spec("vanilla")], "a name is a word"),
        ([spec("my step")], "a name is a word"),
        ([spec(function=None)], "it has no function"),
        ([spec(place="last")], "only superres-full comes last"),
        ([spec(uses_box=True)], 'place="first"'),
        ([spec(parameters=(Parameter("a", 1), Parameter("a", 2)))], "two parameters of one name"),
        ([spec(parameters=(Parameter("step", 1),))], "parameter 'step': give it another name"),
        ([spec(parameters=(Parameter("a", 5, 0, 4),))], "its default 5 is not one of the values allowed"),
        ([spec(parameters=(Parameter("a", float("nan"), 0),))], "its default nan is not"),
        ([spec(parameters=(Parameter("a", "x", choices=("y",)),))], "its default 'x' is not"),
        ([spec(parameters=(Parameter("a", None),))], "neither a number nor a text"),
    ],
)
def test_what_no_variant_could_use_is_refused_and_nothing_is_registered(specs, words):
    before = known_steps()
    with pytest.raises(InputError) as refused:
        register([spec("fine"), *specs])
    assert words in str(refused.value)
    assert known_steps() == before


def test_a_declared_function_is_named_after_itself():
    @step("turned", Parameter("times", 1, 0, 3), place="first")
    def quarter_turn(pixels, *, times):
        return pixels

    assert (quarter_turn.name, quarter_turn.place, quarter_turn.parameters[0].name) == (
        "quarter-turn",
        "first",
        "times",
    )
