"""One trial of a search: trained with every seed, scored on the validation images after each epoch."""

import math

import numpy as np
from torch import nn

from engine.config.machine import MachineSettings
from engine.config.study import StudyConfig
from engine.config.variants import get_variant
from engine.dataset.division import Fold
from engine.errors import SimpsonsError, StudyStopped, describe_error
from engine.evaluation import compute_metrics
from engine.events.control import StudyControl
from engine.events.search import EpochScored, trial_name
from engine.events.study import BatchTrained, EpochTrained, Event, JobFinished
from engine.preprocess import PixelTable
from engine.reports.results import JobResult, Seconds
from engine.runs.event_folder import EventFolder
from engine.study.images import StudyImages
from engine.study.reporting import Reporter, Stopwatch
from engine.training import Validation, predict_proba, require_memory, train, validation_scores
from engine.tuning.searching import Outcome, TrialFailed, TrialPlan, TrialPruned, mean_outcome


def without_test_images(images: StudyImages) -> StudyImages:
    """The training and validation images alone: nothing that comes after can ask for another one."""
    (fold,) = images.folds
    kept = np.sort(np.concatenate([fold.train, fold.validation]))
    train_rows, validation = (np.searchsorted(kept, part) for part in (fold.train, fold.validation))
    return StudyImages(
        images=tuple(images.images[row] for row in kept),
        labels=images.labels[kept],
        groups=images.groups[kept],
        classes=images.classes,
        folds=(Fold(train_rows, validation, fold.test[:0]),),
    )


class TrialTrainer:
    """Trains trials on the training images and scores them on the validation images."""

    def __init__(
        self,
        config: StudyConfig,
        images: StudyImages,
        pixels: PixelTable,
        machine: MachineSettings,
        reporter: Reporter[EventFolder],
    ) -> None:
        self._config, self._images, self._pixels = config, images, pixels
        self._machine, self._reporter = machine, reporter

    def train(self, plan: TrialPlan) -> Outcome:
        """One trial with all seeds, one after the other.

        The score is the accuracy after the last epoch, because that is the network that a run keeps: the best of all
        epochs would be chosen on the validation images once more.

        Raises:
            TrialPruned: others did better by then.
            TrialFailed: it cannot be trained.
            StudyStopped: a stop was asked for.
        """
        scores = [self.train_seed(plan, place, seed) for place, seed in enumerate(self._config.seeds)]
        for _, result in scores:
            self._reporter.emit(JobFinished(result=result))
        return mean_outcome(scores)

    def train_seed(self, plan: TrialPlan, place: int, seed: int) -> tuple[float, JobResult]:
        """The loss on the validation images and the result with one seed, the `place`-th.

        Raises as `train`.
        """
        watch, images = Stopwatch(self._reporter.control), self._images
        (fold,) = images.folds
        scorer = _Scorer(self._config, images, self._pixels, self._machine)
        listener = _TrialListener(plan, seed, place * plan.recipe.epochs, scorer, self._reporter)
        try:
            self._require_memory(plan)
            outcome = train(
                variant=trial_name(plan.number),
                seed=seed,
                fold=0,
                recipe=plan.recipe,
                machine=self._machine,
                pixels=self._pixels,
                rows=fold.train,
                labels=images.labels[fold.train],
                n_classes=len(images.classes),
                emit=listener.take,
                control=self._reporter.control,
                validate=scorer.validate,
            )
        except (TrialPruned, TrialFailed, StudyStopped):
            raise
        except Exception as error:  # whatever one trial runs into, the others must go on
            if not isinstance(error, SimpsonsError):
                self._reporter.keep_traceback()
            raise TrialFailed(describe_error(error)) from error
        if outcome.stopped:
            raise StudyStopped
        return scorer.loss, scorer.result(trial_name(plan.number), seed, outcome.epochs_done, watch.seconds)

    def _require_memory(self, plan: TrialPlan) -> None:
        (variant,) = self._config.variants
        scale = get_variant(variant).scale
        require_memory(
            plan.recipe,
            self._images.most_training_images,
            self._machine.device,
            scale=scale,
            n_classes=len(self._images.classes),
        )


class _Scorer:
    """What a network says of the validation images, as it was asked last."""

    def __init__(self, config: StudyConfig, images: StudyImages, pixels: PixelTable, machine: MachineSettings) -> None:
        self._config, self._images, self._pixels, self._machine = config, images, pixels, machine
        self._rows = images.folds[0].validation
        self._labels = images.labels[self._rows]
        self._said = np.zeros((0, len(images.classes)))
        self.loss = math.nan

    def validate(self, model: nn.Module) -> Validation:
        """Ask a network."""
        said = self._said = predict_proba(
            model,
            self._machine,
            self._pixels,
            self._rows,
            batch_size=self._config.recipe.batch_size,
            control=StudyControl(),  # an epoch that was trained is scored, also when a stop came meanwhile
            on_progress=lambda _: None,
        )
        found = validation_scores(said, self._labels)
        self.loss = found.loss
        return found

    def result(self, name: str, seed: int, epochs: int, seconds: float) -> JobResult:
        """The last answers as the result of a job; its "test" images are the validation images."""
        return JobResult(
            variant=name,
            seed=seed,
            fold=0,
            status="done",
            reason="",
            metrics=compute_metrics(self._labels, self._said.argmax(axis=1), self._images.classes),
            final_loss=None,
            epochs_done=epochs,
            seconds=Seconds(train=seconds),
            predictions=self._images.predictions(self._rows, self._said),
        )


class _TrialListener:
    """Takes what a trial's training reports: passes it on, and ends the trial where it is lost or hopeless."""

    def __init__(
        self, plan: TrialPlan, seed: int, epochs_before: int, scorer: _Scorer, reporter: Reporter[EventFolder]
    ) -> None:
        """`epochs_before` counts those of earlier seeds."""
        self._plan, self._seed, self._before = plan, seed, epochs_before
        self._scorer, self._reporter = scorer, reporter

    def take(self, event: Event) -> None:
        """The next event.

        Raises:
            TrialPruned: others did better by then.
            TrialFailed: the loss is not finite.
        """
        if isinstance(event, BatchTrained):
            self._reporter.emit(event)
            if not math.isfinite(event.loss):
                raise TrialFailed(f"the loss is not finite at batch {event.step + 1}")
        elif isinstance(event, EpochTrained) and event.validation_accuracy is not None:
            self._score(event, event.validation_accuracy)

    def _score(self, event: EpochTrained, accuracy: float) -> None:
        self._reporter.emit(
            EpochScored(
                trial=self._plan.number,
                seed=self._seed,
                epoch=event.epoch,
                accuracy=accuracy,
                loss=self._scorer.loss,
                training_loss=event.loss,
            )
        )
        epoch = self._before + event.epoch
        self._plan.prune(epoch, accuracy)
