"""What a study's trackers are told of it before its first event."""

from collections.abc import Iterator
from dataclasses import fields

from engine.config.study import StudyConfig
from engine.runs import RunFolder
from engine.system.version import program_version
from engine.tracking.tracker import Parameter, TrackedStudy

TRACKERS = "trackers"
"""In the run folder: a folder for each tracker."""


def tracked_study(config: StudyConfig, run: RunFolder) -> TrackedStudy:
    """The study of a run folder."""
    return TrackedStudy(
        study=run.study,
        folder=run.folder / TRACKERS,
        parameters=dict(_parameters(config)),
        jobs_per_variant=config.repeats * config.folds,
        offline=config.offline,
    )


def _parameters(config: StudyConfig) -> Iterator[tuple[str, Parameter]]:
    """The hyperparameters: the recipe, and what was trained on which images."""
    yield from (("data", str(config.data or "demo")), ("protocol", config.protocol), ("program", program_version()))
    for field in fields(config.recipe):
        value = getattr(config.recipe, field.name)
        if isinstance(value, tuple):
            value = " x ".join(map(str, value))
        if value is not None:
            yield f"recipe.{field.name}", value if isinstance(value, bool | int | float) else str(value)
