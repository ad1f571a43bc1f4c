"""What every step does with any image and any parameters within their bounds."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.steps.conftest import STEPS

KINDS = {
    "noise": lambda rng, shape: rng.integers(0, 256, (*shape, 3)),
    "one colour": lambda rng, shape: np.broadcast_to(rng.integers(0, 256, 3), (*shape, 3)),
    "grey": lambda rng, shape: rng.integers(0, 256, (*shape, 1)).repeat(3, axis=2),
    "black and white": lambda rng, shape: rng.integers(0, 2, (*shape, 3)) * 255,
    "rows": lambda rng, shape: rng.integers(0, 256, (shape[0], 1, 3)).repeat(shape[1], axis=1),
    "columns": lambda rng, shape: rng.integers(0, 256, (1, shape[1], 3)).repeat(shape[0], axis=0),
    "blocks": lambda rng, shape: rng.integers(0, 256, (9, 9, 3)).repeat(4, 0).repeat(4, 1)[: shape[0], : shape[1]],
}

WIDEST_WINDOW = 20
"""Windows take time by their area."""

sides = st.integers(1, 36)


@st.composite
def images(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    made = KINDS[draw(st.sampled_from(sorted(KINDS)))](rng, (draw(sides), draw(sides)))
    return made.astype(np.uint8)


@st.composite
def boxes(draw):
    left, top = draw(st.integers(0, 35)), draw(st.integers(0, 35))
    return SimpleNamespace(left=left, top=top, right=left + draw(sides), bottom=top + draw(sides))


def value_of(parameter):
    if isinstance(parameter.default, str):
        return st.sampled_from(parameter.choices)
    if isinstance(parameter.default, int):
        window = parameter.name in {"size", "patch", "distance"}
        return st.integers(parameter.low, WIDEST_WINDOW if window else parameter.high)
    return st.floats(parameter.low, parameter.high)


@st.composite
def calls(draw, spec):
    values = {parameter.name: draw(value_of(parameter)) for parameter in spec.parameters}
    defaults = {parameter.name: parameter.default for parameter in spec.parameters}
    return draw(st.sampled_from([defaults, values]))


@pytest.mark.parametrize("spec", STEPS.values(), ids=lambda spec: spec.name)
def test_the_result_is_an_image_of_the_same_size(spec):
    @given(pixels=images(), call=calls(spec), box=boxes())
    def check(pixels, call, box):
        given_box = (box,) if spec.uses_box else ()
        before = pixels.copy()
        pixels.flags.writeable = False
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = spec.function(pixels, *given_box, **call)
        assert result.dtype == np.uint8
        if spec.place == "any":
            assert result.shape == pixels.shape
        assert result.flags.c_contiguous
        assert result.flags.writeable
        assert not np.shares_memory(result, pixels)
        np.testing.assert_array_equal(pixels, before)
        np.testing.assert_array_equal(spec.function(pixels, *given_box, **call), result)
        # A view of a larger image is as good as a copy of it.
        larger = np.full((pixels.shape[0] + 2, pixels.shape[1] + 3, 3), 7, np.uint8)
        larger[1:-1, 2:-1] = pixels
        np.testing.assert_array_equal(spec.function(larger[1:-1, 2:-1], *given_box, **call), result)

    check()
