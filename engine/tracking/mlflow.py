"""MLflow: a run a job below one of the study (the optional extra `mlflow`).

It goes to the address in MLFLOW_TRACKING_URI, else to a database in the run folder; to the experiment in
MLFLOW_EXPERIMENT_NAME, else `simpsons-tui`.
"""

import os
from typing import Any
from urllib.parse import urlsplit

from engine.reports.results import JobResult
from engine.tracking.points import Point, confusion_text
from engine.tracking.tracker import PROJECT, JobLog, TrackedJob, TrackedStudy, Tracker

_MOST_AT_ONCE = 500
"""Values of one request; MLflow takes 1,000."""

_MOST_PARAMETERS = 100
_STATUS = {"done": "FINISHED", "stopped": "KILLED", "failed": "FAILED"}
_ID = "simpsons_tui.job"


def open_tracker(study: TrackedStudy) -> Tracker:
    """Import MLflow and find the experiment, or make it."""
    from mlflow import MlflowClient

    study.folder.mkdir(parents=True, exist_ok=True)
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    local = not uri or (study.offline and urlsplit(uri).scheme not in ("", "file", "sqlite"))
    if local:
        uri = f"sqlite:///{study.folder.absolute() / 'mlflow.db'}"
    client = MlflowClient(tracking_uri=uri)
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME", PROJECT)
    found = client.get_experiment_by_name(name)
    place = (study.folder.absolute() / "artifacts").as_uri() if local else None
    experiment = found.experiment_id if found else client.create_experiment(name, artifact_location=place)
    return MlflowTracker(client, experiment, study)


class MlflowTracker(Tracker):
    """Opens a run of MLflow a job, below one that stands for the study."""

    def __init__(self, client: Any, experiment: str, study: TrackedStudy) -> None:
        self._client, self._experiment, self._study = client, experiment, study
        self._parent = self._run(study.study, study.study, {})

    def open(self, job: TrackedJob) -> JobLog:
        """The run with this job's tag, or a new one."""
        tags = {"mlflow.parentRunId": self._parent, "study": self._study.study, "variant": job.key.variant}
        run = self._run(f"{self._study.study}/{job.name}", job.name, tags)
        self._log_parameters(run, job)
        return MlflowJob(self._client, run)

    def close(self, *, done: bool) -> None:
        """End the study's run."""
        self._client.set_terminated(self._parent, "FINISHED" if done else "KILLED")

    def _run(self, identity: str, name: str, tags: dict[str, str]) -> str:
        query = f"tags.`{_ID}` = '{identity}'"
        found = self._client.search_runs([self._experiment], query, max_results=1)
        if found:
            self._client.update_run(found[0].info.run_id, status="RUNNING")
            return str(found[0].info.run_id)
        tags = {_ID: identity, "mlflow.runName": name, "mlflow.source.name": PROJECT, **tags}
        return str(self._client.create_run(self._experiment, tags=tags).info.run_id)

    def _log_parameters(self, run: str, job: TrackedJob) -> None:
        from mlflow.entities import Param

        values = [Param(name, str(value)) for name, value in job.parameters.items()]
        self._client.log_batch(run, params=values[:_MOST_PARAMETERS])


class MlflowJob(JobLog):
    """A run of MLflow; values are sent many at a time."""

    def __init__(self, client: Any, run: str) -> None:
        from mlflow.entities import Metric

        self._client, self._run, self._metric = client, run, Metric
        self._waiting: list[Any] = []

    def log(self, point: Point) -> None:
        """Keep the values for the next request."""
        step = point.epoch if point.of_epoch else point.step
        milliseconds = int(point.time * 1000)
        self._waiting += [self._metric(tag, value, milliseconds, step) for tag, value in point.values.items()]
        if len(self._waiting) >= _MOST_AT_ONCE:
            self.flush()

    def finish(self, result: JobResult, last: Point) -> None:
        """Add the confusion matrix and end the run."""
        self.flush()
        if result.metrics is not None:
            self._client.log_text(self._run, confusion_text(result), "confusion_matrix.md")
        self._client.set_terminated(self._run, _STATUS[result.status])

    def flush(self) -> None:
        """Send what waits."""
        while self._waiting:
            self._client.log_batch(self._run, metrics=self._waiting[:_MOST_AT_ONCE])
            del self._waiting[:_MOST_AT_ONCE]

    def close(self) -> None:
        """Leave the run as one that may be resumed."""
        self.flush()
        self._client.set_terminated(self._run, "KILLED")
