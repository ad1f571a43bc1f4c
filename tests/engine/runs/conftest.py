"""Events of a small study, without an engine."""

from dataclasses import replace

import pytest

from engine.config.machine import MachineSettings
from engine.config.recipes import RECIPES
from engine.config.study import StudyConfig
from engine.events.record import StudyRecord
from engine.events.study import (
    BatchTrained,
    DatasetChecked,
    EpochTrained,
    JobFinished,
    MachineChosen,
    Notice,
    StudyFinished,
    StudyStarted,
)
from engine.reports.aggregate import metrics_of_matrix
from engine.reports.results import DatasetSummary, JobResult, Prediction, Seconds
from engine.runs import RunFolder

DATASET = DatasetSummary("set", "/set", "flat", False, ("a", "b"), (4, 4), (2, 2), 0, 0)


def result_of(variant, right):
    """A job that got `right` of four test images right."""
    labels = (0, 0, 1, 1)
    predicted = [label if place < right else 1 - label for place, label in enumerate(labels)]
    matrix = [[0, 0], [0, 0]]
    for label, choice in zip(labels, predicted, strict=True):
        matrix[label][choice] += 1
    return JobResult(
        variant=variant,
        seed=0,
        fold=0,
        status="done",
        reason="",
        metrics=metrics_of_matrix(matrix, ("a", "b")),
        final_loss=0.5,
        epochs_done=1,
        seconds=Seconds(1.0, 2.0, 3.0),
        predictions=tuple(
            Prediction(f"test/{place}.png", label, choice, (0.1 + 0.2, float("nan")))
            for place, (label, choice) in enumerate(zip(labels, predicted, strict=True))
        ),
    )


def job_of(variant, right):
    """The events of training and evaluating a variant."""
    batches = [
        BatchTrained(variant=variant, epoch=0, step=step, loss=1 / (step + 1), images=4, time=20.0 + step)
        for step in range(2)
    ]
    epoch = EpochTrained(variant=variant, epoch=0, loss=0.75, accuracy=0.5, time=22.0)
    return [*batches, epoch, JobFinished(result=result_of(variant, right), time=23.0)]


@pytest.fixture
def events():
    """From the first event to the last, two variants of which the second is better."""
    started = StudyStarted(
        time=10.0,
        study="some-study",
        dataset=DATASET,
        variants=("vanilla", "bbox"),
        protocol="official",
        recipe=replace(RECIPES["quick"], epochs=1),
        seed=0,
        program_version="1",
    )
    return [
        started,
        DatasetChecked(dataset=replace(DATASET, fingerprint="f00d"), time=11.0),
        Notice(message="mind — “this”", level="warning", time=12.0),
        MachineChosen(machine=MachineSettings("cpu", "a processor", "fp32", True, 1, "given"), time=13.0),
        *job_of("vanilla", 2),
        *job_of("bbox", 3),
        StudyFinished(status="done", conclusion=("one",), folder="/runs/x", time=30.0),
    ]


@pytest.fixture
def runs_dir(tmp_path):
    return tmp_path / "deep" / "runs"


@pytest.fixture
def run(runs_dir):
    folder = RunFolder.create(runs_dir, StudyConfig(seed=7))
    yield folder
    folder.close()


@pytest.fixture
def write(runs_dir):
    """Makes a run of these events, as a writer leaves it that ended after the last, and returns its folder."""

    def write(events):
        run, record = RunFolder.create(runs_dir, StudyConfig(seed=7)), StudyRecord()
        for event in events:
            record.apply(event)
            run.append(event)
            run.write_summary(record)
        run.close()
        return run.folder

    return write


@pytest.fixture
def plain():
    """Events in a form that compares, also where a number is NaN, and wherever the run lies."""
    return lambda events: [repr(replace(event, folder="") if hasattr(event, "folder") else event) for event in events]
