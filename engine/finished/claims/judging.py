"""All claims of the study against the studies at hand."""

from collections.abc import Sequence

from engine.config.protocols import Protocol
from engine.errors import InputError
from engine.events.record import StudyRecord
from engine.finished.claims import confusions, scores, setting, training
from engine.finished.claims.evidence import Evidence
from engine.finished.claims.question import Question, answer
from engine.reports.claims import Claim, ClaimsReport


def judge_claims(
    official: StudyRecord | None, clean: StudyRecord | None, others: Sequence[StudyRecord] = ()
) -> ClaimsReport:
    """Hold every claim of the study against a study of either protocol.

    Args:
        official: a study under the official protocol, where there is one.
        clean: a study under the clean protocol, where there is one.
        others: more studies of either protocol, on another amount of training data; only the claim that less data
            makes it worse looks at them.

    Raises:
        InputError: a study is of another protocol than its place says.
    """
    official_evidence, clean_evidence = _evidence(official, "official"), _evidence(clean, "clean")
    given = [evidence for evidence in (official_evidence, clean_evidence) if evidence is not None]
    claims = tuple(
        Claim(
            question.key,
            question.topic,
            question.statement,
            question.source,
            answer(question, official_evidence, "official"),
            answer(question, clean_evidence, "clean"),
        )
        for question in questions(others)
    )
    return ClaimsReport(
        official_study=official_evidence.study if official_evidence else "",
        clean_study=clean_evidence.study if clean_evidence else "",
        other_images=any(evidence.other_images for evidence in given),
        remarks=tuple(dict.fromkeys(remark for evidence in given for remark in _remarks(evidence))),
        claims=claims,
    )


def questions(others: Sequence[StudyRecord] = ()) -> tuple[Question, ...]:
    """Every claim, in the order of the study's text."""
    return (
        *setting.QUESTIONS_OF_DATA,
        *(question for question in training.QUESTIONS if question.topic == "Training"),
        *scores.QUESTIONS,
        *(question for question in training.QUESTIONS if question.topic != "Training"),
        *setting.QUESTIONS_OF_AVERAGES,
        *confusions.QUESTIONS,
        setting.less_data_question(others),
        *setting.QUESTIONS_ELSEWHERE,
    )


def _evidence(record: StudyRecord | None, protocol: Protocol) -> Evidence | None:
    if record is None or record.started is None:
        return None
    if record.started.protocol != protocol:
        raise InputError(
            f"study {record.started.study} is of the {record.started.protocol} protocol: "
            "the claims are held against official and clean studies"
        )
    return Evidence(record)


def _remarks(evidence: Evidence) -> list[str]:
    started = evidence.record.started
    assert started is not None
    who = f"{started.protocol} ({evidence.study})"
    if evidence.other_images:
        return [f"{who}: {evidence.other_images}"]
    remarks = [f"{who}: {words}" for words in (evidence.other_recipe, evidence.part_of_data) if words]
    if not evidence.other_recipe and started.recipe.dropout_place != "logits":
        remarks.append(f"{who}: dropout before the linear layer, the other reading of the study's text")
    if len(evidence.seeds) == 1:
        remarks.append(f"{who}: one seed ({evidence.seeds[0]}); intervals tell of the images, not of other seeds")
    weights = evidence.record.superres_weights
    if weights is not None and weights.source != "official":
        remarks.append(f"{who}: other super-resolution weights than the study's ({weights.source})")
    audit = evidence.record.audit
    if audit is not None and audit.leaks and started.protocol == "official":
        remarks.append(f"{who}: {audit.leak_sentence}")
    return remarks
