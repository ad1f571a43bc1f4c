"""All claims of a paper against the studies at hand."""

from collections.abc import Sequence
from pathlib import Path

from engine.config.protocols import Protocol
from engine.config.recipes import RECIPES
from engine.errors import InputError
from engine.events.record import StudyRecord
from engine.finished.claims.evidence import NO_FIGURE, Evidence, Paper
from engine.finished.claims.file import load_claims
from engine.finished.claims.paper_claim import PaperClaim
from engine.finished.claims.verdicts import OPEN
from engine.reports.claims import Claim, ClaimsReport, Finding


def judge_claims(
    official: StudyRecord | None,
    clean: StudyRecord | None,
    others: Sequence[StudyRecord] = (),
    file: Path | None = None,
) -> ClaimsReport:
    """Hold every claim of a paper against a study of either protocol.

    Args:
        official: a study under the official protocol, where there is one.
        clean: a study under the clean protocol, where there is one.
        others: more studies of either protocol, on another amount of training data; only the claim that less data
            makes it worse looks at them.
        file: the paper's claims; None for those of the study that the program repeats.

    Raises:
        InputError: a study is of another protocol than its place says, or the file cannot be used.
    """
    paper = load_claims(file)
    evidence: dict[Protocol, Evidence | None] = {
        "official": _evidence(official, "official", paper, others),
        "clean": _evidence(clean, "clean", paper, others),
    }
    given = [one for one in evidence.values() if one is not None]
    return ClaimsReport(
        **{f"{protocol}_study": one.study if one else "" for protocol, one in evidence.items()},
        other_images=any(one.other_images for one in given),
        remarks=tuple(dict.fromkeys(remark for one in given for remark in _remarks(one))),
        claims=tuple(
            Claim(
                claim.key,
                claim.topic,
                claim.statement,
                claim.source,
                **{protocol: _finding(claim, one, protocol) for protocol, one in evidence.items()},
            )
            for claim in paper.claims
        ),
    )


def _evidence(
    record: StudyRecord | None, protocol: Protocol, paper: Paper, others: Sequence[StudyRecord]
) -> Evidence | None:
    if record is None or record.started is None:
        return None
    if record.started.protocol != protocol:
        raise InputError(
            f"study {record.started.study} is of the {record.started.protocol} protocol: "
            "the claims are held against official and clean studies"
        )
    return Evidence(record, paper, others)


def _finding(claim: PaperClaim, evidence: Evidence | None, protocol: str) -> Finding:
    """The finding of one protocol; where something stands in the way, our figure is shown all the same."""
    if evidence is None:
        return Finding(NO_FIGURE, OPEN, f"not run under the {protocol} protocol")
    missing = [name for name in claim.needed(evidence.paper.variants) if name not in evidence.results]
    if missing:
        verb = "was" if len(missing) == 1 else "were"
        return Finding(NO_FIGURE, OPEN, f"{', '.join(missing)} {verb} not run to the end")
    if not evidence.results:
        return Finding(NO_FIGURE, OPEN, "no variant was run to the end")
    unknown = [name for name in claim.classes() if name.casefold() not in evidence.places]
    found = Finding(NO_FIGURE, OPEN, f"there is no class {unknown[0]}") if unknown else claim.find(evidence)
    if obstacle := _obstacle(claim, evidence):
        return Finding(found.figure, OPEN, obstacle)
    if evidence.part_of_data and claim.training_images is None and not claim.any_images:
        return Finding(found.figure, found.verdict, f"{found.reason} ({evidence.part_of_data})")
    return found


def _obstacle(claim: PaperClaim, evidence: Evidence) -> str:
    if evidence.other_images and not claim.any_images:
        return evidence.other_images
    if evidence.other_recipe and not claim.any_network:
        return evidence.other_recipe
    wanted = claim.training_images
    if wanted is None or evidence.has_amount(wanted):
        return ""
    if evidence.train < wanted:
        return f"trained on a part of the data: {evidence.train:,} of {wanted:,} images"
    return f"trained on {evidence.train:,} images, and the claim is about {wanted:,}"


def _remarks(evidence: Evidence) -> list[str]:
    started, paper = evidence.record.started, evidence.paper
    assert started is not None
    who = f"{started.protocol} ({evidence.study})"
    if evidence.other_images:
        return [f"{who}: {evidence.other_images}"]
    remarks = [words for words in (evidence.other_recipe, evidence.part_of_data) if words]
    place = started.recipe.dropout_place
    if paper.recipe and not evidence.other_recipe and place != RECIPES[paper.recipe].dropout_place:
        where = "after" if place == "logits" else "before"
        remarks.append(f"dropout {where} the linear layer, the other reading of {paper.name}'s text")
    if len(evidence.seeds) == 1:
        remarks.append(f"one seed ({evidence.seeds[0]}); intervals tell of the images, not of other seeds")
    weights = evidence.record.superres_weights
    if weights is not None and weights.source != "official":
        remarks.append(f"other super-resolution weights than {paper.name}'s ({weights.source})")
    audit = evidence.record.audit
    if audit is not None and audit.leaks and started.protocol == "official":
        remarks.append(audit.leak_sentence)
    return [f"{who}: {words}" for words in remarks]
