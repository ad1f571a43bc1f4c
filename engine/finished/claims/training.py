"""The claims about training: what super-resolution costs, the losses, how soon they settle."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from engine.config.variants import STUDY_VARIANTS
from engine.events.record import JobKey
from engine.finished.claims import stated
from engine.finished.claims.evidence import Evidence
from engine.finished.claims.question import NO_FIGURE, Question
from engine.finished.claims.verdicts import FAILS, HOLDS, OPEN, Judgement, Order, judge_order
from engine.reports.claims import Finding

SMALL_GAIN = 0.02
"""A gain in accuracy up to this is small: twice the study's own, 0.01, which it calls small."""

WINDOW = 20
"""Batches in the moving mean that smooths the loss."""

SETTLED_SHARE = 0.1
"""The loss has settled when it stays within this share of its whole fall from its last level."""

NOISE_ERRORS = 4
"""... or within so many standard errors, where the batches scatter more: hundreds of windows must all pass."""

FINAL_SHARE = 0.2
"""The last level is the mean of this share of the batches: the last of five epochs."""

ABOUT = 1.2
""""About 50 batches" is up to 60."""

LEAST_BATCHES = 2 * stated.CONVERGED_AFTER + WINDOW
"""With fewer, there is too little after the fiftieth to see a level."""


# ---------------------------------------------------------------- is super-resolution worth its time


def seconds_a_model(evidence: Evidence, variant: str) -> float:
    """Seconds to pre-process once and train one model."""
    result = evidence.results[variant]
    return result.seconds.preprocess + result.seconds.train / max(1, len(evidence.record.jobs(variant)))


def _worth(evidence: Evidence) -> Finding:
    slow, quick = seconds_a_model(evidence, "superres"), seconds_a_model(evidence, "vanilla")
    gain = evidence.difference("superres", "vanilla", "accuracy")
    times = f"{_minutes(slow)} against {_minutes(quick)}"
    if gain is None:
        return Finding(times, OPEN, "the predictions of single images were not kept, so the gain has no interval")
    words = evidence.difference_words("superres", "vanilla", "accuracy", gain)
    figure = f"{times}; {words.removeprefix('superres - vanilla: ')}"
    return Finding(figure, *_judge_worth(evidence, slow, quick, gain.interval.low, gain.interval.high))


def _judge_worth(evidence: Evidence, slow: float, quick: float, low: float, high: float) -> Judgement:
    if slow <= quick:
        cached = sum(count for key, count in evidence.record.cached.items() if key.variant == "superres")
        if cached:
            return OPEN, f"{cached:,} super-resolved images came from the cache, so their time is not known"
        return FAILS, "it took no longer than vanilla"
    if high <= SMALL_GAIN:
        return HOLDS, f"it took {slow / quick:.1f} times as long, and gains at most {high:+.3f}"
    if low > SMALL_GAIN:
        return FAILS, f"it took {slow / quick:.1f} times as long, and gains at least {low:+.3f}"
    return (
        OPEN,
        f"it took {slow / quick:.1f} times as long; too few images: a gain above {SMALL_GAIN:.2f} can't be excluded",
    )


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"


# ---------------------------------------------------------------- the losses


def _losses(evidence: Evidence, variant: str) -> list[list[float]]:
    """The losses of each batch, by seed."""
    keys = [JobKey(job.variant, job.seed, job.fold) for job in evidence.record.jobs(variant)]
    return [evidence.record.losses[key] for key in keys if evidence.record.losses.get(key)]


def _last_epoch(losses: Sequence[float], epochs: int) -> list[float]:
    return list(losses[-max(2, len(losses) // max(1, epochs)) :])


def _highest_loss(evidence: Evidence) -> Finding:
    samples = {}
    for variant in STUDY_VARIANTS:
        runs = _losses(evidence, variant)
        ends = [_last_epoch(losses, evidence.results[variant].epochs_done) for losses in runs]
        if not ends or any(len(end) < 2 or not all(map(math.isfinite, end)) for end in ends):  # noqa: PLR2004
            return Finding(NO_FIGURE, OPEN, f"{variant} has no finite losses of its last epoch")
        # Seeds are the sample where there are several; of one seed only its batches can be.
        samples[variant] = [fmean(end) for end in ends] if len(ends) > 1 else ends[0]
    ranked = sorted(samples, key=lambda variant: -fmean(samples[variant]))
    figure = ", ".join(f"{variant} {fmean(samples[variant]):.2f}" for variant in ranked)
    few = "too few seeds" if len(evidence.seeds) > 1 else "one seed"
    orders = [
        Order(
            f"superres {fmean(samples['superres']):.2f}, {rival} {fmean(samples[rival]):.2f}",
            fmean(samples["superres"]) - fmean(samples[rival]),
            _welch(samples["superres"], samples[rival]),
        )
        for rival in STUDY_VARIANTS
        if rival != "superres"
    ]
    verdict, reason = judge_order(orders, few=few)
    caveat = "" if len(evidence.seeds) > 1 or verdict == OPEN else "; one seed, its last epoch's batches compared"
    return Finding(figure, verdict, reason + caveat)


def _welch(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p of Welch's t-test; 1 where neither varies."""
    if stdev(first) == 0 and stdev(second) == 0:
        return 0.0 if fmean(first) != fmean(second) else 1.0
    from scipy.stats import ttest_ind

    return float(ttest_ind(first, second, equal_var=False).pvalue)


def batches_to_settle(losses: Sequence[float]) -> int | None:
    """After how many batches a loss has come to its last level for good; None where it never does.

    Smoothed by a mean over `WINDOW` batches, the loss has settled from the batch on after which it stays within
    `SETTLED_SHARE` of its fall (its highest smoothed value minus its last level) from its last level, or within
    `NOISE_ERRORS` standard errors of that difference if those are more. The definition is ours: the study shows curves
    and says "converged". It cannot tell a level from a fall that the last epoch cut off, and is blind to changes within
    one window.
    """
    if len(losses) < LEAST_BATCHES or not all(map(math.isfinite, losses)):
        return None
    end = losses[-max(WINDOW, round(FINAL_SHARE * len(losses))) :]
    level = fmean(end)
    smooth = [fmean(losses[start : start + WINDOW]) for start in range(len(losses) - WINDOW + 1)]
    error = stdev(end) * math.sqrt(1 / WINDOW + 1 / len(end))
    room = max(SETTLED_SHARE * (max(smooth) - level), NOISE_ERRORS * error)
    outside = [start for start, value in enumerate(smooth) if abs(value - level) > room]
    settled = outside[-1] + 1 if outside else 0
    return settled if settled < len(smooth) else None


def _settled(evidence: Evidence) -> Finding:
    found: dict[str, int | None] = {}
    for variant in STUDY_VARIANTS:
        runs = _losses(evidence, variant)
        shortest = min(map(len, runs), default=0)
        if shortest < LEAST_BATCHES:
            reason = f"{variant} ran {shortest} batches; below {LEAST_BATCHES} there is no level to see"
            return Finding(NO_FIGURE, OPEN, reason)
        found[variant] = batches_to_settle([fmean(batch) for batch in zip(*runs, strict=False)])
    figure = ", ".join(f"{variant} {'never' if count is None else count}" for variant, count in found.items())
    most = ABOUT * stated.CONVERGED_AFTER
    late = [variant for variant, count in found.items() if count is None or count > most]
    if late:
        return Finding(figure, FAILS, f"{', '.join(late)} took more than {most:.0f} batches to come to the last level")
    return Finding(figure, HOLDS, f"all came to their last level within {most:.0f} batches and stayed")


QUESTIONS = (
    Question(
        "not-worth-it",
        "Conclusions",
        "superres gains little, perhaps too little for the time that it takes",
        "Results & Interpretation",
        _worth,
        ("vanilla", "superres"),
    ),
    Question(
        "settled",
        "Training",
        f"the losses of all four settle within about {stated.CONVERGED_AFTER} batches",
        "Modelling, Figures 19-22",
        _settled,
    ),
    Question(
        "highest-loss",
        "Training",
        "superres ends with the highest training loss of the four",
        "Modelling, Figures 19-22",
        _highest_loss,
    ),
)
