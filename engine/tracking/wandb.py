"""Weights & Biases: a run a job, grouped by the study (the optional extra `wandb`).

Offline, unless the user is logged in or says otherwise with W&B's own variables (WANDB_MODE, WANDB_PROJECT, WANDB_DIR).
"""

import contextlib
import netrc
import os
from typing import Any
from urllib.parse import urlsplit

from engine.reports.results import JobResult
from engine.system.files import file_name
from engine.tracking.points import Point
from engine.tracking.tracker import PROJECT, JobLog, TrackedJob, TrackedStudy, Tracker

_LONGEST_ID = 100


def open_tracker(study: TrackedStudy) -> Tracker:
    """Import W&B."""
    import wandb

    return WandbTracker(wandb, study)


class WandbTracker(Tracker):
    """Opens a run of W&B a job; several may be open at once."""

    def __init__(self, wandb: Any, study: TrackedStudy) -> None:
        self._wandb, self._study = wandb, study
        self._settings = wandb.Settings(silent=True, console="off", disable_git=True, save_code=False)

    def open(self, job: TrackedJob) -> JobLog:
        """One with the ID that this job always has, so that it is gone on with."""
        name = file_name(f"{self._study.study}-{job.name}".replace("+", "-"))[-_LONGEST_ID:]
        run = self._wandb.init(
            project=os.environ.get("WANDB_PROJECT", PROJECT),
            group=self._study.study,
            name=job.name,
            id=name,
            resume="allow",
            dir=os.environ.get("WANDB_DIR") or str(self._study.folder.parent),  # it adds a folder "wandb" itself
            mode=self._mode(),
            config=dict(job.parameters),
            reinit="create_new",
            settings=self._settings,
        )
        return WandbJob(self._wandb, run)

    def _mode(self) -> str | None:
        """None leaves it to W&B."""
        if self._study.offline:
            return "offline"
        if os.environ.get("WANDB_MODE"):
            return None
        return None if _is_logged_in() else "offline"


def _is_logged_in() -> bool:
    """Whether there is a key for the server, as `wandb login` keeps it; asks nobody."""
    if os.environ.get("WANDB_API_KEY"):
        return True
    host = urlsplit(os.environ.get("WANDB_BASE_URL") or "https://api.wandb.ai").hostname or ""
    with contextlib.suppress(OSError, netrc.NetrcParseError):
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is not None
    return False


class WandbJob(JobLog):
    """A run of W&B; epochs stand at their last batch, because its steps only grow."""

    def __init__(self, wandb: Any, run: Any) -> None:
        self._wandb, self._run = wandb, run

    def log(self, point: Point) -> None:
        """Add the values."""
        self._run.log({**point.values, "epoch": point.epoch}, step=point.step)

    def finish(self, result: JobResult, last: Point) -> None:
        """Add the confusion matrix, and the scores for the table of runs."""
        if result.metrics is not None:
            names = [entry.name for entry in result.metrics.per_class]
            matrix = zip(names, result.metrics.confusion_matrix, strict=True)
            rows = [[name, *counts] for name, counts in matrix]
            self._run.log({"confusion matrix": self._wandb.Table(["true", *names], rows)}, step=last.step)
            self._run.summary.update(dict(last.values))
        self._run.finish(exit_code=int(result.status == "failed"))

    def close(self) -> None:
        """End the run; one of the same ID goes on with it."""
        self._run.finish()
