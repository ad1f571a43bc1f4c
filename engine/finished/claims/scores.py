"""The claims about scores: Tables 1 and 2, and what the study concludes from them."""

from collections.abc import Sequence

from engine.config.variants import STUDY_VARIANTS
from engine.finished.claims import stated
from engine.finished.claims.evidence import METRICS, Evidence
from engine.finished.claims.question import Judge, Question
from engine.finished.claims.scoring import Metric
from engine.finished.claims.verdicts import (
    OPEN,
    Judgement,
    Order,
    judge_below,
    judge_figure,
    judge_order,
    judge_similar,
)
from engine.reports.claims import Finding

_TABLE_1, _TABLE_2 = "Scores (Table 1)", "Scores on the part of the data (Table 2)"
_RESULTS = "Results & Interpretation"
_NOT_KEPT = "the predictions of single images were not kept, so variants cannot be compared"

_RIVALS = ("vanilla", "denoise", "superres")


def _figure(variant: str, metric: Metric, stated_figure: float) -> Judge:
    def judge(evidence: Evidence) -> Finding:
        return Finding(
            evidence.figure(variant, metric), *judge_figure(stated_figure, evidence.interval(variant, metric))
        )

    return judge


def _below(variant: str, metric: Metric, bound: float) -> Judge:
    def judge(evidence: Evidence) -> Finding:
        return Finding(evidence.figure(variant, metric), *judge_below(bound, evidence.interval(variant, metric)))

    return judge


def judge_pairs(evidence: Evidence, pairs: Sequence[tuple[str, str]], metrics: Sequence[Metric]) -> Judgement:
    """Whether in each pair the first scores more than the second, in every metric."""
    orders: list[Order] = []
    for metric in metrics:
        for better, worse in pairs:
            order = evidence.order(better, worse, metric)
            if order is None:
                return OPEN, _NOT_KEPT
            orders.append(order)
    # The p-values are corrected for the pairs of the study already.
    return judge_order(orders, corrected=True)


def _highest(variant: str, metric: Metric) -> Judge:
    def judge(evidence: Evidence) -> Finding:
        pairs = [(variant, rival) for rival in STUDY_VARIANTS if rival != variant]
        return Finding(evidence.ranking(metric), *judge_pairs(evidence, pairs, [metric]))

    return judge


def _ordered(pairs: Sequence[tuple[str, str]], metrics: Sequence[Metric]) -> Judge:
    def judge(evidence: Evidence) -> Finding:
        return Finding(evidence.ranking("accuracy"), *judge_pairs(evidence, pairs, metrics))

    return judge


def _similar(first: str, second: str) -> Judge:
    def judge(evidence: Evidence) -> Finding:
        figure = f"{first} {evidence.figure(first, 'accuracy')}, {second} {evidence.figure(second, 'accuracy')}"
        difference = evidence.difference(first, second, "accuracy")
        if difference is None:
            return Finding(figure, OPEN, _NOT_KEPT)
        words = evidence.difference_words(first, second, "accuracy", difference)
        return Finding(figure, *judge_similar(words, difference.interval))

    return judge


def _score(key: str, statement: str, variant: str, judge: Judge) -> Question:
    return Question(key, _TABLE_1, statement, f"{_RESULTS}, Table 1", judge, (variant,), amount=stated.TRAINING_IMAGES)


def _rank(key: str, statement: str, judge: Judge) -> Question:
    return Question(key, _TABLE_1, statement, f"{_RESULTS}, Table 1", judge, amount=stated.TRAINING_IMAGES)


def _part(key: str, statement: str, judge: Judge) -> Question:
    return Question(key, _TABLE_2, statement, f"{_RESULTS}, Table 2", judge, amount=stated.SUBSET_IMAGES)


QUESTIONS = (
    _score(
        "accuracy-vanilla",
        f"vanilla is right about {stated.VANILLA_ACCURACY:.2f} of the time",
        "vanilla",
        _figure("vanilla", "accuracy", stated.VANILLA_ACCURACY),
    ),
    _score(
        "accuracy-superres",
        f"superres reaches an accuracy of {stated.SUPERRES_ACCURACY:.2f}",
        "superres",
        _figure("superres", "accuracy", stated.SUPERRES_ACCURACY),
    ),
    _score(
        "precision-vanilla",
        f"vanilla's precision is {stated.BEST_PRECISION:.2f}",
        "vanilla",
        _figure("vanilla", "precision", stated.BEST_PRECISION),
    ),
    _score(
        "precision-superres",
        f"superres' precision stays below {stated.BEST_PRECISION:.2f}",
        "superres",
        _below("superres", "precision", stated.BEST_PRECISION),
    ),
    _score(
        "recall-vanilla",
        f"vanilla's recall is {stated.RECALL:.2f}",
        "vanilla",
        _figure("vanilla", "recall", stated.RECALL),
    ),
    _score(
        "recall-superres",
        f"superres' recall is {stated.RECALL:.2f}",
        "superres",
        _figure("superres", "recall", stated.RECALL),
    ),
    _score(
        "f1-vanilla",
        f"vanilla's F1 stays below {stated.BEST_F1:.2f}",
        "vanilla",
        _below("vanilla", "f1", stated.BEST_F1),
    ),
    _score(
        "f1-superres",
        f"superres' F1 is {stated.BEST_F1:.2f}",
        "superres",
        _figure("superres", "f1", stated.BEST_F1),
    ),
    _rank("best-accuracy", "superres has the highest accuracy of the four", _highest("superres", "accuracy")),
    _rank("best-f1", "superres has the highest F1 of the four", _highest("superres", "f1")),
    _rank("best-precision", "vanilla has the highest precision of the four", _highest("vanilla", "precision")),
    _rank(
        "bbox-worst",
        "bbox is the worst of the four in accuracy, precision, recall and F1",
        _ordered([(rival, "bbox") for rival in _RIVALS], METRICS),
    ),
    _rank(
        "denoise-behind",
        "denoise scores less than vanilla and superres, in all four measures",
        _ordered([("vanilla", "denoise"), ("superres", "denoise")], METRICS),
    ),
    _part(
        "part-denoise-worst",
        "on the part of the data denoise is the worst of the four",
        _ordered([(rival, "denoise") for rival in ("vanilla", "bbox", "superres")], ["accuracy"]),
    ),
    _part(
        "part-similar",
        "on the part of the data vanilla and superres do similarly well",
        _similar("vanilla", "superres"),
    ),
    Question(
        "crop-harms",
        "Conclusions",
        "cropping to the bounding box makes the classification worse",
        f"{_RESULTS}; Conclusion",
        _ordered([("vanilla", "bbox")], ["accuracy"]),
        ("vanilla", "bbox"),
    ),
    Question(
        "denoising-harms",
        "Conclusions",
        "denoising makes the classification worse",
        f"{_RESULTS}; Conclusion",
        _ordered([("vanilla", "denoise")], ["accuracy"]),
        ("vanilla", "denoise"),
    ),
)
