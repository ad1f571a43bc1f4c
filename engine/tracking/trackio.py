"""Trackio: a run a job, grouped by the study (the optional extra `trackio`).

It goes where Trackio's own variables say (TRACKIO_DIR, TRACKIO_SPACE_ID, TRACKIO_SERVER_URL), else to the run folder.
"""

import os
from typing import Any

from engine.reports.results import JobResult
from engine.tracking.points import Point, confusion_text
from engine.tracking.tracker import PROJECT, JobLog, TrackedJob, TrackedStudy, Tracker

_ELSEWHERE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")


def open_tracker(study: TrackedStudy) -> Tracker:
    """Import Trackio, which reads then where it writes to."""
    if study.offline:
        for name in _ELSEWHERE:
            os.environ.pop(name, None)
    if not any(os.environ.get(name) for name in ("TRACKIO_DIR", *_ELSEWHERE)):
        os.environ["TRACKIO_DIR"] = str(study.folder)
    import trackio

    return TrackioTracker(trackio, study)


class TrackioTracker(Tracker):
    """Opens a run of Trackio a job."""

    def __init__(self, trackio: Any, study: TrackedStudy) -> None:
        self._trackio, self._study = trackio, study

    def open(self, job: TrackedJob) -> JobLog:
        """One with the name that this job always has, so that it is gone on with."""
        run = self._trackio.init(
            project=os.environ.get("TRACKIO_PROJECT", PROJECT),
            name=f"{self._study.study} {job.name}",
            group=self._study.study,
            config=dict(job.parameters),
            resume="allow",
            embed=False,
            auto_log_gpu=False,
            auto_log_cpu=False,
        )
        return TrackioJob(self._trackio, run)


class TrackioJob(JobLog):
    """A run of Trackio."""

    def __init__(self, trackio: Any, run: Any) -> None:
        self._trackio, self._run = trackio, run

    def log(self, point: Point) -> None:
        """Add the values; epochs stand at their last batch."""
        self._run.log({**point.values, "epoch": point.epoch}, step=point.step)

    def finish(self, result: JobResult, last: Point) -> None:
        """Add the confusion matrix and end the run."""
        if result.metrics is not None:
            self._run.log({"confusion matrix": self._trackio.Markdown(confusion_text(result))}, step=last.step)
        self._run.finish()

    def close(self) -> None:
        """End the run; one of the same name goes on with it."""
        self._run.finish()
