import json
import math
from dataclasses import fields

import pytest

from engine.config.machine import MachineSettings
from engine.config.own_steps import OwnStep
from engine.config.recipes import RECIPES
from engine.events import codec
from engine.events import study as events
from engine.events.search import TuningResumed
from engine.reports.audit import AuditedImage, AuditReport, CopyPair, SizeSummary
from engine.reports.machine_load import GpuLoad
from engine.reports.pipelines import (
    CurvePoint,
    MirrorPair,
    OrderEffect,
    PipelineAnalysis,
    PipelineGain,
    Rate,
    StrengthCurve,
    TestedDifference,
    TwoClassScores,
    VarianceShares,
)
from engine.reports.quality import ImageQuality, QualityRelation, QualityReport
from engine.reports.results import (
    Averages,
    Baseline,
    ClassScores,
    DatasetSummary,
    JobResult,
    Metrics,
    NetworkInfo,
    Prediction,
    ProtocolSummary,
    Seconds,
    SkippedFile,
    SuperresWeightsInfo,
)
from engine.reports.statistics import (
    Calibration,
    Comparison,
    Interval,
    ReliabilityBin,
    StudyStatistics,
    VariantStatistics,
)

DATASET = DatasetSummary(
    "set", "/set", "kaggle", False, ("a", "b"), (3, 4), (1, 1), 2, 0, (SkippedFile("x.jpg", "no image"),), ("a note",)
)
AVERAGES = Averages(0.5, 0.25, 0.125)
METRICS = Metrics(0.5, AVERAGES, AVERAGES, AVERAGES, (ClassScores("a", 1.0, 0.5, 0.75, 1),), ((1, 0), (1, 0)))
RESULT = JobResult(
    "vanilla", 3, 0, "stopped", "why", METRICS, 0.5, 2, Seconds(1, 2, 3), (Prediction("t.jpg", 0, 1, (0.25, 0.75)),)
)
PAIR = CopyPair(
    AuditedImage("t/1.jpg", "a", "test", (60, 80)), AuditedImage("x/1.jpg", "b", "train", (180, 240)), "near", 2, 3.5
)
AUDIT = AuditReport(
    closeness="near",
    classes=("a", "b"),
    train_counts=(3, 4),
    test_counts=(1, 1),
    boxed_train_counts=(1, 1),
    boxed_test_counts=(0, 0),
    unreadable=(SkippedFile("x.jpg", "no image"),),
    odd=(SkippedFile("y.jpg", "a PNG"),),
    sizes=(SizeSummary("train", (1, 2, 3), (4, 5, 6), 2),),
    pairs=(PAIR,),
    groups=(("t/1.jpg", "x/1.jpg"),),
    leaking_test=1,
    leaking_train=1,
    copied_train=0,
    copied_test=0,
    sentences=("1 of 2 test images is a copy",),
    blind_spots=("the same scene a second later",),
)
INTERVAL = Interval(0.25, 0.75, "Wilson")
STATISTICS = StudyStatistics(
    variants=(
        VariantStatistics(
            variant="vanilla",
            images=2,
            groups=2,
            seeds=(3, 4),
            accuracy=0.5,
            accuracy_interval=INTERVAL,
            macro_f1=0.5,
            macro_f1_interval=INTERVAL,
            seed_accuracies=(0.5, 0.5),
            seed_spread=0.0,
            sampling_error=0.25,
            calibration=Calibration(0.125, (ReliabilityBin(0.5, 1.0, 2, 0.75, 0.5),)),
        ),
    ),
    comparisons=(Comparison("vanilla", "bbox", 0.5, INTERVAL, 1, 0, "exact McNemar", 1.0, 1.0, False),),
    refused=("vanilla and denoise: different test images",),
)
TESTED = TestedDifference(0.25, INTERVAL, "sign flips", 0.5, 1.0, significant=False)
ANALYSIS = PipelineAnalysis(
    baseline="vanilla",
    images=2,
    groups=2,
    seeds=(3, 4),
    gains=(PipelineGain("a+b", 2, 0.5, TESTED, 1, 0),),
    effects=(OrderEffect("first", ("a",), 4, TESTED), OrderEffect("length", (), 4, TESTED)),
    length_correlation=-0.5,
    mirrors=(MirrorPair("a+b", "b+a", TESTED),),
    shares=(VarianceShares(2, 4, 2, 0.125, 0.5, 0.25, None, INTERVAL, 0.5, None, 1.0, None),),
    curves=(StrengthCurve("d", "w", "d(w=*)", (CurvePoint(0.5, "d(w=0.5)", 0.5, INTERVAL, None),), TESTED),),
    positive="b",
    two_class=(TwoClassScores("a+b", *[Rate(0.5, INTERVAL)] * 3, TESTED, 1.5, 1.0, 0.5),),
)
MACHINE = MachineSettings("cpu", "a processor", "bf16", True, 2, "measured")
QUALITY = QualityReport(
    (
        ImageQuality("gaussian", "vanilla", 2, 0, 30.5, Interval(28.0, 33.0, "t"), 0.9, Interval(0.8, 1.0, "t")),
        ImageQuality("gamma(gamma=1)", "vanilla", 2, 2, None, None, 1.0, None),
    ),
    (QualityRelation("SSIM", ("a", "b", "c", "d"), 0.8, "exact permutation test", 0.2, 0.4, False),),
)

EVERY_EVENT = [
    events.StudyStarted(
        time=1.5,
        study="s",
        dataset=DATASET,
        variants=("vanilla", "bbox"),
        protocol="official",
        recipe=RECIPES["paper"],
        seed=3,
        program_version="1",
        steps=(OwnStep("mine", "/home/me/my_steps.py", "ab" * 32, (("strength", "0.5"),)),),
    ),
    events.DatasetChecked(dataset=DATASET),
    events.AuditFinished(audit=AUDIT),
    events.ProtocolApplied(protocol=ProtocolSummary("clean", "clean: 7 train", (5,), (2,), (2,), 3, 0, "00ff")),
    events.StatisticsComputed(statistics=STATISTICS),
    events.PipelinesAnalysed(analysis=ANALYSIS),
    events.MachineChosen(machine=MACHINE),
    events.MachineMeasured(host="n1", cpu=0.5, disk_free=None, disk_read=12, gpus=(GpuLoad(0, 0.5, 1, 2, None, 61.5),)),
    events.NetworkOpened(
        network=NetworkInfo("my_net.py:build", 12, "00ff", "w.pth", "/w.pth", "00ee", (0.5,) * 3, (0.25,) * 3, ("so",))
    ),
    events.SuperresWeightsChosen(weights=SuperresWeightsInfo("shipped", "ours", "00ff", "offline")),
    events.Notice(message="mind — “this”", level="warning", variant="bbox"),
    events.StageStarted(stage="preprocess", total=10, variant="bbox", cached=4),
    events.StageProgress(stage="preprocess", done=5, variant="bbox"),
    events.StageFinished(stage="preprocess", seconds=1.25, variant="bbox"),
    events.BatchTrained(variant="bbox", epoch=0, step=1, loss=0.1, images=100),
    events.EpochTrained(variant="bbox", epoch=0, loss=0.1, accuracy=0.9),
    events.JobFinished(result=RESULT),
    events.AttemptSubmitted(variant="bbox", seed=3, fold=1, attempt=2, place="Slurm job 17"),
    events.AttemptStarted(
        variant="bbox",
        seed=3,
        fold=1,
        attempt=2,
        host="n1",
        process=9,
        device_name="a GPU",
        output="attempts/x/2/o.log",
    ),
    events.AttemptEnded(variant="bbox", seed=3, fold=1, attempt=2, reason="preempted"),
    events.WorkersChanged(workers=8, on="slurm", reason="too little memory", held="queue full", held_seconds=60.5),
    events.BaselinesMeasured(baselines=(Baseline("majority", METRICS),)),
    events.QualityMeasured(quality=QUALITY),
    events.StudyPaused(),
    events.StudyUnpaused(),
    events.RunResumed(program_version="1"),
    events.TrainingResumed(variant="bbox", epoch=1, step=5, seed=3, fold=1),
    events.StudyFinished(status="done", conclusion=("one", "two"), folder="/runs/s"),
]


def test_every_kind_of_event_is_tried_here():
    kinds = {
        value
        for value in vars(events).values()
        if isinstance(value, type) and issubclass(value, events.Event) and value is not events.Event
    }
    assert {type(event) for event in EVERY_EVENT} == kinds


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: type(event).__name__)
def test_events_survive_the_trip_to_json(event):
    line = codec.event_to_line(event)
    assert "\n" not in line
    assert codec.event_from_line(line) == event


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_become_null_and_come_back_as_nan(loss):
    line = codec.event_to_line(events.BatchTrained(variant="v", epoch=0, step=0, loss=loss, images=1))
    assert json.loads(line, parse_constant=pytest.fail)["loss"] is None
    assert math.isnan(codec.event_from_line(line).loss)


def test_fields_of_a_later_version_are_ignored():
    data = json.loads(codec.event_to_line(events.StudyPaused(time=2.0)))
    assert codec.event_from_line(json.dumps({**data, "colour": "red"})) == events.StudyPaused(time=2.0)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "nonsense",
        "[]",
        '{"event":"Unheard"}',
        '{"event":"Event"}',
        '{"event":"BatchTrained","variant":"v"}',
        '{"event":"BatchTrained","variant":1,"epoch":0,"step":0,"loss":0,"images":1}',
        '{"event":"BatchTrained","variant":"v","epoch":0,"step":0,"loss":"low","images":1}',
        '{"event":"StageStarted","stage":"sing","total":1}',
        '{"event":"StudyFinished","status":"done","conclusion":"x"}',
        '{"event":"MachineChosen","machine":3}',
    ],
)
def test_lines_that_are_no_event_are_refused(line):
    with pytest.raises(ValueError):  # noqa: PT011 - the kind of error is the promise
        codec.event_from_line(line)


def test_a_tuple_of_fixed_length_must_have_it():
    recipe = codec.to_jsonable(RECIPES["paper"])
    assert codec.from_jsonable(type(RECIPES["paper"]), recipe) == RECIPES["paper"]
    with pytest.raises(ValueError, match="Recipe"):
        codec.from_jsonable(type(RECIPES["paper"]), {**recipe, "image_size": [1, 2, 3]})


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ('{"event":"StudyResumed","time":2.0}', events.StudyUnpaused(time=2.0)),
        (
            '{"event":"StudyContinued","time":2.0,"program_version":"1"}',
            events.RunResumed(time=2.0, program_version="1"),
        ),
        (
            '{"event":"TrainingContinued","time":2.0,"variant":"v","epoch":1,"step":5}',
            events.TrainingResumed(time=2.0, variant="v", epoch=1, step=5),
        ),
        (
            '{"event":"TuningContinued","time":2.0,"trials":null,"minutes":1.5,"program_version":"1"}',
            TuningResumed(time=2.0, trials=None, minutes=1.5, program_version="1"),
        ),
    ],
)
def test_events_are_known_by_their_former_names(line, event):
    assert codec.event_from_line(line) == event


def test_values_without_a_json_form_are_refused():
    with pytest.raises(TypeError, match="object"):
        codec.to_jsonable(object())


def test_every_field_is_written():
    written = codec.to_jsonable(RESULT)
    assert set(written) == {field.name for field in fields(JobResult)}


@pytest.mark.parametrize("line", ['{"event": ["Notice"]}', '{"event": {}}', '{"event": null}', "[" * 100_000])
def test_an_event_whose_name_is_no_name_is_no_event(line):
    with pytest.raises(ValueError, match=r"not an event|too deeply"):
        codec.event_from_line(line)


@pytest.mark.parametrize(
    ("part", "fault"),
    [('"epoch":0', '"epoch":0.5'), ('"images":100', '"images":true'), ('"loss":0.1', '"loss":"low"'), ("}", "} x")],
)
def test_a_batch_is_read_as_strictly_as_any_event(part, fault):
    line = codec.event_to_line(events.BatchTrained(variant="bbox", epoch=0, step=1, loss=0.1, images=100))
    assert part in line
    with pytest.raises(ValueError, match=r"BatchTrained|not an event"):
        codec.event_from_line(line.replace(part, fault))
