"""A claim as it is asked of a study, and what stands in the way of an answer."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.config.variants import STUDY_VARIANTS
from engine.finished.claims.evidence import Evidence
from engine.finished.claims.verdicts import OPEN
from engine.reports.claims import Finding

NO_FIGURE = "–"

Judge = Callable[[Evidence], Finding]


@dataclass(frozen=True)
class Question:
    """One claim.

    Attributes:
        key, topic, statement, source: see `engine.reports.claims.Claim`.
        judge: answers it from a study in which nothing stands in the way.
        variants: those that must have been trained and evaluated to the end.
        amount: the number of training images that the claim is about; None where it is about any.
        of_images: whether other images than the study's say nothing of it.
        of_network: whether another recipe than the study's says nothing of it.
    """

    key: str
    topic: str
    statement: str
    source: str
    judge: Judge
    variants: tuple[str, ...] = STUDY_VARIANTS
    amount: int | None = None
    of_images: bool = True
    of_network: bool = True


def answer(question: Question, evidence: Evidence | None, protocol: str) -> Finding:
    """The finding of one protocol; where something stands in the way, our figure is shown all the same."""
    if evidence is None:
        return Finding(NO_FIGURE, OPEN, f"not run under the {protocol} protocol")
    missing = [name for name in question.variants if name not in evidence.results]
    if missing:
        verb = "was" if len(missing) == 1 else "were"
        return Finding(NO_FIGURE, OPEN, f"{', '.join(missing)} {verb} not run to the end")
    if not evidence.results:
        return Finding(NO_FIGURE, OPEN, "no variant was run to the end")
    found = question.judge(evidence)
    obstacle = _obstacle(question, evidence)
    if obstacle:
        return Finding(found.figure, OPEN, obstacle)
    part = evidence.part_of_data
    if part and question.amount is None and question.of_images:
        return Finding(found.figure, found.verdict, f"{found.reason} ({part})")
    return found


def _obstacle(question: Question, evidence: Evidence) -> str:
    if question.of_images and evidence.other_images:
        return evidence.other_images
    if question.of_network and evidence.other_recipe:
        return evidence.other_recipe
    if question.amount is None or evidence.has_amount(question.amount):
        return ""
    if evidence.train < question.amount:
        return f"trained on a part of the data: {evidence.train:,} of {question.amount:,} images"
    return f"trained on {evidence.train:,} images, and the claim is about {question.amount:,}"
