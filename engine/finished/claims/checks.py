"""Claims about training and about what was computed: losses, images that were seen, averages that cannot be."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import ClassVar

from engine.finished.claims.evidence import NO_FIGURE, Evidence
from engine.finished.claims.paper_claim import Count, PaperClaim, Share, Words
from engine.finished.claims.verdicts import FAILS, HOLDS, OPEN, Order, judge_order
from engine.reports.claims import Finding

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

_SAME = 1e-9
"""Scores nearer than this are equal but for rounding in the arithmetic."""


class Settles(PaperClaim, frozen=True, kw_only=True, tag="loss-settles"):
    """The losses of all variants settle within about so many `batches`."""

    batches: Count

    def find(self, evidence: Evidence) -> Finding:
        """After how many batches each variant's loss, the mean over seeds, has settled."""
        found: dict[str, int | None] = {}
        least = 2 * self.batches + WINDOW  # with fewer, there is too little after them to see a level
        for variant in self.needed(evidence.paper.variants):
            runs = evidence.losses(variant)
            shortest = min(map(len, runs), default=0)
            if shortest < least:
                reason = f"{variant} ran {shortest} batches; below {least} there is no level to see"
                return Finding(NO_FIGURE, OPEN, reason)
            found[variant] = batches_to_settle([fmean(batch) for batch in zip(*runs, strict=False)])
        figure = ", ".join(f"{variant} {'never' if count is None else count}" for variant, count in found.items())
        most = ABOUT * self.batches
        late = ", ".join(variant for variant, count in found.items() if count is None or count > most)
        if late:
            return Finding(figure, FAILS, f"{late} took more than {most:.0f} batches to come to the last level")
        return Finding(figure, HOLDS, f"all came to their last level within {most:.0f} batches and stayed")


def batches_to_settle(losses: Sequence[float]) -> int | None:
    """After how many batches a loss has come to its last level for good; None where it never does.

    Smoothed by a mean over `WINDOW` batches, the loss has settled from the batch on after which it stays within
    `SETTLED_SHARE` of its fall (its highest smoothed value minus its last level) from its last level, or within
    `NOISE_ERRORS` standard errors of that difference if those are more. The definition is ours: papers show curves
    and say "converged". It cannot tell a level from a fall that the last epoch cut off, and is blind to changes within
    one window.
    """
    if len(losses) < 2 * WINDOW or not all(map(math.isfinite, losses)):
        return None
    end = losses[-max(WINDOW, round(FINAL_SHARE * len(losses))) :]
    level = fmean(end)
    smooth = [fmean(losses[start : start + WINDOW]) for start in range(len(losses) - WINDOW + 1)]
    error = stdev(end) * math.sqrt(1 / WINDOW + 1 / len(end))
    room = max(SETTLED_SHARE * (max(smooth) - level), NOISE_ERRORS * error)
    outside = [start for start, value in enumerate(smooth) if abs(value - level) > room]
    settled = outside[-1] + 1 if outside else 0
    return settled if settled < len(smooth) else None


class HighestLoss(PaperClaim, frozen=True, kw_only=True, tag="highest-loss"):
    """A variant ends with the highest training loss of all."""

    variant: Words

    def needed(self, paper: Sequence[str]) -> tuple[str, ...]:
        """The variant and those that it is compared with."""
        return tuple(dict.fromkeys((*(self.variants or paper), self.variant)))

    def find(self, evidence: Evidence) -> Finding:
        """The mean loss of each variant's last epoch."""
        samples = {}
        for variant in self.needed(evidence.paper.variants):
            size = max(1, evidence.results[variant].epochs_done)
            ends = [losses[-max(2, len(losses) // size) :] for losses in evidence.losses(variant)]
            if not ends or any(len(end) < 2 or not all(map(math.isfinite, end)) for end in ends):  # noqa: PLR2004
                return Finding(NO_FIGURE, OPEN, f"{variant} has no finite losses of its last epoch")
            # Seeds are the sample where there are several; of one seed only its batches can be.
            samples[variant] = [fmean(end) for end in ends] if len(ends) > 1 else list(ends[0])
        own, several = samples[self.variant], len(evidence.seeds) > 1
        ranked = sorted(samples, key=lambda variant: -fmean(samples[variant]))
        figure = ", ".join(f"{variant} {fmean(samples[variant]):.2f}" for variant in ranked)
        orders = [
            Order(
                f"{self.variant} {fmean(own):.2f}, {rival} {fmean(losses):.2f}",
                fmean(own) - fmean(losses),
                _welch(own, losses),
            )
            for rival, losses in samples.items()
            if rival != self.variant
        ]
        verdict, reason = judge_order(orders, few="too few seeds" if several else "one seed")
        caveat = "" if several or verdict == OPEN else "; one seed, its last epoch's batches compared"
        return Finding(figure, verdict, reason + caveat)


def _welch(first: Sequence[float], second: Sequence[float]) -> float:
    """Two-sided p of Welch's t-test; 1 where neither varies."""
    if stdev(first) == 0 and stdev(second) == 0:
        return 0.0 if fmean(first) != fmean(second) else 1.0
    from scipy.stats import ttest_ind

    return float(ttest_ind(first, second, equal_var=False).pvalue)


class Unseen(PaperClaim, frozen=True, kw_only=True, tag="test-images-unseen"):
    """No test image has a copy among the training images."""

    OF_VARIANTS: ClassVar[bool] = False

    def find(self, evidence: Evidence) -> Finding:
        """What the audit found, or left out."""
        protocol, audit = evidence.record.protocol, evidence.record.audit
        if evidence.record.started is not None and evidence.record.started.protocol == "clean":
            if protocol is None:
                return Finding(NO_FIGURE, OPEN, "the run does not say what was left out")
            reason = "every copy that the audit finds is left out, so it holds here by construction"
            return Finding(f"{protocol.left_out:,} training images left out", HOLDS, reason)
        if audit is None:
            return Finding(NO_FIGURE, OPEN, "the images of this run were not audited")
        if audit.leaking_test:
            return Finding(f"{audit.leaking_test} of {audit.test} are copies", FAILS, audit.copy_sentence)
        figure = f"no copy among {audit.test} found"
        if evidence.part_of_data:
            return Finding(figure, OPEN, "the originals may be in the rest of the data")
        return Finding(figure, HOLDS, "the audit finds no test image among the training images")


class MicroAverages(PaperClaim, frozen=True, kw_only=True, tag="micro-averages"):
    """`precision` and `recall` are micro averages; with one label an image those are the same number."""

    OF_VARIANTS: ClassVar[bool] = False

    precision: Share
    recall: Share

    def find(self, evidence: Evidence) -> Finding:
        """Micro and macro averages of the first variant."""
        averages = {
            name: (evidence.metrics(name).precision, evidence.metrics(name).recall) for name in evidence.results
        }
        first, (precision, recall) = next(iter(averages.items()))
        micro = f"micro {precision.micro:.3f} and {recall.micro:.3f}"
        figure = f"{first}: {micro}, macro {precision.macro:.3f} and {recall.macro:.3f}"
        differ = [name for name, (one, other) in averages.items() if abs(one.micro - other.micro) > _SAME]
        if differ:
            return Finding(figure, HOLDS, f"micro precision and recall differ for {', '.join(differ)}")
        if round(self.precision, 2) == round(self.recall, 2):
            return Finding(figure, OPEN, "precision and recall are equal, as micro averages are, but others can be too")
        reason = (
            "with one label an image, micro precision, recall and accuracy are the same number; "
            f"{evidence.paper.name}'s {self.precision:.2f} and {self.recall:.2f} differ, so they are macro or weighted"
        )
        return Finding(figure, FAILS, reason)


class RecallIsAccuracy(PaperClaim, frozen=True, kw_only=True, tag="recall-beside-accuracy"):
    """Two variants have the same recall and other accuracies, which a test set with equal classes rules out."""

    variant: Words

    def find(self, evidence: Evidence) -> Finding:
        """Accuracy and macro recall of the variant."""
        metrics = evidence.metrics(self.variant)
        figure = f"accuracy {metrics.accuracy:.3f}, macro recall {metrics.recall.macro:.3f}"
        if len({scores.support for scores in metrics.per_class}) > 1:
            return Finding(figure, OPEN, "the classes of this test set differ in size, so the two may differ")
        if abs(metrics.accuracy - metrics.recall.macro) > _SAME:
            return Finding(figure, HOLDS, "accuracy and macro recall differ")
        reason = (
            "with as many test images in every class, recall averaged in any way is the accuracy: "
            "equal recalls are equal accuracies, but for rounding"
        )
        return Finding(figure, FAILS, reason)


KINDS: Sequence[type[PaperClaim]] = (Settles, HighestLoss, Unseen, MicroAverages, RecallIsAccuracy)
