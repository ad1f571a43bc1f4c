import json

import pytest

from engine.config.recipes import RECIPES
from engine.events.record import JobKey, StudyRecord
from engine.events.study import (
    BatchTrained,
    DatasetChecked,
    EpochTrained,
    JobFinished,
    Notice,
    PipelinesAnalysed,
    RunResumed,
    StageStarted,
    StatisticsComputed,
    StudyFinished,
    StudyStarted,
    SuperresWeightsChosen,
    TrainingResumed,
)
from engine.events.study_json import study_to_json
from engine.reports.pipelines import PipelineAnalysis
from engine.reports.results import (
    Averages,
    ClassScores,
    DatasetSummary,
    JobResult,
    Metrics,
    Seconds,
    SkippedFile,
    SuperresWeightsInfo,
)
from engine.reports.statistics import StudyStatistics

AVERAGES = Averages(float("nan"), 0.5, 0.5)
METRICS = Metrics(0.5, AVERAGES, AVERAGES, AVERAGES, (ClassScores("a", 1.0, 0.5, 0.75, 2),), ((1, 0), (1, 0)))


def dataset(train):
    return DatasetSummary("set", "/set", "split", False, ("a", "b"), (train, 4), (1, 1), 2, 0, (SkippedFile("x", "y"),))


def start(variants=("vanilla", "bbox", "denoise")):
    return StudyStarted(
        study="s1",
        dataset=dataset(5),
        variants=variants,
        protocol="official",
        recipe=RECIPES["quick"],
        seed=3,
        program_version="1",
    )


def job(variant, status, metrics=METRICS):
    return JobFinished(result=JobResult(variant, 3, 0, status, "why", metrics, 0.25, 5, Seconds(1, 2, 3)))


def batch(variant, loss, step=0):
    return BatchTrained(variant=variant, seed=3, epoch=0, step=step, loss=loss, images=2)


@pytest.fixture
def record():
    return StudyRecord.from_events(
        [
            start(),
            DatasetChecked(dataset=dataset(3)),
            SuperresWeightsChosen(weights=SuperresWeightsInfo("shipped", "ours", "0123456789abcdef", "no network")),
            Notice(message="look", level="warning"),
            StageStarted(stage="train", variant="vanilla", total=2),
            batch("vanilla", 1.5),
            batch("vanilla", float("nan"), 1),
            job("vanilla", "done"),
            batch("bbox", 2.0),
            job("bbox", "failed", metrics=None),
            StudyFinished(status="failed", reason="failed: bbox", conclusion=("so",), folder="/runs/s1"),
        ]
    )


def test_the_json_object_is_strict_and_has_the_promised_form(record):
    data = json.loads(json.dumps(study_to_json(record), allow_nan=False))
    assert data["schema"] == 2
    assert data["study"] == "s1"
    assert data["dataset"]["train"] == 7
    assert data["dataset"]["boxed"] == {"train": 2, "test": 0}
    assert data["dataset"]["skipped"] == [{"path": "x", "reason": "y"}]
    assert data["recipe"]["image_size"] == [96, 128]
    assert data["superres_weights"] == "shipped: ours (sha256 0123456789ab; no network)"
    vanilla = data["variants"]["vanilla"]
    assert vanilla["status"] == "done"
    assert vanilla["loss"] == [1.5, None]
    assert vanilla["precision"] == {"macro": None, "weighted": 0.5, "micro": 0.5}
    assert vanilla["per_class"] == {"a": {"precision": 1.0, "recall": 0.5, "f1": 0.75, "support": 2}}
    assert vanilla["confusion_matrix"] == [[1, 0], [1, 0]]
    assert vanilla["seconds"] == {"preprocess": 1, "train": 2, "evaluate": 3}


def test_failed_and_never_started_variants_say_so_and_the_rest_stays(record):
    variants = study_to_json(record)["variants"]
    assert (variants["bbox"]["status"], variants["bbox"]["reason"], variants["bbox"]["loss"]) == (
        "failed",
        "why",
        [2.0],
    )
    assert variants["bbox"]["accuracy"] is None
    assert variants["denoise"]["status"] == "stopped"


def test_a_running_study_is_told_as_running():
    data = study_to_json(StudyRecord.from_events([start()]))
    assert data["status"] == "running"
    vanilla = data["variants"]["vanilla"]
    assert (vanilla["status"], vanilla["accuracy"], vanilla["loss"]) == ("running", None, [])


def test_an_empty_stream_has_no_json_form():
    with pytest.raises(ValueError, match="not started"):
        study_to_json(StudyRecord())


def training(steps, time=100.0):
    """Batches by step, two an epoch, with the end of each epoch."""
    events = []
    for step in steps:
        events.append(
            BatchTrained(variant="vanilla", seed=3, epoch=step // 2, step=step, loss=1.0, images=2, time=time + step)
        )
        if step % 2:
            events.append(
                EpochTrained(variant="vanilla", seed=3, epoch=step // 2, loss=1.0, accuracy=0.5, time=time + step)
            )
    return events


def test_epochs_are_kept_with_the_first_batch_of_each():
    record = StudyRecord.from_events([start(), *training(range(5))])
    key = JobKey("vanilla", 3, 0)
    assert [(begun.epoch, begun.step) for begun in record.epoch_starts[key]] == [(0, 0), (1, 2), (2, 4)]
    assert [ended.time for ended in record.epochs[key]] == [101.0, 103.0]


def test_an_epoch_that_is_trained_again_replaces_the_first_try():
    record = StudyRecord.from_events([start(), *training(range(5)), *training(range(2, 4), time=200.0)])
    key = JobKey("vanilla", 3, 0)
    assert [begun.time for begun in record.epoch_starts[key]] == [100.0, 202.0]
    assert [ended.time for ended in record.epochs[key]] == [101.0, 203.0]


def test_training_that_goes_on_takes_back_the_epochs_that_come_again_at_once():
    continued = TrainingResumed(variant="vanilla", seed=3, epoch=1, step=2)
    record = StudyRecord.from_events([start(), *training(range(6)), continued])
    key = JobKey("vanilla", 3, 0)
    assert [ended.epoch for ended in record.epochs[key]] == [0]
    assert [begun.step for begun in record.epoch_starts[key]] == [0]
    assert len(record.losses[key]) == 2


def test_a_job_that_is_tried_again_stands_where_it_would_have_without_the_failure():
    continued = RunResumed(program_version="1")
    failed_first = [job("vanilla", "failed", None), job("bbox", "done"), continued, job("vanilla", "done")]
    record = StudyRecord.from_events([start(), *failed_first])
    undisturbed = StudyRecord.from_events([start(), job("vanilla", "done"), job("bbox", "done")])
    assert list(record.results) == list(undisturbed.results)


def test_statistics_of_scores_that_are_taken_back_are_taken_back_with_them():
    statistics, analysis = StudyStatistics((), (), ()), PipelineAnalysis("vanilla", 9, 9, (0,))
    told = StatisticsComputed(statistics=statistics), PipelinesAnalysed(analysis=analysis)
    continued = RunResumed(program_version="1")
    stopped = StudyRecord.from_events([start(), job("vanilla", "done"), job("bbox", "stopped"), *told, continued])
    assert (stopped.statistics, stopped.analysis) == (None, None)
    kept = StudyRecord.from_events([start(), job("vanilla", "done"), job("bbox", "failed", None), *told, continued])
    assert (kept.statistics, kept.analysis) == (statistics, analysis)
