"""Number of epochs that fits a time budget, the same for all networks of a study."""

from dataclasses import replace
from pathlib import Path

from engine.config.protocols import DIVIDES_TRAINING_IMAGES
from engine.config.study import StudyConfig
from engine.errors import InputError
from engine.reports.results import DatasetSummary
from engine.study.estimate import FORWARD_SHARE, StageTimings, slowest_preprocessing, slowest_quality
from engine.study.machine import machine_for
from engine.study.workers import crowding

_USED_SHARE = 0.9
"""Of the budget that epochs are planned for: a machine is busier at times than while it was timed."""

_SECONDS = 60


def within_budget(config: StudyConfig, summary: DatasetSummary, cache_dir: Path) -> tuple[StudyConfig, str]:
    """The configuration with as many epochs as the budget allows each network, and a sentence that says so.

    Counts the slowest variant's pre-processing as if nothing were cached, training, the validation after each epoch,
    the test and the image quality. Times a few training steps (seconds), with the threads and beside the workers that
    the study will have.

    Raises:
        InputError: not even one epoch fits.
    """
    from engine.training import seconds_per_image

    assert config.budget_minutes is not None
    recipe, n_classes = config.recipe, len(summary.classes)
    machine = machine_for(config, n_classes)
    trained, validated, tested = _counts(config, summary)
    per_image = seconds_per_image(recipe, n_classes, machine) * crowding(config, machine)
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
    if config.execution.on != "local":
        sentence += ", as timed on this machine, not where the jobs run"
    return replace(config, recipe=replace(recipe, epochs=epochs)), sentence


def _counts(config: StudyConfig, summary: DatasetSummary) -> tuple[float, float, float]:
    """Images that train, validate and test, before near-duplicates are left out."""
    divides = config.protocol in DIVIDES_TRAINING_IMAGES
    tested_share = (1 / config.folds if config.folds > 1 else config.test_fraction) if divides else 0.0
    pool = summary.train * (1 - tested_share)
    tested = summary.train * tested_share if divides else summary.test
    share = config.validation_fraction or 0.0
    return pool * (1 - share), summary.validation or pool * share, tested
