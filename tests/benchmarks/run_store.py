"""How long a list of 500 runs and a run of 100,000 batches take to open."""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from table import Row, spread
from workplace import Workplace

from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.events.record import StudyRecord
from engine.events.study import BatchTrained, EpochTrained, Event, JobFinished, StudyFinished, StudyStarted
from engine.reports.aggregate import metrics_of_matrix
from engine.reports.results import DatasetSummary, JobResult, Prediction, Seconds
from engine.runs import RunFolder, list_runs, load_record

RUNS, BATCHES, BATCHES_AN_EPOCH, TEST_IMAGES = 500, 100_000, 80, 300
LIST_SECONDS, OPEN_SECONDS, ROUNDS = 1.0, 2.0, 3
CLASSES = ("a", "b")


def rows(place: Workplace) -> list[Row]:
    """Build both in the workplace and time them."""
    runs_dir = place.folder / "many-runs"
    for _ in range(RUNS - 1):
        write_run(runs_dir, batches=BATCHES_AN_EPOCH)
    folder = write_run(runs_dir, batches=BATCHES)
    return [
        _row(f"list of {RUNS} runs", LIST_SECONDS, lambda: list_runs(runs_dir)),
        _row(f"run of {BATCHES:,} batches, opened", OPEN_SECONDS, lambda: load_record(folder)),
    ]


def _row(what: str, target: float, work: Callable[[], object]) -> Row:
    taken = []
    for _ in range(ROUNDS):
        began = perf_counter()
        work()
        taken.append(perf_counter() - began)
    return Row(what, spread(taken, "s"), target=f"below {target:g} s", met=median(taken) < target)


def write_run(runs_dir: Path, batches: int) -> Path:
    """A run of one variant, written by the store itself."""
    run, record = RunFolder.create(runs_dir, StudyConfig(variants=("vanilla",))), StudyRecord()
    for event in events(batches):
        record.apply(event)
        run.append(event)
    run.write_summary(record)
    run.close()
    return run.folder


def events(batches: int) -> list[Event]:
    """A study's events."""
    dataset = DatasetSummary("set", "/set", "flat", False, CLASSES, (4000, 4000), (150, 150), 0, 0)
    stream: list[Event] = [
        StudyStarted(
            study="benchmark",
            dataset=dataset,
            variants=("vanilla",),
            protocol="official",
            recipe=RECIPES["paper"],
            seed=0,
            program_version="1",
        )
    ]
    for step in range(batches):
        epoch, place = divmod(step, BATCHES_AN_EPOCH)
        stream.append(BatchTrained(variant="vanilla", epoch=epoch, step=step, loss=1 / (1 + step), images=100))
        if place == BATCHES_AN_EPOCH - 1:
            stream.append(EpochTrained(variant="vanilla", epoch=epoch, loss=1 / (1 + step), accuracy=0.5))
    predictions = tuple(Prediction(f"test/{i}.jpg", i % 2, 0, (0.75, 0.25)) for i in range(TEST_IMAGES))
    metrics = metrics_of_matrix(((150, 0), (150, 0)), CLASSES)
    result = JobResult("vanilla", 0, 0, "done", "", metrics, 0.5, 1, Seconds(), predictions)
    return [*stream, JobFinished(result=result), StudyFinished(status="done")]
