"""The claims about the setting: the images, the averages, other amounts of data and another project."""

from collections.abc import Sequence

from engine.events.record import StudyRecord
from engine.finished.claims import stated
from engine.finished.claims.evidence import METRIC_WORDS, Evidence
from engine.finished.claims.question import NO_FIGURE, Question
from engine.finished.claims.scoring import Metric, copies_of, outcomes_of, paired_difference
from engine.finished.claims.verdicts import FAILS, HOLDS, OPEN, Order, judge_order, signed_span
from engine.reports.claims import Finding

_DATA, _AVERAGES, _ELSEWHERE = "Data", "Averages", "Other data, other networks"
_RESULTS = "Results & Interpretation"

_SAME = 1e-9
"""Scores nearer than this are equal but for rounding in the arithmetic."""

_TO_INTEGER = 0.5

# ---------------------------------------------------------------- the images


def _unseen(evidence: Evidence) -> Finding:
    record = evidence.record
    protocol, audit = record.protocol, record.audit
    if record.started is not None and record.started.protocol == "clean":
        if protocol is None:
            return Finding(NO_FIGURE, OPEN, "the run does not say what was left out")
        return Finding(
            f"{protocol.left_out:,} training images left out",
            HOLDS,
            "every copy that the audit finds is left out, so it holds here by construction",
        )
    if audit is None:
        return Finding(NO_FIGURE, OPEN, "the images of this run were not audited")
    if audit.leaks:
        return Finding(f"{audit.leaking_test} of {audit.test} are copies", FAILS, audit.leak_sentence)
    figure = f"no copy among {audit.test} found"
    if evidence.part_of_data:
        return Finding(figure, OPEN, "the originals may be in the rest of the data")
    return Finding(figure, HOLDS, "the audit finds no test image among the training images")


def _balance(evidence: Evidence) -> Finding:
    dataset = evidence.record.dataset
    names = {name.casefold(): place for place, name in enumerate(dataset.classes)} if dataset else {}
    if dataset is None or not {stated.HOMER, stated.APU} <= names.keys():
        return Finding(NO_FIGURE, OPEN, "there is no class of Homer or Apu")
    homer, apu = (dataset.train_counts[names[name]] for name in (stated.HOMER, stated.APU))
    ratio = homer / apu if apu else float("inf")
    balanced = len(set(dataset.test_counts)) == 1
    smallest, largest = min(dataset.test_counts), max(dataset.test_counts)
    tested = f"{smallest}" if balanced else f"{smallest} to {largest}"
    figure = f"homer {homer:,}, apu {apu:,}: {ratio:.1f} for one; test {tested} a class"
    if abs(ratio - stated.HOMER_TO_APU) > _TO_INTEGER:
        return Finding(figure, FAILS, f"{ratio:.1f} is not about {stated.HOMER_TO_APU}")
    if not balanced:
        return Finding(figure, FAILS, "the classes of the test set differ in size")
    return Finding(figure, HOLDS, "counted")


# ---------------------------------------------------------------- the averages


def _micro(evidence: Evidence) -> Finding:
    differ = [
        variant
        for variant in evidence.results
        if abs(evidence.metrics(variant).precision.micro - evidence.metrics(variant).recall.micro) > _SAME
    ]
    first = next(iter(evidence.results))
    precision, recall = evidence.metrics(first).precision, evidence.metrics(first).recall
    micro = f"micro {precision.micro:.3f} and {recall.micro:.3f}"
    figure = f"{first}: {micro}, macro {precision.macro:.3f} and {recall.macro:.3f}"
    if differ:
        return Finding(figure, HOLDS, f"micro precision and recall differ for {', '.join(differ)}")
    if round(stated.BEST_PRECISION, 2) == round(stated.RECALL, 2):
        return Finding(figure, OPEN, "precision and recall are equal, as micro averages are, but others can be too")
    return Finding(
        figure,
        FAILS,
        "with one label an image, micro precision, recall and accuracy are the same number; "
        f"the study's {stated.BEST_PRECISION:.2f} and {stated.RECALL:.2f} differ, so they are macro or weighted",
    )


def _recall_beside_accuracy(evidence: Evidence) -> Finding:
    metrics = evidence.metrics("superres")
    figure = f"accuracy {metrics.accuracy:.3f}, macro recall {metrics.recall.macro:.3f}"
    if len({scores.support for scores in metrics.per_class}) > 1:
        return Finding(figure, OPEN, "the classes of this test set differ in size, so the two may differ")
    if abs(metrics.accuracy - metrics.recall.macro) > _SAME:
        return Finding(figure, HOLDS, "accuracy and macro recall differ")
    return Finding(
        figure,
        FAILS,
        "with as many test images in every class, recall averaged in any way is the accuracy: "
        "equal recalls are equal accuracies, but for rounding",
    )


# ---------------------------------------------------------------- other data, other networks


def _other_project(evidence: Evidence) -> Finding:
    best = max(evidence.results, key=lambda variant: evidence.value(variant, "f1"))
    metrics: tuple[Metric, ...] = ("f1", "precision", "recall")
    intervals = {metric: evidence.interval(best, metric) for metric in metrics}
    words = ", ".join(f"{METRIC_WORDS[metric]} {evidence.figure(best, metric)}" for metric in metrics)
    figure, bound = f"{best}: {words}", stated.OTHER_PROJECT
    if all(interval.high < bound for interval in intervals.values()):
        return Finding(figure, HOLDS, f"our best stays below {bound:.1f} in all three")
    if all(interval.low >= bound for interval in intervals.values()):
        return Finding(figure, FAILS, f"our best reaches {bound:.1f} in all three with a smaller network and less data")
    return Finding(figure, OPEN, f"our best is neither clearly below nor clearly above {bound:.1f} in all three")


def less_data(evidence: Evidence, others: Sequence[StudyRecord]) -> Finding:
    """Whether every variant does better where it is trained on more images: two studies on the same test images."""
    for other in map(Evidence, others):
        if other.train == evidence.train or _differs(evidence, other):
            continue
        small, large = sorted((evidence, other), key=lambda one: one.train)
        return _more_against_less(large, small)
    return Finding(
        f"{evidence.train:,} images", OPEN, "one amount of data: it takes a second run on more or fewer images"
    )


def _differs(one: Evidence, other: Evidence) -> bool:
    first, second = one.record.started, other.record.started
    return (
        first is None
        or second is None
        or (first.protocol, first.recipe, first.seeds) != (second.protocol, second.recipe, second.seeds)
        or (
            (one.record.dataset is not None and other.record.dataset is not None)
            and one.record.dataset.classes != other.record.dataset.classes
        )
    )


def _more_against_less(large: Evidence, small: Evidence) -> Finding:
    orders, figures = [], []
    for variant in (name for name in large.results if name in small.results):
        orders.append(order := _paired(variant, large, small))
        figures.append(
            f"{variant} {large.value(variant, 'accuracy'):.3f} against {small.value(variant, 'accuracy'):.3f}"
        )
        if order is None:
            return Finding("; ".join(figures), OPEN, "the two runs were not tested on the same images")
    figure = f"{large.train:,} against {small.train:,} images: {'; '.join(figures)}"
    known = [order for order in orders if order is not None]
    if not known:
        return Finding(figure, OPEN, "no variant was run to the end on both amounts of data")
    return Finding(figure, *judge_order(known))


def _paired(variant: str, large: Evidence, small: Evidence) -> Order | None:
    # One study's groups of copies for both: images are aligned by group.
    copies = copies_of(large.record)
    more, less = (outcomes_of(variant, one.record.jobs(variant), copies) for one in (large, small))
    if more is None or less is None:
        return None
    difference = paired_difference(more, less, large.classes, "accuracy")
    if difference is None:
        return None
    words = f"{variant}: more data {difference.value:+.3f} {signed_span(difference.interval)}"
    return Order(words, difference.value, difference.p_value)


QUESTIONS_OF_DATA = (
    Question(
        "balance",
        _DATA,
        f"there are about {stated.HOMER_TO_APU} training images of Homer for one of Apu; the test set is balanced",
        "Pre-Processing, Figure 11",
        _balance,
        (),
        of_network=False,
    ),
    Question(
        "unseen",
        _DATA,
        "the models have not seen the test images",
        _RESULTS,
        _unseen,
        (),
        of_network=False,
    ),
)

QUESTIONS_OF_AVERAGES = (
    Question(
        "micro",
        _AVERAGES,
        "precision, recall and F1 are micro averages",
        _RESULTS,
        _micro,
        (),
        of_images=False,
        of_network=False,
    ),
    Question(
        "recall-beside-accuracy",
        _AVERAGES,
        "vanilla and superres have the same recall, and superres the higher accuracy",
        _RESULTS,
        _recall_beside_accuracy,
        ("superres",),
        of_images=False,
        of_network=False,
    ),
)


def less_data_question(others: Sequence[StudyRecord]) -> Question:
    """The question that needs a second study."""
    return Question(
        "less-data",
        _ELSEWHERE,
        "all four models do worse with less training data",
        f"{_RESULTS}, Tables 1 and 2",
        lambda evidence: less_data(evidence, others),
        (),
    )


QUESTIONS_ELSEWHERE = (
    Question(
        "other-project",
        _ELSEWHERE,
        f"a deeper network trained longer on more data reaches {stated.OTHER_PROJECT:.1f} in F1, precision and recall, "
        "more than these networks",
        f"{_RESULTS}, last paragraph",
        _other_project,
        (),
        of_network=False,
    ),
)
