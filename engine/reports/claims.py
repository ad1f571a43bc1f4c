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
    """One claim of a paper.

    Attributes:
        key: a short name, the same from run to run.
        topic: the heading that it stands under.
        statement: what is claimed, in our words.
        source: where the paper says it.
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
    """Every claim, in the order of its file.

    Attributes:
        official_study, clean_study: the studies that the figures come from; empty where there is none.
        other_images: whether the figures are of other images than the paper's, of which it claims nothing.
        remarks: sentences that belong before the table: what differs from the paper.
        claims: the table.
    """

    official_study: str
    clean_study: str
    other_images: bool
    remarks: tuple[str, ...]
    claims: tuple[Claim, ...]
