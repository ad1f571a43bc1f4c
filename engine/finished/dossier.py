"""Everything that a report holds of a run."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engine.config.study import StudyConfig
from engine.errors import SimpsonsError
from engine.events.record import StudyRecord
from engine.reports.claims import ClaimsReport
from engine.reports.explanation import ExplanationReport
from engine.reports.leak import LeakReport
from engine.reports.resolution import ResolutionReport


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


def gather(record: StudyRecord, folder: Path, *, pictures: bool = False) -> Exported:
    """A record with what its run folder and that of its counterpart have to say; what cannot be read is left out.

    `pictures` adds what the networks look at, which takes some seconds and the run's images.
    """
    from engine.finished.claims.counterpart import is_of_the_study, judge_study, leak_of_study
    from engine.finished.explain.ablation import stored_explanation
    from engine.finished.explain.resolution import stored_resolution
    from engine.runs import load_config

    config = claims = leak = explanation = resolution = None
    with suppress(SimpsonsError):
        config = load_config(folder)
    with suppress(SimpsonsError):  # other protocols have no counterpart
        leak = leak_of_study(record, folder.parent)
        if is_of_the_study(record):
            claims = judge_study(record, folder.parent)
    with suppress(SimpsonsError):
        explanation = stored_explanation(folder)
        resolution = stored_resolution(folder)
    figures = _figures(record, folder) if pictures else ()
    return Exported(
        record,
        config,
        figures=figures,
        claims=claims,
        leak=leak,
        explanation=explanation,
        resolution=resolution,
    )


def _figures(record: StudyRecord, folder: Path) -> tuple[Figure, ...]:
    from engine.finished.explain.figures import report_figures

    return tuple(Figure(title, caption, png) for title, caption, png in report_figures(record, folder))
