"""The measured changes in words: the study's guesses about Apu's skin and Marge's hair, and what follows for all."""

from collections.abc import Sequence

from scipy.stats import fisher_exact

from engine.reports.explanation import Ablation, Change, Outcome
from engine.reports.statistics import LEVEL

_LEAST = 5
"""Fewer images that were recognised before than this cannot say anything."""

_GUESSES: tuple[tuple[str, Change, str, str], ...] = (
    ("apu", "colour removed", "without colour", "Apu's skin colour"),
    ("marge", "top of box greyed", "with the top third of the box greyed", "Marge's hair"),
)
"""Which class, what is taken away, how to say so, and what the study guesses (2023, its discussion of the errors)."""

_PHRASES: dict[Change, str] = {
    "colour removed": "without colour",
    "background greyed": "with everything outside the box greyed",
    "box greyed": "with the box greyed",
    "top of box greyed": "with the top third of the box greyed",
}


def draw_answers(ablations: Sequence[Ablation]) -> tuple[str, ...]:
    """Sentences that follow from the figures: the guesses variant by variant, then each change over all classes."""
    sentences = []
    for name, change, phrase, what in _GUESSES:
        for ablation in ablations:
            if ablation.change == change:
                sentences += _guess(ablation, name, phrase, what)
    sentences += [_overall(ablation) for ablation in ablations]
    for variant in dict.fromkeys(ablation.variant for ablation in ablations):
        sentences += _box_or_background([ablation for ablation in ablations if ablation.variant == variant])
    return tuple(sentences)


def _guess(ablation: Ablation, name: str, phrase: str, what: str) -> list[str]:
    """Does this class lose more than the others? Fisher's exact test among images that were recognised before."""
    one = next((outcome for outcome in ablation.classes if outcome.name.lower().startswith(name)), None)
    if one is None or one.images == ablation.total.images:
        return []
    total = ablation.total
    others_before, others_lost = total.before - one.before, total.lost - one.lost
    start = (
        f"{what}, {ablation.variant}: {phrase} {name.capitalize()} goes from {one.before} to {one.after} of "
        f"{one.images} recognised, the others from {others_before} to {total.after - one.after} of "
        f"{total.images - one.images}{_from(ablation)}"
    )
    if one.before < _LEAST or others_before < _LEAST:
        return [f"{start}: too few were recognised before to tell."]
    table = [[one.lost, one.before - one.lost], [others_lost, others_before - others_lost]]
    p_value = float(fisher_exact(table).pvalue)
    test = f"(of those recognised before, {one.lost}/{one.before} against {others_lost}/{others_before} lost; "
    test += f"Fisher p {_p(p_value)})"
    if p_value >= 1 - LEVEL:
        return [f"{start}: no difference that these images can show {test}."]
    if one.lost * others_before > others_lost * one.before:
        return [f"{start}: it depends on this more than the others do {test}."]
    called = f"{one.called_before} before, {one.called_after} of {total.images} images after"
    if one.called_after > one.called_before:
        why = f"but it is also named more often ({called}), which by itself keeps its images right"
        return [f"{start}: it loses less than the others do {test}, {why}."]
    return [f"{start}: it depends on this less than the others do {test}; named {called}."]


def _overall(ablation: Ablation) -> str:
    total = ablation.total
    verdict = (
        "no effect that these images can show"
        if ablation.p_value >= 1 - LEVEL
        else ("a loss beyond chance" if total.lost > total.gained else "a gain beyond chance")
    )
    worst = _worst(ablation.classes)
    return (
        f"{ablation.variant} {_PHRASES[ablation.change]}: {_share(total, after=False)} becomes "
        f"{_share(total, after=True)} of {total.images} images{_from(ablation)}, {verdict} "
        f"({total.lost} lost, {total.gained} gained, exact McNemar p {_p(ablation.p_value)}){worst}."
    )


def _worst(classes: Sequence[Outcome]) -> str:
    fallen = [outcome for outcome in classes if outcome.before > outcome.after]
    if not fallen:
        return ""
    most = max(fallen, key=lambda outcome: (outcome.before - outcome.after) / outcome.images)
    return f"; most: {most.name}, {most.before} to {most.after} of {most.images}"


def _box_or_background(ablations: Sequence[Ablation]) -> list[str]:
    found = {ablation.change: ablation.total for ablation in ablations}
    box, background = found.get("box greyed"), found.get("background greyed")
    if box is None or background is None:
        return []
    without_box, without_background = box.after / box.images, background.after / background.images
    variant = ablations[0].variant
    figures = f"{without_background:.3f} from the box alone, {without_box:.3f} from the background alone"
    if _apart(box, background):
        parts = ("character", "background") if without_background > without_box else ("background", "character")
        return [f"{variant} takes more from the {parts[0]} than from the {parts[1]}: {figures}."]
    return [f"{variant}: whether it takes more from the character or the background cannot be told apart: {figures}."]


def _apart(one: Outcome, other: Outcome) -> bool:
    return one.after_interval.high < other.after_interval.low or other.after_interval.high < one.after_interval.low


def _share(outcome: Outcome, *, after: bool) -> str:
    right, interval = (outcome.after, outcome.after_interval) if after else (outcome.before, outcome.before_interval)
    return f"{right / outcome.images:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _from(ablation: Ablation) -> str:
    return {"test": "", "not trained on": " (not trained on)", "trained on": " (that it was trained on)"}[
        ablation.images_from
    ]


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"  # noqa: PLR2004 - the smallest that three decimals show
