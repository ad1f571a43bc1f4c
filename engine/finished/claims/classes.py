"""Claims about classes: which is recognised best and worst, which is taken for which, how many images they have."""

from collections.abc import Sequence
from itertools import product
from typing import ClassVar, Literal

from msgspec import field

from engine.finished.claims.evidence import Evidence
from engine.finished.claims.paper_claim import Count, Number, PaperClaim, Words
from engine.finished.claims.verdicts import FAILS, HOLDS, OPEN, Judgement, Order, judge_order
from engine.reports.claims import Finding
from engine.reports.wording import p_text
from engine.statistics.proportions import mcnemar_p, wilson_interval

OCCASIONAL = 0.02
"""What is rarer is not even occasional: once in 50 images of a class."""

_TO_INTEGER = 0.5


def _short(name: str) -> str:
    return name.casefold().partition("_")[0]


class Recognised(PaperClaim, frozen=True, kw_only=True, tag="recognised"):
    """In every variant, a class is recognised least (or most) often."""

    of_class: Words = field(name="class")
    place: Literal["least", "most"]

    def find(self, evidence: Evidence) -> Finding:
        """The extreme class of each variant."""
        own, places = self.of_class.casefold(), evidence.places
        orders, figures, images = [], [], 0
        for variant in self.needed(evidence.paper.variants):
            counts = evidence.counts(variant)
            right = {name: (counts[place][place], sum(counts[place])) for name, place in places.items()}
            recall = {name: hits / max(1, total) for name, (hits, total) in right.items()}
            chosen = (min if self.place == "least" else max)(recall, key=lambda name: recall[name])
            figures.append(f"{variant} {_short(chosen)} {recall[chosen]:.2f}")
            images = images or min(total for _, total in right.values())
            for other in places:
                if other != own:
                    words = f"{variant} recognises {recall[own]:.2f} of {_short(own)} and "
                    gap = recall[own] - recall[other] if self.place == "most" else recall[other] - recall[own]
                    orders.append(
                        Order(f"{words}{recall[other]:.2f} of {_short(other)}", gap, _fisher(right, own, other))
                    )
        return Finding(", ".join(figures), *judge_order(orders, few=f"too few images ({images} a class)"))


def _fisher(right: dict[str, tuple[int, int]], first: str, second: str) -> float:
    from scipy.stats import fisher_exact

    return float(fisher_exact([[hits, total - hits] for hits, total in (right[first], right[second])]).pvalue)


class Confuses(PaperClaim, frozen=True, kw_only=True, tag="confuses"):
    """Every variant takes images of the class `true` for `predicted` now and then."""

    true: Words
    predicted: Words

    def find(self, evidence: Evidence) -> Finding:
        """How often each variant does."""
        true, predicted = (evidence.places[name.casefold()] for name in self.classes())
        figures, judgements, images = [], [], 0
        for variant in self.needed(evidence.paper.variants):
            row = evidence.counts(variant)[true]
            images = sum(row)
            figures.append(f"{variant} {row[predicted]}")
            judgements.append((variant, _judge_occasional(row[predicted], images)))
        figure = f"{', '.join(figures)} of {images}"
        for verdict in (FAILS, OPEN):
            for variant, (found, reason) in judgements:
                if found == verdict:
                    return Finding(figure, verdict, f"{variant}: {reason}")
        return Finding(figure, HOLDS, "every model did so at least once")


def _judge_occasional(times: int, images: int) -> Judgement:
    if times:
        return HOLDS, ""
    most = wilson_interval(0, images).high if images else 1.0
    if most < OCCASIONAL:
        return FAILS, f"never in {images} images, so less often than {most:.3f}"
    return OPEN, f"never, but {images} images are too few to exclude {most:.2f}"


class NotCommonest(Confuses, frozen=True, kw_only=True, tag="not-the-commonest-confusion"):
    """In every variant another confusion is commoner; the counts of two cells are compared by the binomial test."""

    COMMONEST: ClassVar[bool] = False

    def find(self, evidence: Evidence) -> Finding:
        """The commonest other confusion of each variant."""
        claimed, places = (self.true.casefold(), self.predicted.casefold()), evidence.places
        own_words = " for ".join(map(_short, claimed))
        figures, orders = [], []
        for variant in self.needed(evidence.paper.variants):
            counts = evidence.counts(variant)
            cells = {(a, b): counts[places[a]][places[b]] for a, b in product(places, repeat=2) if a != b}
            own = cells.pop(claimed)
            pair, most = max(cells.items(), key=lambda entry: entry[1])
            words = " for ".join(map(_short, pair))
            figures.append(f"{variant} {words} {most} ({own_words} {own})")
            # The largest of many cells is no single comparison: corrected for their number (Bonferroni).
            p_value = min(1.0, (len(cells) if most > own else 1) * mcnemar_p(most, own))
            gap = own - most if self.COMMONEST else most - own
            orders.append(Order(f"{variant}: {words} {most} times, {own_words} {own}", gap, p_value))
        return Finding("; ".join(figures), *judge_order(orders, few="too few mistakes"))


class Commonest(NotCommonest, frozen=True, kw_only=True, tag="commonest-confusion"):
    """In every variant no confusion is commoner."""

    COMMONEST: ClassVar[bool] = True


class ConfusesMore(PaperClaim, frozen=True, kw_only=True, tag="confuses-more"):
    """A variant takes the class `true` more often for `predicted` than for `other`; `counts` are the paper's own."""

    variant: Words
    true: Words
    predicted: Words
    other: Words
    counts: tuple[Number, Number] | None = None

    def find(self, evidence: Evidence) -> Finding:
        """Both counts."""
        true, predicted, other = (evidence.places[name.casefold()] for name in self.classes())
        row = evidence.counts(self.variant)[true]
        more, less = row[predicted], row[other]
        order = Order(f"{more} times against {less}", more - less, mcnemar_p(more, less))
        verdict, reason = judge_order([order], few="too few mistakes")
        if self.counts:
            one, two = self.counts
            reason += f"; {evidence.paper.name}'s own {one} and {two} have p {p_text(mcnemar_p(one, two))}"
        figure = f"{_short(self.predicted)} {more}, {_short(self.other)} {less} of {sum(row)}"
        return Finding(figure, verdict, reason)


class Balance(PaperClaim, frozen=True, kw_only=True, tag="class-sizes"):
    """There are about `ratio` training images of one class for one of another; the test set is balanced."""

    OF_VARIANTS: ClassVar[bool] = False

    larger: Words
    smaller: Words
    ratio: Count

    def find(self, evidence: Evidence) -> Finding:
        """The counts."""
        dataset = evidence.record.dataset
        assert dataset is not None
        large, small = (dataset.train_counts[evidence.places[name.casefold()]] for name in self.classes())
        ratio = large / small if small else float("inf")
        least, most = min(dataset.test_counts), max(dataset.test_counts)
        tested = f"{least}" if least == most else f"{least} to {most}"
        trained = f"{_short(self.larger)} {large:,}, {_short(self.smaller)} {small:,}: {ratio:.1f} for one"
        figure = f"{trained}; test {tested} a class"
        if abs(ratio - self.ratio) > _TO_INTEGER:
            return Finding(figure, FAILS, f"{ratio:.1f} is not about {self.ratio}")
        if least != most:
            return Finding(figure, FAILS, "the classes of the test set differ in size")
        return Finding(figure, HOLDS, "counted")


KINDS: Sequence[type[PaperClaim]] = (Recognised, Confuses, NotCommonest, Commonest, ConfusesMore, Balance)
