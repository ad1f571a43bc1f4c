"""The summary of a run: made from its record, kept in a small file of its own."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.config.recipes import RENAMED, name_today
from engine.errors import SimpsonsError, StorageError
from engine.events.codec import from_jsonable, to_jsonable
from engine.events.record import StudyRecord
from engine.reports.run_summary import RunState, RunSummary
from engine.runs.layout import FORMAT_VERSION, SUMMARY_FILE, NewerVersionError, load_config, read_json


def summarise(record: StudyRecord, folder: Path, *, sequence: int = 0, paused: bool = False) -> RunSummary:
    """What a list shows of a study that came as far as `record`."""
    started, finished, dataset = record.started, record.finished, record.dataset
    if started is None:
        return RunSummary(folder, folder.name, "running", sequence=sequence)
    aggregated = [(variant, record.result(variant)) for variant in started.variants]
    accuracies = tuple(
        (variant, result.metrics.accuracy) for variant, result in aggregated if result is not None and result.metrics
    )
    best, accuracy = max(accuracies, key=lambda entry: entry[1], default=("", None))
    statistics = record.statistics.of(best) if record.statistics else None
    state: RunState = finished.status if finished else "paused" if paused else "running"
    return RunSummary(
        folder=folder,
        study=started.study,
        state=state,
        message=finished.reason if finished else "",
        sequence=sequence,
        started=started.time,
        finished=finished.time if finished else None,
        dataset=dataset.name if dataset else "",
        fingerprint=dataset.fingerprint if dataset else "",
        protocol=started.protocol,
        recipe=name_today(started.recipe),
        test_fingerprint=record.protocol.test_fingerprint if record.protocol else "",
        variants=started.variants,
        seeds=started.seeds,
        folds=started.folds,
        jobs_done=sum(result.status == "done" for result in record.results.values()),
        jobs=len(started.variants) * started.jobs_per_variant,
        accuracies=accuracies,
        best_variant=best,
        accuracy=accuracy,
        interval=statistics.accuracy_interval if statistics else None,
    )


def summary_to_json(summary: RunSummary) -> dict[str, Any]:
    """The content of `summary.json`: what does not follow from where the folder lies and who writes it now."""
    data: dict[str, Any] = to_jsonable(summary)
    return {"version": FORMAT_VERSION, **{name: data[name] for name in data if name not in ("folder", "writer")}}


def read_summary(folder: Path) -> RunSummary:
    """The summary as its writer left it.

    Raises:
        NewerVersionError: only a later version of this program can read it.
        StorageError: there is none, or it is damaged.
    """
    path = folder / SUMMARY_FILE
    data = read_json(path)
    if isinstance(data, dict) and isinstance(data.get("version"), int) and data["version"] > FORMAT_VERSION:
        raise NewerVersionError(f"{folder} was written by a newer version of simpsons-tui: update the program")
    try:
        summary = from_jsonable(RunSummary, {**data, "folder": str(folder)})
    except (ValueError, TypeError) as error:
        raise StorageError(f"{path} is damaged: {error}") from None
    if summary.recipe in (*RENAMED, *RENAMED.values()):  # by an earlier version the name of another training, perhaps
        with suppress(SimpsonsError):
            return replace(summary, recipe=name_today(load_config(folder).recipe))
    return summary
