"""What is exported: a record, and what lies beside it in the runs folder."""

from contextlib import suppress
from pathlib import Path

from engine.errors import SimpsonsError
from engine.record import StudyRecord
from tui.export.values import Exported, Figure


def gather(record: StudyRecord, folder: Path, *, pictures: bool = False) -> Exported:
    """A record with what its run folder and that of its counterpart have to say; what cannot be read is left out.

    `pictures` adds what the networks look at, which takes some seconds and the run's images.
    """
    from engine.study import is_of_the_study, judge_study, leak_of_study, load_config
    from engine.study.explaining import stored_explanation
    from engine.study.resolution import stored_resolution

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
    from engine.study.figures import report_figures

    return tuple(Figure(title, caption, png) for title, caption, png in report_figures(record, folder))
