"""One job of a study: pre-process, train and evaluate one variant with one seed.

A job is a function of its inputs; it writes into the run folder and reports events, and leans on nothing else.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from engine.config import MachineSettings, StudyConfig
from engine.control import StudyControl
from engine.dataset import CheckedDataset
from engine.errors import SimpsonsError, StudyStopped
from engine.evaluation import compute_metrics
from engine.events import Stage
from engine.preprocess import PixelCache, PixelTable, preprocess
from engine.results import JobResult, Prediction, Seconds, Status
from engine.study.estimate import StageTimings
from engine.study.reporting import Reporter, StageReporter
from engine.superres import SuperresModel
from engine.training import TrainingOutcome, predict, save_weights, steps_per_epoch, train
from engine.variants import get_variant

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Images:
    """The checked images with their rows in a variant's pixel table: training images first, test images after them."""

    checked: CheckedDataset
    train_rows: Rows
    test_rows: Rows
    train_labels: Rows
    test_labels: Rows

    @classmethod
    def of(cls, checked: CheckedDataset) -> "Images":
        """Number the images."""
        train, test = checked.dataset.train, checked.dataset.test
        rows = np.arange(len(train) + len(test), dtype=np.int64)
        labels = np.array([sample.label for sample in (*train, *test)], dtype=np.int64)
        return cls(checked, *np.split(rows, [len(train)]), *np.split(labels, [len(train)]))

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in label order."""
        return self.checked.dataset.classes


@dataclass(frozen=True)
class JobInputs:
    """What all jobs of a study share; `preprocess_machine` has the precision that super-resolution is computed in."""

    config: StudyConfig
    images: Images
    machine: MachineSettings
    preprocess_machine: MachineSettings
    superres: SuperresModel | None
    cache: PixelCache
    timings: StageTimings
    reporter: Reporter
    control: StudyControl


@dataclass
class _Job:
    """What is known of a job while it runs, so that a stop or a failure loses none of it."""

    variant: str
    seconds: dict[Stage, float] = field(default_factory=dict)
    outcome: TrainingOutcome | None = None

    def result(self, seed: int, status: Status, reason: str) -> JobResult:
        return JobResult(
            variant=self.variant,
            seed=seed,
            fold=0,
            status=status,
            reason=reason,
            metrics=None,
            final_loss=self.outcome.final_loss if self.outcome else None,
            epochs_done=self.outcome.epochs_done if self.outcome else 0,
            seconds=Seconds(
                preprocess=self.seconds.get("preprocess", 0.0),
                train=self.seconds.get("train", 0.0),
                evaluate=self.seconds.get("evaluate", 0.0),
            ),
        )


def run_job(variant: str, inputs: JobInputs) -> JobResult:
    """One variant from images to scores; a stop or a failure ends the job and is told in its result."""
    job, seed, reporter = _Job(variant), inputs.config.seed, inputs.reporter
    try:
        with _preprocess(job, inputs) as pixels:
            outcome = _train(job, pixels, inputs)
            if not outcome.steps_done:
                raise StudyStopped
            return _evaluate(job, outcome, pixels, inputs)
    except StudyStopped:
        return job.result(seed, "stopped", "stopped before it could be evaluated")
    except Exception as error:  # whatever one variant runs into, the others must go on
        reporter.keep_traceback()
        reporter.notice(f"{variant} failed: {describe_error(error)}", "error", variant)
        return job.result(seed, "failed", describe_error(error))


def preprocess_variant(variant: str, inputs: JobInputs, stage: StageReporter) -> PixelTable:
    """The pixels of all images, rows as in `inputs.images`; the amount and the progress go to `stage`.

    Raises:
        StudyStopped: a stop was asked for; what was made is kept.
        SimpsonsError: it cannot be done.
    """
    pixels = preprocess(
        get_variant(variant),
        inputs.images.checked.images,
        inputs.config.recipe,
        superres=inputs.superres,
        machine=inputs.preprocess_machine,
        cache=inputs.cache,
        control=inputs.control,
        on_start=stage.start,
        on_progress=stage.progress,
        shared_with=[get_variant(name) for name in inputs.config.variants],
    )
    if pixels.note:
        inputs.reporter.notice(pixels.note, "warning", variant)
    return pixels


def _preprocess(job: _Job, inputs: JobInputs) -> PixelTable:
    with _timed(job, "preprocess", inputs) as stage:
        pixels = preprocess_variant(job.variant, inputs, stage)
    inputs.timings.add("preprocess", job.variant, inputs.config, stage.fresh, stage.watch.seconds)
    return pixels


@contextlib.contextmanager
def _timed(job: _Job, stage: Stage, inputs: JobInputs) -> Iterator[StageReporter]:
    """A stage of the job whose seconds are kept also when it is stopped or fails."""
    with inputs.reporter.stage(stage, job.variant, inputs.config.seed) as reporter:
        try:
            yield reporter
        finally:
            job.seconds[stage] = reporter.watch.seconds


def _train(job: _Job, pixels: PixelTable, inputs: JobInputs) -> TrainingOutcome:
    config, images = inputs.config, inputs.images
    recipe, seed = config.recipe, config.seed
    steps = recipe.epochs * steps_per_epoch(len(images.train_rows), recipe.batch_size)
    with _timed(job, "train", inputs) as stage:
        stage.start(steps)
        outcome = train(
            variant=job.variant,
            seed=seed,
            fold=0,
            recipe=recipe,
            machine=inputs.machine,
            pixels=pixels,
            rows=images.train_rows,
            labels=images.train_labels,
            n_classes=len(images.classes),
            emit=inputs.reporter.emit_training,
            control=inputs.control,
        )
        job.outcome = outcome
    seen = len(images.train_rows) * recipe.epochs * outcome.steps_done // steps
    inputs.timings.add("train", job.variant, config, seen, stage.watch.seconds)
    if outcome.steps_done:
        _keep_weights(job, outcome, inputs)
    return outcome


def _keep_weights(job: _Job, outcome: TrainingOutcome, inputs: JobInputs) -> None:
    folder = inputs.reporter.folder
    try:
        save_weights(outcome.model, folder.weights_file(job.variant, inputs.config.seed, 0))
    except OSError as error:
        message = f"weights of {job.variant} not saved: {error.strerror or error}"
        inputs.reporter.notice(message, "warning", job.variant)


def _evaluate(job: _Job, outcome: TrainingOutcome, pixels: PixelTable, inputs: JobInputs) -> JobResult:
    config, images = inputs.config, inputs.images
    with _timed(job, "evaluate", inputs) as stage:
        stage.start(len(images.test_rows))
        probabilities = predict(
            outcome.model,
            inputs.machine,
            pixels,
            images.test_rows,
            batch_size=config.recipe.batch_size,
            # What was trained is evaluated, also when a stop came meanwhile: it takes seconds.
            control=StudyControl(),
            on_progress=stage.progress,
        )
        predicted = probabilities.argmax(axis=1)
        metrics = compute_metrics(images.test_labels, predicted, images.classes)
    inputs.timings.add("evaluate", job.variant, config, len(images.test_rows), stage.watch.seconds)
    predictions = tuple(
        Prediction(sample.path, sample.label, int(choice), tuple(float(probability) for probability in row))
        for sample, choice, row in zip(images.checked.dataset.test, predicted, probabilities, strict=True)
    )
    status: Status = "stopped" if outcome.stopped else "done"
    reason = f"stopped after {outcome.epochs_done} of {config.recipe.epochs} epochs" if outcome.stopped else ""
    return replace(job.result(config.seed, status, reason), metrics=metrics, predictions=predictions)


def describe_error(error: Exception) -> str:
    """An error as one line for the user."""
    if isinstance(error, SimpsonsError):
        return str(error)
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
