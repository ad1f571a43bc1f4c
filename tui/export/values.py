"""What goes into an export and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from engine.claims_report import ClaimsReport
from engine.config import StudyConfig
from engine.explanation_report import ExplanationReport
from engine.leak_report import LeakReport
from engine.record import StudyRecord
from engine.resolution_report import ResolutionReport

Content = bytes | Mapping[str, bytes]
"""One file, or a folder's files by their path in it (with / between the parts)."""


@dataclass(frozen=True)
class Figure:
    """A picture for the report: a PNG file's bytes under a title; `caption` also says it to those who can't see it."""

    title: str
    caption: str
    png: bytes


@dataclass(frozen=True)
class Exported:
    """What is exported.

    Attributes:
        record: the study, finished or not.
        config: what it was asked to do, for the command that repeats it; None where that is not known.
        figures: pictures for the reports that can hold them.
        claims: what became of the original study's claims; None where the images are others.
        leak: official and clean protocol side by side; None where only one of them was run.
        explanation: what the networks lose without parts of the picture; None where that was not measured.
        resolution: their accuracy on smaller images, of the variants that were measured; None where none was.
    """

    record: StudyRecord
    config: StudyConfig | None = None
    figures: tuple[Figure, ...] = ()
    claims: ClaimsReport | None = None
    leak: LeakReport | None = None
    explanation: ExplanationReport | None = None
    resolution: ResolutionReport | None = None

    @property
    def study(self) -> str:
        """The study's ID, by which its files are called."""
        return self.record.started.study if self.record.started else "study"
