"""Every event that can be made survives the trip to a line of JSON and back."""

import json
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.recipes import RECIPES, Recipe
from engine.events import search, study
from engine.events.codec import event_from_line, event_to_line

KINDS = sorted(
    {
        value
        for module in (study, search)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, study.Event) and value is not study.Event
    },
    key=lambda kind: kind.__name__,
)
NAMES = st.text(max_size=12)

st.register_type_strategy(Recipe, st.sampled_from(list(RECIPES.values())))
st.register_type_strategy(float, st.floats(allow_infinity=False))
st.register_type_strategy(int, st.integers(-(2**53), 2**53))
st.register_type_strategy(str, NAMES)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_an_event_survives_the_trip(kind, data):
    hints = typing.get_type_hints(kind)
    event = data.draw(st.builds(kind, **{name: st.from_type(hint) for name, hint in hints.items()}))
    line = event_to_line(event)
    assert "\n" not in line
    back = event_from_line(line)
    assert type(back) is kind
    assert event_to_line(back) == line


@given(st.sampled_from(KINDS), st.dictionaries(NAMES, st.none() | st.booleans() | st.floats() | NAMES, max_size=4))
def test_any_other_object_is_refused_or_is_an_event(kind, fields):
    try:
        event = event_from_line(json.dumps({"event": kind.__name__, **fields}))
    except ValueError:
        return
    assert isinstance(event, kind)


@given(st.text() | st.binary())
def test_any_text_is_refused_in_one_way(line):
    with pytest.raises(ValueError, match=r"."):
        event_from_line(line)
