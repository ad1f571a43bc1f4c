"""Everything that a report holds of a run."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from engine.config.study import StudyConfig
from engine.errors import SimpsonsError
from engine.events.record import StudyRecord
from engine.finished.claims.counterpart import is_of_the_study, judge_study, leak_of_study
from engine.finished.explain.ablation import stored_explanation
from engine.finished.explain.resolution import stored_resolution
from engine.finished.run import FinishedRun
from engine.reports.claims import ClaimsReport
from engine.reports.explanation import ExplanationReport
from engine.reports.leak import LeakReport
from engine.reports.pictures import Figure
from engine.reports.resolution import ResolutionReport


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


def gather(run: FinishedRun, *, pictures: bool = False, tell: Callable[[str], None] = lambda words: None) -> Exported:
    """What a run, its folder and its counterpart have to say; what cannot be read is left out.

    `pictures` adds what the networks look at, which takes some seconds and the run's images; `tell` gets what
    is being done.

    Raises:
        StorageError: the run's events cannot be read.
    """
    record = run.record
    config = claims = leak = None
    with suppress(SimpsonsError):
        config = run.config
    with suppress(SimpsonsError):  # other protocols have no counterpart
        leak = leak_of_study(record, run.counterpart)
        if is_of_the_study(record):
            claims = judge_study(record, run.counterpart)
    figures: Sequence[Figure] = ()
    if pictures:
        from engine.finished.explain.figures import report_figures

        figures = report_figures(run, tell=tell)
    return Exported(
        record,
        config,
        figures=tuple(figures),
        claims=claims,
        leak=leak,
        explanation=stored_explanation(run),
        resolution=stored_resolution(run),
    )
