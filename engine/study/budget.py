"""Number of epochs that fits a time budget, the same for all networks of a study, and whether it does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from engine.config.protocols import DIVIDES_TRAINING_IMAGES
from engine.config.recipes import Recipe
from engine.config.schedule import head_steps, trained_size
from engine.config.study import StudyConfig
from engine.errors import InputError
from engine.events.study import BatchTrained, Emit, Event
from engine.reports.results import DatasetSummary
from engine.study.estimate import FORWARD_SHARE, StageTimings, slowest_preprocessing, slowest_quality
from engine.study.machine import machine_for

_USED_SHARE = 0.9
"""Of the budget that epochs are planned for: a machine is busier at times than while it was timed."""

_SECONDS = 60

_EVIDENCE = 0.03
"""Share of a network's training after which its own pace says how long the rest will take."""

_TOLERANCE = 1.1
"""A budget that is exceeded by less is said nothing of."""


def within_budget(config: StudyConfig, summary: DatasetSummary, cache_dir: Path) -> tuple[StudyConfig, str]:
    """The configuration with as many epochs as the budget allows each network, and a sentence that says so.

    Counts the slowest variant's pre-processing as if nothing were cached, training, the validation after each epoch,
    the test and the image quality. Times a few training steps (seconds).

    Raises:
        InputError: not even one epoch fits.
    """
    from engine.training import seconds_per_image

    assert config.budget_minutes is not None
    recipe, n_classes = config.recipe, len(summary.classes)
    machine = machine_for(config, n_classes)
    trained, validated, tested = _counts(config, summary)
    per_image = seconds_per_image(recipe, n_classes, machine)
    asking = FORWARD_SHARE * (2 if recipe.mirror_average else 1)
    timings = StageTimings.load(cache_dir)
    before = slowest_preprocessing(config, summary, timings)
    after = per_image * asking * tested + slowest_quality(config, summary, timings) / (config.repeats * config.folds)
    per_epoch = per_image * (trained + asking * validated)
    left = config.budget_minutes * _SECONDS * _USED_SHARE - before - after
    epochs = int(left / per_epoch)
    if epochs < 1:
        needed = (before + per_epoch + after) / _USED_SHARE / _SECONDS
        raise InputError(
            f"--budget {config.budget_minutes:g}: not one epoch fits; give at least {needed:.1f} minutes, or smaller "
            "images"
        )
    sentence = (
        f"budget of {config.budget_minutes:g} min a network: {epochs} epochs of about {per_epoch:.1f} s, after "
        f"{before:.0f} s of pre-processing"
    )
    return replace(config, recipe=replace(recipe, epochs=epochs)), sentence


def _counts(config: StudyConfig, summary: DatasetSummary) -> tuple[float, float, float]:
    """Images that train, validate and test, before near-duplicates are left out."""
    divides = config.protocol in DIVIDES_TRAINING_IMAGES
    tested_share = (1 / config.folds if config.folds > 1 else config.test_fraction) if divides else 0.0
    pool = summary.train * (1 - tested_share)
    tested = summary.train * tested_share if divides else summary.test
    share = config.validation_fraction or 0.0
    return pool * (1 - share), summary.validation or pool * share, tested


@dataclass(frozen=True)
class BudgetWatch:
    """Says once, as soon as it shows, that a network will take longer than its budget.

    No network gets fewer epochs for it: all of a study must have the same, and a schedule is made for its length.

    Attributes:
        minutes: the budget.
        recipe: with the epochs that were planned for it.
        image_size: (height, width) of the variant's images.
        steps: of the whole training.
        begun: how many of them were done when it was resumed.
        seconds_before: what pre-processing and those steps took.
        seconds: says how long training has taken since, pauses left out.
        warn: gets the sentence.
    """

    minutes: float
    recipe: Recipe
    image_size: tuple[int, int]
    steps: int
    begun: int
    seconds_before: float
    seconds: Callable[[], float]
    warn: Callable[[str], None]

    def before(self, emit: Emit) -> Emit:
        """A listener that looks at each batch's event and hands it to `emit` first."""
        warned = False

        def take(event: Event) -> None:
            nonlocal warned
            emit(event)
            if isinstance(event, BatchTrained) and not warned and (sentence := self._sentence(event.step + 1)):
                warned = True
                self.warn(sentence)

        return take

    def _sentence(self, done: int) -> str:
        """Of a budget that will not hold; empty where it will, or where it is too early to say."""
        work = self._work(done) - self._work(self.begun)
        if work < _EVIDENCE * self._work(self.steps):
            return ""
        left = self.seconds() / work * (self._work(self.steps) - self._work(done))
        needed = (self.seconds_before + self.seconds() + left) / _SECONDS
        if needed <= _TOLERANCE * self.minutes:
            return ""
        return (
            f"the budget of {self.minutes:g} min will not hold: at the pace of its first {done} batches this network "
            f"takes about {needed:.1f} min. It keeps its {self.recipe.epochs} epochs, as all networks of a study must "
            "have the same; to have fewer planned, stop the study and start it anew"
        )

    def _work(self, done: int) -> float:
        """Of so many steps, in steps at full size: those on small images, or of the last layer alone, take less."""
        height, width = trained_size(self.recipe, self.image_size, 0, self.steps)
        small = height * width / (self.image_size[0] * self.image_size[1])
        on_small = min(done, self.recipe.small_share * self.steps)
        alone = min(done, head_steps(self.recipe, self.steps))
        return done - on_small * (1 - small) - alone * (1 - FORWARD_SHARE)
