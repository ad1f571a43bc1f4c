"""Replication report: each claim of the paper with our figure and a verdict for each protocol."""

from dataclasses import dataclass
from typing import Literal, get_args

Verdict = Literal["holds", "does not hold", "can't be told"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclass(frozen=True)
class Finding:
    """Our figure for a claim under one protocol, and what it says; `reason` is a clause without a full stop."""

    figure: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True)
class Claim:
    """One claim of the study.

    Attributes:
        key: a short name, the same from run to run.
        topic: the heading that it stands under.
        statement: what is claimed, in our words.
        source: where the study says it.
        official, clean: what our figures say under either protocol.
    """

    key: str
    topic: str
    statement: str
    source: str
    official: Finding
    clean: Finding


@dataclass(frozen=True)
class ClaimsReport:
    """Every claim, in the order of the study's text.

    Attributes:
        official_study, clean_study: the studies that the figures come from; empty where there is none.
        other_images: whether the figures are of other images than the study's, so that no claim about its images can be
            told.
        remarks: sentences that belong before the table: what differs from the study.
        claims: the table.
    """

    official_study: str
    clean_study: str
    other_images: bool
    remarks: tuple[str, ...]
    claims: tuple[Claim, ...]
