"""An engine that reports a small study without doing any work; as a script, the command line with that engine.

The environment variable FAKE_ENGINE names what it does: "whole", "noisy" (libraries that print), "endless" (works until
it is stopped), "deaf" (never looks at the stop flag), "crash", "failed" (one variant fails).
"""

import os
import sys
import threading

import engine
from engine.config.machine import MachineSettings
from engine.errors import StudyStopped
from engine.events.control import StudyControl
from engine.events.record import StudyRecord
from engine.events.study import (
    BaselinesMeasured,
    BatchTrained,
    DatasetChecked,
    EpochTrained,
    JobFinished,
    MachineChosen,
    Notice,
    StageFinished,
    StageProgress,
    StageStarted,
    StudyFinished,
    StudyStarted,
)
from engine.reports.results import (
    Averages,
    Baseline,
    ClassScores,
    DatasetSummary,
    JobResult,
    Metrics,
    Seconds,
    SkippedFile,
)

CLASSES = ("apu_nahasapeemapetilon", "bart_simpson", "homer_simpson")
BATCHES = 4


def summary():
    skipped = (SkippedFile("bart/broken.jpg", "not an image"),)
    return DatasetSummary("tiny", "/tiny", "split", False, CLASSES, (10, 10, 10), (5, 5, 5), 3, 0, skipped)


def metrics(right=4):
    wrong = 5 - right
    matrix = ((right, wrong, 0), (0, right, wrong), (wrong, 0, right))
    share = right / 5
    average = Averages(share, share, share)
    return Metrics(
        share, average, average, average, tuple(ClassScores(name, share, share, share, 5) for name in CLASSES), matrix
    )


class Study:
    """The events of a study, one variant after another."""

    def __init__(self, config, emit, control, mode):
        self.config, self.control, self.mode = config, control, mode
        self.record = StudyRecord()
        self.listener = emit or (lambda event: None)

    def emit(self, event):
        self.record.apply(event)
        self.listener(event)

    def run(self):
        config = self.config
        self.emit(
            StudyStarted(
                study="fake-1",
                dataset=summary(),
                variants=config.variants,
                protocol=config.protocol,
                recipe=config.recipe,
                seed=config.seed,
                program_version="0",
            )
        )
        self.stage("check", "", 45)
        self.emit(DatasetChecked(dataset=summary()))
        self.emit(MachineChosen(machine=MachineSettings("cpu", "a processor", "fp32", True, 2, "given")))
        self.emit(Notice(message="one box without area dropped", level="warning", variant="bbox"))
        try:
            for variant in config.variants:
                self.job(variant)
        except StudyStopped:
            self.emit(JobFinished(result=self.result(variant, "stopped", "stopped before it could be evaluated", None)))
            self.finish("stopped", "stopped on request")
            return
        self.emit(
            BaselinesMeasured(baselines=(Baseline("majority", metrics(2)), Baseline("thumbnail_1nn", metrics(3))))
        )
        failed = self.mode == "failed"
        self.finish("failed" if failed else "done", "failed: bbox" if failed else "")

    def job(self, variant):
        if self.mode == "crash":
            raise RuntimeError("boom")
        self.stage("preprocess", variant, 45)
        self.emit(StageStarted(stage="train", variant=variant, total=BATCHES))
        if self.mode == "deaf":
            threading.Event().wait(120)
        step = 0
        while step < BATCHES or self.mode == "endless":
            self.control.checkpoint()
            value = float("nan") if step == 1 else 2.0 / (step + 1)
            self.emit(BatchTrained(variant=variant, epoch=0, step=step, loss=value, images=10))
            step += 1
            threading.Event().wait(0.005 if self.mode == "endless" else 0)
        self.emit(EpochTrained(variant=variant, epoch=0, loss=1.0, accuracy=0.75))
        self.emit(StageFinished(stage="train", seconds=61.0, variant=variant))
        self.stage("evaluate", variant, 15)
        if self.mode == "failed" and variant == "bbox":
            self.emit(JobFinished(result=self.result(variant, "failed", "out of memory", None)))
        else:
            self.emit(JobFinished(result=self.result(variant, "done", "", metrics())))

    def stage(self, stage, variant, total):
        self.emit(StageStarted(stage=stage, variant=variant, total=total))
        for done in range(1, total + 1):
            self.emit(StageProgress(stage=stage, variant=variant, done=done))
        self.emit(StageFinished(stage=stage, variant=variant, seconds=1.0))

    def result(self, variant, status, reason, scores):
        return JobResult(variant, self.config.seed, 0, status, reason, scores, 0.5, 1, Seconds(1, 61, 1))

    def finish(self, status, reason):
        conclusion = ("vanilla has the highest accuracy (0.800).",) if status == "done" else ()
        self.emit(StudyFinished(status=status, reason=reason, conclusion=conclusion, folder="/runs/fake-1"))


def run_study(config, emit=None, control=None):
    """Stands in for `engine.study.running.run_study`."""
    mode = os.environ.get("FAKE_ENGINE", "whole")
    if mode == "noisy":
        sys.stdout.write("a library says hello\n")
        os.write(1, b"and its C code as well\n")
    study = Study(config, emit, control or StudyControl(), mode)
    study.run()
    return study.record


if __name__ == "__main__":
    from tui.cli import main

    engine.run_study = run_study
    sys.exit(main())
