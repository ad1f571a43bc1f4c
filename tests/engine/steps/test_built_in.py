"""What the declarations of the steps that ship promise."""

from importlib.metadata import version

import pytest

from engine.steps import BUILT_IN, StepSpec


def number_parameters():
    return [
        pytest.param(parameter, id=f"{spec.name}-{parameter.name}")
        for spec in BUILT_IN
        for parameter in spec.parameters
        if not isinstance(parameter.default, str)
    ]


def test_names_are_unique_words():
    names = [spec.name for spec in BUILT_IN]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").isalnum() and name.islower() for name in names)


@pytest.mark.parametrize("spec", BUILT_IN, ids=lambda spec: spec.name)
def test_a_step_says_what_it_does_and_what_it_costs(spec):
    assert spec.summary
    assert not spec.summary.endswith(".")
    unmeasured = StepSpec("", "").seconds_per_megapixel
    assert spec.seconds_per_megapixel >= 0
    assert spec.seconds_per_megapixel != unmeasured, "measure it: python tests/benchmarks --only steps"
    assert spec.source == ""
    assert all(version(library) for library in spec.libraries)


@pytest.mark.parametrize("spec", BUILT_IN, ids=lambda spec: spec.name)
def test_a_parameter_has_one_sentence(spec):
    names = [parameter.name for parameter in spec.parameters]
    assert len(set(names)) == len(names)
    for parameter in spec.parameters:
        assert parameter.meaning
        assert not parameter.meaning.endswith(".")
        assert parameter.name.isidentifier()


@pytest.mark.parametrize("parameter", number_parameters())
def test_a_default_lies_within_its_bounds(parameter):
    assert parameter.low <= parameter.default <= parameter.high
    assert type(parameter.low) is type(parameter.high) is type(parameter.default)


def test_a_text_is_one_of_its_choices():
    texts = [p for spec in BUILT_IN for p in spec.parameters if isinstance(p.default, str)]
    assert texts
    assert all(parameter.default in parameter.choices for parameter in texts)
