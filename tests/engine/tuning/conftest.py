"""A search over a made-up objective: no images, no networks."""

import math
from dataclasses import replace

import pytest

from engine.config.recipes import RECIPES
from engine.config.search import TuningConfig
from engine.config.study import StudyConfig
from engine.events.search import EpochScored, TuningResumed, TuningStarted
from engine.events.search_record import TuningRecord
from engine.reports.results import DatasetSummary
from engine.tuning.searching import Outcome, Search, TrialPruned
from engine.tuning.space import search_ranges
from engine.tuning.tuner import Tuner

SUMMARY = DatasetSummary("tiny", "/tiny", "split", False, ("a", "b"), (50, 50), (10, 10), 0, 0)


class Hill:
    """Accuracy falls off around the best learning rate and dropout; each epoch comes nearer to it."""

    best_rate, best_dropout = 5e-3, 0.2

    def height(self, recipe):
        distance = math.log10(recipe.learning_rate / self.best_rate) ** 2 + (recipe.dropout - self.best_dropout) ** 2
        return 0.9 * math.exp(-distance)


class Bench:
    """Runs searches in one folder, each `run` as a process of its own would."""

    def __init__(self, folder, hill=None):
        self.folder, self.hill, self.events = folder, hill or Hill(), []
        self.trained = []
        recipe = replace(RECIPES["quick"], epochs=4)
        study = StudyConfig(variants=("vanilla",), recipe=recipe, validation_fraction=0.2)
        self.config = TuningConfig(study, trials=25)

    def run(self, trials=25, minutes=None, train=None, before_epoch=lambda plan, epoch: None):
        study = self.config.study
        ranges = search_ranges(study.recipe)
        record = TuningRecord.from_events(self.events)

        def emit(event):
            self.events.append(event)
            record.apply(event)

        if record.started is None:
            emit(
                TuningStarted(
                    search="bench",
                    dataset=SUMMARY,
                    variant="vanilla",
                    protocol="clean",
                    recipe=study.recipe,
                    seeds=study.seeds,
                    validation_fraction=0.2,
                    numbers=ranges,
                    trials=trials,
                    minutes=minutes,
                    program_version="0",
                )
            )
        else:
            emit(TuningResumed(trials=trials, minutes=minutes, program_version="0"))
        ended = [trial.finished for trial in record.ended]
        search = Search(
            replace(self.config, trials=trials, minutes=minutes),
            Tuner(self.folder / "journal.jsonl", ranges, seed=3, ended=ended),
            record,
            names=tuple(entry.name for entry in ranges),
            steps=lambda recipe: recipe.epochs * 10,
            emit=emit,
            seconds=lambda: 6.0 * len(self.trained),
        )
        reason = search.run(train or self._climb(emit, before_epoch))
        return record, reason

    def _climb(self, emit, before_epoch):
        """A training that reaches its height step by step."""

        def train(plan):
            self.trained.append(plan.number)
            for epoch in range(plan.recipe.epochs):
                before_epoch(plan, epoch)
                accuracy = self.hill.height(plan.recipe) * (epoch + 1) / plan.recipe.epochs
                emit(
                    EpochScored(
                        trial=plan.number, seed=0, epoch=epoch, accuracy=accuracy, loss=1 - accuracy, training_loss=1
                    )
                )
                if plan.should_prune(epoch, accuracy):
                    raise TrialPruned("given up")
            return Outcome(accuracy, 1 - accuracy)

        return train


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


@pytest.fixture
def another_bench(tmp_path):
    (tmp_path / "another").mkdir()
    return Bench(tmp_path / "another")
