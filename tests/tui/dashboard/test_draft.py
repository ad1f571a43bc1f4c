"""A pipeline that is being put together, and the values that arrow keys step through."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.expressions import expand_names
from engine.config.grammar import parse_call, spell
from engine.config.recipes import RECIPES
from engine.errors import InputError
from engine.steps.registry import known_steps, within
from engine.steps.spec import Parameter
from tui.screens.setup.draft import Draft, DraftStep, read_draft
from tui.screens.setup.parameter_values import step_value, values_of

RECIPE = RECIPES["paper"]
NUMBERS = [(spec, parameter) for spec in known_steps() for parameter in spec.parameters]
IDS = [f"{spec.name}-{parameter.name}" for spec, parameter in NUMBERS]


def draft(*names: str) -> Draft:
    made = Draft()
    for name in names:
        made = made.with_step(name)
    return made


@pytest.mark.parametrize(("spec", "parameter"), NUMBERS, ids=IDS)
def test_every_value_is_one_that_the_step_takes(spec, parameter):
    values = values_of(parameter, spell(parameter.default))
    assert len(values) > 1
    assert parameter.default in values
    for value in values:
        word = f"{spec.name}({parameter.name}={spell(value)})"
        assert parse_call(word).parameters == ((parameter.name, value),)
    if not isinstance(parameter.default, str):
        assert {parameter.low, parameter.high} <= set(values), "both bounds can be reached"


@pytest.mark.parametrize(("spec", "parameter"), NUMBERS, ids=IDS)
def test_stepping_goes_through_all_values_and_stops_at_the_ends(spec, parameter):
    usual = spell(parameter.default)
    values = [spell(value) for value in values_of(parameter, usual)]
    text, seen = values[0], [values[0]]
    while (following := step_value(parameter, text, usual, 1)) != text:
        text = following
        seen.append(text)
    assert seen == values
    assert step_value(parameter, values[0], usual, -1) == values[0]


@given(
    st.floats(-1e6, 1e6).map(lambda value: float(f"{value:.6g}")),
    st.floats(0.001, 1e6).map(lambda value: float(f"{value:.6g}")),
    st.floats(0, 1),
    st.booleans(),
)
def test_values_of_any_bounds_lie_within_them(low, span, share, bounded):
    parameter = Parameter("x", low + share * span, low if bounded else None, low + span if bounded else None)
    values = values_of(parameter, spell(parameter.default))
    assert all(within(parameter, value) for value in values)
    assert len(values) <= 200


def test_a_typed_value_between_two_steps_goes_on_to_the_next():
    weight = next(parameter for spec, parameter in NUMBERS if spec.name == "denoise")
    assert step_value(weight, "0.07", "0.1", 1) == "0.1"
    assert step_value(weight, "0.07", "0.1", -1) == "0.05"


def test_a_step_goes_last_but_for_those_with_a_place_of_their_own():
    assert draft("superres-full", "clahe", "bbox", "denoise").expression == "bbox+clahe+denoise+superres-full"
    assert draft("superres", "superres-full").expression == "superres-full", "one step with two ends"


def test_a_step_twice_is_refused_unless_its_parameters_differ():
    with pytest.raises(InputError, match="gaussian stands in it twice"):
        draft("gaussian", "gaussian")
    (step,) = draft("gaussian").steps
    made = draft("gaussian").with_changed(0, step.with_text(step.spec.parameters[0], "2", RECIPE)).with_step("gaussian")
    assert made.expression == "gaussian(sigma=2)+gaussian"


def test_an_order_without_sense_is_refused_and_the_ends_hold():
    made = draft("bbox", "denoise", "superres-full")
    with pytest.raises(InputError, match="bbox comes first"):
        made.moved(0, 1)
    with pytest.raises(InputError, match="superres-full comes last"):
        made.moved(1, 1)
    assert made.moved(0, -1) == made
    assert draft("denoise", "clahe").moved(1, -1).expression == "clahe+denoise"


def test_the_usual_value_is_not_written_and_a_sweep_keeps_it():
    step, weight = DraftStep("denoise"), DraftStep("denoise").spec.parameters[0]
    assert step.with_text(weight, "0.10", RECIPE).word == "denoise"
    assert step.with_text(weight, "0.10|.05|0.05", RECIPE).word == "denoise(weight=0.1|0.05)"
    assert step.swept(weight, RECIPE).word == "denoise(weight=0.1|0.2)"
    assert step.swept(weight, RECIPE).stepped(weight, 1, RECIPE).word == "denoise(weight=0.1|0.5)"
    assert step.swept(weight, RECIPE).stepped(weight, -1, RECIPE).word == "denoise(weight=0.1|0.05)", "not 0.1 twice"


def test_a_sweep_at_the_upper_end_goes_on_below():
    quality = DraftStep("jpeg").spec.parameters[0]
    assert DraftStep("jpeg", (("quality", "100"),)).swept(quality, RECIPE).word == "jpeg(quality=100|75)"


def test_orders_leave_steps_with_a_place_of_their_own_where_they_are():
    made = Draft(draft("bbox", "denoise", "clahe", "superres-full").steps, "orders")
    assert made.expression == "bbox+orders(denoise,clahe)+superres-full"
    assert len(expand_names([made.expression])) == 5
    assert Draft(draft("bbox").steps, "orders").expression == "orders(bbox)"
    assert Draft(draft("bbox", "denoise").steps, "subsets").expression == "subsets(bbox,denoise)"
    assert Draft((), "orders").expression == ""


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "denoise",
        "bbox+denoise(weight=0.02|0.05)+clahe(clip=2,tiles=4)",
        "bbox+orders(denoise,clahe(clip=2|4))+superres-full",
        "subsets(bbox,denoise,superres)",
    ],
)
def test_what_is_made_of_steps_can_be_read_back(expression):
    assert read_draft(expression).expression == expression


@pytest.mark.parametrize(
    "expression",
    [
        "vanilla",
        "denoise,clahe",
        "@sets.toml",
        "orders(denoise)+orders(clahe)",
        "orders(bbox,denoise)",
        "nowhere",
        "clahe(",
    ],
)
def test_other_expressions_are_not_made_of_steps(expression):
    assert read_draft(expression) is None


NAMES = st.lists(st.sampled_from([spec.name for spec in known_steps() if spec.place == "any"]), max_size=5, unique=True)


@given(NAMES, st.sampled_from(["", "orders", "subsets"]))
def test_any_draft_can_be_read_back(names, selection):
    made = Draft(draft(*names).steps, selection)
    assert read_draft(made.expression) == (made if names else Draft())
