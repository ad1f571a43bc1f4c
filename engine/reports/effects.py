"""Effects of steps in sentences."""

from engine.reports.statistics import FactorialAnalysis, FactorialEffect
from engine.reports.wording import listed

CROSS = " × "
"""Stands between the steps of an interaction."""


def effect_name(effect: FactorialEffect) -> str:
    """denoise, or denoise × superres."""
    return CROSS.join(effect.steps)


def effect_sentence(analysis: FactorialAnalysis, effect: FactorialEffect) -> str:
    """What an effect means, or that these images cannot show it."""
    if len(effect.steps) == 1:
        return _main(analysis, effect)
    return _pair(analysis, effect) if len(effect.steps) == 2 else _three(analysis, effect)  # noqa: PLR2004


def _main(analysis: FactorialAnalysis, effect: FactorialEffect) -> str:
    (step,) = effect.steps
    partners = [
        other
        for other in analysis.steps
        if other != step and any(e.significant and {step, other} <= set(e.steps) for e in analysis.effects)
    ]
    if not effect.significant:
        depends = f"; what it does depends on {listed(partners)}" if partners else ""
        return f"{step} has no effect on average that {analysis.images} images can show{depends}"
    verb = "adds" if effect.estimate > 0 else "costs"
    where = f"on average, and how much depends on {listed(partners)}" if partners else "whatever else is done"
    return f"{step} {verb} {abs(effect.estimate):.3f} {where}"


def _pair(analysis: FactorialAnalysis, effect: FactorialEffect) -> str:
    first, second = effect.steps
    main = analysis.effect(first)
    if not effect.significant or main is None:
        return f"{first} and {second} add up, as far as {analysis.images} images can show"
    with_it, without = main.estimate + effect.estimate, main.estimate - effect.estimate
    return (
        f"{first} and {second} do not just add up: {first} changes the accuracy by {with_it:+.3f} with {second} and by "
        f"{without:+.3f} without"
    )


def _three(analysis: FactorialAnalysis, effect: FactorialEffect) -> str:
    *pair, last = effect.steps
    if not effect.significant:
        return f"how {listed(pair)} go together does not depend on {last}, as far as {analysis.images} images can show"
    more = "more" if effect.estimate > 0 else "less"
    return f"how {listed(pair)} go together depends on {last}: with it they give {more} together than without it"
