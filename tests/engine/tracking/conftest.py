"""Events of a small job, and where a tracker may write."""

import pytest

from engine.events.record import JobKey
from engine.events.study import BatchTrained, EpochTrained, JobFinished, StageFinished, StudyFinished
from engine.reports.results import Averages, ClassScores, JobResult, Metrics, Prediction, Seconds
from engine.tracking.tracker import TrackedStudy

AVERAGES = Averages(0.5, 0.25, 0.125)
METRICS = Metrics(
    0.75, AVERAGES, AVERAGES, AVERAGES, (ClassScores("a", 1, 1, 1, 2), ClassScores("b", 1, 1, 1, 2)), ((2, 0), (1, 1))
)
KEY = JobKey("vanilla", 0, 0)
SCORES = {
    "test/accuracy": 0.75,
    **{f"test/macro {score}": 0.5 for score in ("F1", "precision", "recall")},
    **{f"test/weighted {score}": 0.25 for score in ("F1", "precision", "recall")},
}


def batch(step, variant="vanilla"):
    return BatchTrained(time=100.0 + step, variant=variant, epoch=step // 2, step=step, loss=4.0 - step, images=5)


def job_events(variant="vanilla", first=0, steps=4):
    """Epochs of two batches, then the scores."""
    for step in range(first, steps):
        yield batch(step, variant)
        if step % 2:
            yield EpochTrained(time=100.5 + step, variant=variant, epoch=step // 2, loss=2.0, accuracy=step / 10)
    yield StageFinished(time=110, stage="train", seconds=5, variant=variant)
    result = JobResult(
        variant, 0, 0, "done", "", METRICS, 1.0, 2, Seconds(1, 2, 3), (Prediction("a.jpg", 0, 1, (0.5, 0.5)),)
    )
    yield JobFinished(time=111, result=result)


def whole_study():
    yield from job_events()
    yield StudyFinished(time=112, status="done")


@pytest.fixture
def study(tmp_path):
    return TrackedStudy("20260101-1200", tmp_path / "trackers", {"recipe.epochs": 2, "protocol": "clean"})
