"""The claims about classes: which is confused most and least, and what Krusty is taken for."""

from collections.abc import Mapping, Sequence
from itertools import product

from engine.config.variants import STUDY_VARIANTS
from engine.finished.claims import stated
from engine.finished.claims.evidence import Evidence
from engine.finished.claims.question import Judge, Question
from engine.finished.claims.verdicts import FAILS, HOLDS, OPEN, Judgement, Order, judge_order, p_text
from engine.reports.claims import Finding
from engine.statistics.proportions import wilson_interval

_CLASSES, _SOURCE = "Classes", "Results & Interpretation, Figures 23-26"

OCCASIONAL = 0.02
"""What is rarer is not even occasional: once in the study's 50 images of a class."""

Counts = list[list[int]]


def _names(evidence: Evidence) -> dict[str, int]:
    """Place of each class in the label order."""
    dataset = evidence.record.dataset
    return {name.casefold(): place for place, name in enumerate(dataset.classes)} if dataset else {}


def _counts(evidence: Evidence, variant: str) -> Counts:
    """The confusion matrix in images: where several seeds are tested on the same ones, the mean over seeds, rounded."""
    matrix = evidence.metrics(variant).confusion_matrix
    times = max(1, round(sum(map(sum, matrix)) / evidence.images(variant)))
    return [_shared_out(row, times) for row in matrix]


def _shared_out(row: Sequence[int], times: int) -> list[int]:
    """A row divided by `times` in whole images; they add up to as many as the class has (largest remainders)."""
    shares = [count // times for count in row]
    missing = round(sum(row) / times) - sum(shares)
    for place in sorted(range(len(row)), key=lambda place: -(row[place] % times))[:missing]:
        shares[place] += 1
    return shares


def _short(name: str) -> str:
    return name.partition("_")[0]


def _known(evidence: Evidence, *names: str) -> bool:
    return all(name in _names(evidence) for name in names)


def _extreme(name: str, *, most_confused: bool) -> Judge:
    """In every model, the class is recognised least (or most) often."""

    def judge(evidence: Evidence) -> Finding:
        places = _names(evidence)
        if name not in places:
            return Finding("–", OPEN, f"there is no class {name}")
        orders, figures = [], []
        for variant in STUDY_VARIANTS:
            counts = _counts(evidence, variant)
            recall = {other: counts[place][place] / max(1, sum(counts[place])) for other, place in places.items()}
            chosen = (min if most_confused else max)(recall, key=lambda other: recall[other])
            figures.append(f"{variant} {_short(chosen)} {recall[chosen]:.2f}")
            orders += [
                _recall_order(counts, places, variant, (name, other), most_confused)
                for other in places
                if other != name
            ]
        images = min(sum(row) for row in _counts(evidence, "vanilla"))
        return Finding(", ".join(figures), *judge_order(orders, few=f"too few images ({images} a class)"))

    return judge


def _recall_order(
    counts: Counts, places: Mapping[str, int], variant: str, pair: tuple[str, str], most_confused: bool
) -> Order:
    from scipy.stats import fisher_exact

    (right, wrong), (other_right, other_wrong) = (
        (counts[place][place], sum(counts[place]) - counts[place][place]) for place in (places[name] for name in pair)
    )
    recall, other = right / max(1, right + wrong), other_right / max(1, other_right + other_wrong)
    return Order(
        f"{variant} recognises {recall:.2f} of {_short(pair[0])} and {other:.2f} of {_short(pair[1])}",
        other - recall if most_confused else recall - other,
        float(fisher_exact([[right, wrong], [other_right, other_wrong]]).pvalue),
    )


def _krusty_for_homer(evidence: Evidence) -> Finding:
    places = _names(evidence)
    if not _known(evidence, stated.KRUSTY, stated.HOMER):
        return Finding("–", OPEN, "there is no class of Krusty or Homer")
    figures, judgements = [], []
    for variant in STUDY_VARIANTS:
        row = _counts(evidence, variant)[places[stated.KRUSTY]]
        times, images = row[places[stated.HOMER]], sum(row)
        figures.append(f"{variant} {times}")
        judgements.append((variant, _judge_occasional(times, images)))
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


def _not_the_commonest(evidence: Evidence) -> Finding:
    """In every model another confusion is commoner; the counts of two cells are compared by the binomial test."""
    places = _names(evidence)
    if not _known(evidence, stated.KRUSTY, stated.HOMER):
        return Finding("–", OPEN, "there is no class of Krusty or Homer")
    figures, orders = [], []
    for variant in STUDY_VARIANTS:
        counts = _counts(evidence, variant)
        own = counts[places[stated.KRUSTY]][places[stated.HOMER]]
        others = {
            (true, said): counts[places[true]][places[said]]
            for true, said in product(places, repeat=2)
            if true != said and (true, said) != (stated.KRUSTY, stated.HOMER)
        }
        (true, said), most = max(others.items(), key=lambda entry: entry[1])
        figures.append(f"{variant} {_short(true)} for {_short(said)} {most} (krusty for homer {own})")
        words = f"{variant}: {_short(true)} for {_short(said)} {most} times, krusty for homer {own}"
        # The largest of many cells is no single comparison: corrected for their number (Bonferroni).
        times = len(others) if most > own else 1
        orders.append(Order(words, most - own, min(1.0, times * _sign_test(most, own))))
    return Finding("; ".join(figures), *judge_order(orders, few="too few mistakes"))


def _sign_test(first: int, second: int) -> float:
    """Two-sided p of two counts that would be equal; 1 where there is nothing to count."""
    from scipy.stats import binomtest

    return float(binomtest(first, first + second).pvalue) if first + second else 1.0


def _bbox_krusty(evidence: Evidence) -> Finding:
    places = _names(evidence)
    if not _known(evidence, stated.KRUSTY, stated.HOMER, stated.APU):
        return Finding("–", OPEN, "there is no class of Krusty, Homer or Apu")
    row = _counts(evidence, "bbox")[places[stated.KRUSTY]]
    apu, homer = row[places[stated.APU]], row[places[stated.HOMER]]
    own = _sign_test(stated.KRUSTY_FOR_APU, stated.KRUSTY_FOR_HOMER)
    order = Order(f"{apu} times against {homer}", apu - homer, _sign_test(apu, homer))
    verdict, reason = judge_order([order], few="too few mistakes")
    note = f"the study's own {stated.KRUSTY_FOR_APU} and {stated.KRUSTY_FOR_HOMER} have p {p_text(own)}"
    return Finding(f"apu {apu}, homer {homer} of {sum(row)}", verdict, f"{reason}; {note}")


QUESTIONS = (
    Question(
        "apu-most",
        _CLASSES,
        "Apu is the most misclassified character in all four models",
        _SOURCE,
        _extreme(stated.APU, most_confused=True),
    ),
    Question(
        "marge-least",
        _CLASSES,
        "Marge is the least misclassified character in all four models",
        _SOURCE,
        _extreme(stated.MARGE, most_confused=False),
    ),
    Question("krusty-homer", _CLASSES, "every model now and then takes Krusty for Homer", _SOURCE, _krusty_for_homer),
    Question(
        "krusty-homer-not-first",
        _CLASSES,
        "in no model is Krusty for Homer the commonest confusion",
        _SOURCE,
        _not_the_commonest,
    ),
    Question(
        "krusty-apu",
        _CLASSES,
        f"bbox takes Krusty for Apu more often than for Homer "
        f"({stated.KRUSTY_FOR_APU} times against {stated.KRUSTY_FOR_HOMER})",
        _SOURCE,
        _bbox_krusty,
        ("bbox",),
    ),
)
