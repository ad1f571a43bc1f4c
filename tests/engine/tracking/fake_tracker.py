"""A tracker for a process of its own that writes what it is told, prints, raises or hangs, as a parameter says."""

import json
import sys
import time

from engine.tracking.tracker import JobLog, Tracker


def open_tracker(study):
    sys.stdout.write("hello from the tracker\n")
    if study.parameters["behaviour"] == "no server":
        raise ConnectionError("no server at example.org")
    return FakeTracker(study)


class FakeTracker(Tracker):
    def __init__(self, study):
        self._study = study
        self._file = (study.folder / "told.jsonl").open("a")

    def tell(self, *words):
        self._file.write(json.dumps(words) + "\n")

    def open(self, job):
        self.tell("open", job.name, dict(job.parameters))
        return FakeJob(self, self._study.parameters["behaviour"])

    def close(self, *, done):
        self.tell("close", done)
        self._file.close()


class FakeJob(JobLog):
    def __init__(self, tracker, behaviour):
        self._tell, self._behaviour = tracker.tell, behaviour

    def log(self, point):
        if self._behaviour == "raise":
            raise ValueError("a point too many")
        while self._behaviour == "hang":
            time.sleep(1)
        self._tell("log", dict(point.values), point.epoch, point.step, point.of_epoch)

    def go_back(self, step):
        self._tell("back", step)

    def finish(self, result, last):
        self._tell("finish", result.status, dict(last.values))

    def close(self):
        self._tell("let go")
