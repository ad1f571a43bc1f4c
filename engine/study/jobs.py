"""One job of a study: pre-process, train and evaluate one variant with one seed on one fold.

A job is a function of its inputs; it writes into the run folder and reports events, and leans on nothing else.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from torch import nn

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.config.study import StudyConfig
from engine.config.variants import get_variant
from engine.dataset import CheckedImage
from engine.dataset.division import Fold
from engine.errors import StudyStopped, describe_error
from engine.evaluation import compute_metrics
from engine.events.control import StudyControl
from engine.events.record import JobKey
from engine.events.study import Emit, Stage, TrainingResumed
from engine.preprocess import PixelCache, PixelTable, preprocess
from engine.reports.results import JobResult, Seconds, Status
from engine.runs.event_folder import EventFolder
from engine.study.budget import BudgetWatch
from engine.study.estimate import StageTimings
from engine.study.images import Rows, StudyImages
from engine.study.job_checkpoints import JobCheckpoints
from engine.study.reporting import Reporter, StageReporter
from engine.superres import SuperresModel
from engine.system.locations import cache_folder
from engine.system.own_code import printed
from engine.training import (
    Checkpoint,
    CheckpointError,
    StepClock,
    TrainingOutcome,
    Validation,
    predict_proba,
    review_choice,
    steps_per_epoch,
    train,
    validation_scores,
    weights_to_bytes,
)


@dataclass(frozen=True)
class JobInputs:
    """What all jobs of a study share; `preprocess_machine` has the precision that super-resolution is computed in."""

    config: StudyConfig
    images: StudyImages
    machine: MachineSettings
    preprocess_machine: MachineSettings
    superres: SuperresModel | None
    cache: PixelCache
    timings: StageTimings
    reporter: Reporter[EventFolder]
    control: StudyControl


@dataclass
class _Job:
    """What is known of a job while it runs, so that a stop or a failure loses none of it."""

    key: JobKey
    seconds: dict[str, float] = field(default_factory=dict)
    """By stage."""
    outcome: TrainingOutcome | None = None
    checkpoints: JobCheckpoints | None = None
    clock: StepClock = field(default_factory=StepClock)

    def result(self, status: Status, reason: str) -> JobResult:
        return JobResult(
            **self.key._asdict(),
            status=status,
            reason=reason,
            metrics=None,
            final_loss=self.outcome.final_loss if self.outcome else None,
            epochs_done=self.outcome.epochs_done if self.outcome else 0,
            seconds=Seconds(**self.seconds),
        )


def run_job(key: JobKey, inputs: JobInputs) -> JobResult:
    """One variant from images to scores; a stop or a failure ends the job and is told in its result."""
    job, reporter = _Job(key), inputs.reporter
    try:
        with _preprocess(job, inputs) as pixels:
            outcome = _train(job, pixels, inputs)
            if not outcome.steps_done:
                raise StudyStopped
            return _evaluate(job, outcome, pixels, inputs)
    except StudyStopped:
        if inputs.control.handing_over:
            raise
        return job.result("stopped", "stopped before it could be evaluated")
    except Exception as error:  # whatever one variant runs into, the others must go on
        reporter.keep_traceback()
        reporter.notice(f"{key.variant} failed: {describe_error(error)}", "error", key.variant)
        return job.result("failed", describe_error(error))


def preprocess_variant(
    variant: str,
    inputs: JobInputs,
    stage: StageReporter | None,
    *,
    images: Sequence[CheckedImage] | None = None,
    recipe: Recipe | None = None,
) -> PixelTable:
    """The pixels of all images, rows as in `inputs.images`, or of others; amount and progress go to `stage`, if any.

    Raises:
        StudyStopped: a stop was asked for; what was made is kept.
        SimpsonsError: it cannot be done.
    """
    try:
        pixels = preprocess(
            get_variant(variant),
            inputs.images.images if images is None else images,
            recipe or inputs.config.recipe,
            superres=inputs.superres,
            machine=inputs.preprocess_machine,
            cache=inputs.cache,
            control=inputs.control,
            on_start=stage.start if stage else lambda *_: None,
            on_progress=stage.progress if stage else lambda _: None,
            shared_with=[get_variant(name) for name in inputs.config.variants],
        )
    finally:
        for line in printed.drain():
            inputs.reporter.notice(f"your own code printed: {line}", variant=variant)
    if pixels.note and stage is not None:  # it is the same for what is opened again
        inputs.reporter.notice(pixels.note, "warning", variant)
    pixels.tell = lambda sentence: inputs.reporter.notice(sentence, "warning", variant)
    return pixels


def _preprocess(job: _Job, inputs: JobInputs) -> PixelTable:
    variant = job.key.variant
    with _timed(job, "preprocess", inputs) as stage:
        pixels = preprocess_variant(variant, inputs, stage)
    inputs.timings.add("preprocess", variant, inputs.config, stage.fresh, stage.watch.seconds)
    return pixels


@contextlib.contextmanager
def _timed(job: _Job, stage: Stage, inputs: JobInputs) -> Iterator[StageReporter]:
    """A stage of the job whose seconds are kept also when it is stopped or fails."""
    with inputs.reporter.stage(stage, *job.key) as reporter:
        try:
            yield reporter
        finally:
            job.seconds[stage] = reporter.watch.seconds


def _train(job: _Job, pixels: PixelTable, inputs: JobInputs) -> TrainingOutcome:
    """Train to the end, from the job's checkpoint where there is one."""
    job.checkpoints = checkpoints = JobCheckpoints(
        job.key,
        inputs.reporter,
        inputs.images,
        recipe=inputs.config.recipe,
        machine=inputs.machine,
        image_size=pixels.image_size,
    )
    begun = checkpoints.load()
    with _timed(job, "train", inputs) as stage:
        try:
            outcome = _train_from(begun, job, pixels, inputs, stage)
        except CheckpointError as error:  # a file that says that it is ours, with tensors that are not
            checkpoints.reject(error)
            begun = None
            outcome = _train_from(begun, job, pixels, inputs, stage)
        job.outcome = outcome
    job.seconds["train"] += checkpoints.seconds_before
    recipe, images = inputs.config.recipe, len(inputs.images.folds[job.key.fold].train)
    steps = outcome.steps_done - (begun.position.steps_done if begun else 0)
    seen = images * steps // steps_per_epoch(images, recipe.batch_size)
    inputs.timings.add("train", job.key.variant, inputs.config, seen, stage.watch.seconds)
    if pace := job.clock.seconds_per_image:
        cache_dir = cache_folder(inputs.config.cache_dir)
        if doubt := review_choice(recipe, inputs.machine, pixels.image_size, pace, cache_dir):
            inputs.reporter.notice(doubt, variant=job.key.variant)
    if outcome.stopped and inputs.control.handing_over:
        raise StudyStopped
    if not outcome.stopped and outcome.epochs_done < recipe.epochs:
        inputs.reporter.notice(
            f"ended after {outcome.epochs_done} of {recipe.epochs} epochs: the validation accuracy has not risen for "
            f"{recipe.patience}",
            variant=job.key.variant,
        )
    if outcome.steps_done:
        inputs.reporter.folder.write_weights(job.key, weights_to_bytes(outcome.model))
    return outcome


def _train_from(
    begun: Checkpoint | None, job: _Job, pixels: PixelTable, inputs: JobInputs, stage: StageReporter
) -> TrainingOutcome:
    images, key, reporter, recipe = inputs.images, job.key, inputs.reporter, inputs.config.recipe
    fold = images.folds[key.fold]
    step, epoch = (begun.position.steps_done, begun.position.epochs_done) if begun else (0, 0)
    steps = recipe.epochs * steps_per_epoch(len(fold.train), recipe.batch_size)
    stage.start(steps, cached=step)
    if reporter.record.losses.get(key):
        reporter.emit(TrainingResumed(epoch=epoch, step=step, **key._asdict()))
    emit: Emit = reporter.emit_training
    if inputs.config.budget_minutes is not None:
        before = job.seconds["preprocess"] + (job.checkpoints.seconds_before if job.checkpoints else 0.0)
        emit = BudgetWatch(
            minutes=inputs.config.budget_minutes,
            recipe=recipe,
            image_size=pixels.image_size,
            steps=steps,
            begun=step,
            seconds_before=before,
            seconds=lambda: stage.watch.seconds,
            warn=lambda sentence: reporter.notice(sentence, "warning", key.variant),
        ).before(emit)
    return train(
        **key._asdict(),
        recipe=recipe,
        machine=inputs.machine,
        pixels=pixels,
        rows=fold.train,
        labels=images.labels[fold.train],
        n_classes=len(images.classes),
        emit=job.clock.before(emit),
        control=inputs.control,
        validate=_validation(fold, pixels, inputs) if len(fold.validation) else None,
        resume=begun,
        keep=lambda checkpoint: _keep(checkpoint, job, stage),
    )


def _keep(checkpoint: Checkpoint, job: _Job, stage: StageReporter) -> None:
    if job.checkpoints is not None:
        job.checkpoints.keep(checkpoint, stage.watch)


def _validation(fold: Fold, pixels: PixelTable, inputs: JobInputs) -> Callable[[nn.Module], Validation]:
    """A function from a network to its scores on the fold's validation images."""
    labels = inputs.images.labels[fold.validation]

    return lambda model: validation_scores(_probabilities(model, fold.validation, pixels, inputs), labels)


def _probabilities(
    model: nn.Module,
    rows: Rows,
    pixels: PixelTable,
    inputs: JobInputs,
    on_progress: Callable[[int], None] = lambda _: None,
) -> npt.NDArray[np.float64]:
    return predict_proba(
        model,
        inputs.machine,
        pixels,
        rows,
        batch_size=inputs.config.recipe.batch_size,
        # What was trained is evaluated, also when a stop came meanwhile: it takes seconds.
        control=StudyControl(),
        on_progress=on_progress,
    )


def _evaluate(job: _Job, outcome: TrainingOutcome, pixels: PixelTable, inputs: JobInputs) -> JobResult:
    config, images = inputs.config, inputs.images
    rows = images.folds[job.key.fold].test
    with _timed(job, "evaluate", inputs) as stage:
        stage.start(len(rows))
        probabilities = _probabilities(outcome.model, rows, pixels, inputs, stage.progress)
        metrics = compute_metrics(images.labels[rows], probabilities.argmax(axis=1), images.classes)
    inputs.timings.add("evaluate", job.key.variant, config, len(rows), stage.watch.seconds)
    status: Status = "stopped" if outcome.stopped else "done"
    reason = f"stopped after {outcome.epochs_done} of {config.recipe.epochs} epochs" if outcome.stopped else ""
    return replace(job.result(status, reason), metrics=metrics, predictions=images.predictions(rows, probabilities))
