"""A search's events folded into one record, which is what the tuner's loop, tables and screens read."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.config.machine import MachineSettings
from engine.config.recipes import Recipe
from engine.events import search, study
from engine.events.codec import to_jsonable
from engine.events.record import LASTING
from engine.events.search import Numbers, trial_name, with_numbers
from engine.reports.results import DatasetSummary, ProtocolSummary
from engine.reports.statistics import Comparison, Interval, StudyStatistics

SCHEMA = 1
"""Version of the JSON form."""

ShownState = Literal["running", "done", "pruned", "failed", "interrupted"]


@dataclass
class Trial:
    """One trial as far as it came."""

    number: int
    values: Numbers
    steps: int
    is_recipe: bool
    started: float
    epochs: list[search.EpochScored] = field(default_factory=list)
    finished: search.TrialFinished | None = None
    interrupted: bool = False

    @property
    def state(self) -> ShownState:
        """What became of it."""
        if self.finished is not None:
            return self.finished.state
        return "interrupted" if self.interrupted else "running"

    @property
    def accuracy(self) -> float | None:
        """On the validation images, at its end."""
        return self.finished.accuracy if self.finished else None

    @property
    def last_accuracy(self) -> float | None:
        """On the validation images, at its end or so far."""
        return self.accuracy if self.accuracy is not None else self.epochs[-1].accuracy if self.epochs else None


@dataclass
class TuningRecord:
    """Everything known of a search so far; `apply` takes the next event."""

    started: search.TuningStarted | None = None
    dataset: DatasetSummary | None = None
    protocol: ProtocolSummary | None = None
    machine: MachineSettings | None = None
    statistics: StudyStatistics | None = None
    trials: dict[int, Trial] = field(default_factory=dict)
    notices: list[study.Notice] = field(default_factory=list)
    most_trials: int | None = None
    minutes: float | None = None
    finished: search.TuningFinished | None = None

    @classmethod
    def from_events(cls, events: Iterable[study.Event]) -> "TuningRecord":
        """Fold a whole stream."""
        record = cls()
        for event in events:
            record.apply(event)
        return record

    def apply(self, event: study.Event) -> None:
        """Take the next event of the stream; events that say nothing lasting change nothing."""
        name = LASTING.get(type(event), "")
        if name in vars(self):
            setattr(self, name, getattr(event, name))
            return
        match event:
            case search.TuningStarted():
                self.started, self.dataset = event, event.dataset
                self.most_trials, self.minutes = event.trials, event.minutes
            case search.TuningResumed():
                self.finished, self.most_trials, self.minutes = None, event.trials, event.minutes
                self._interrupt()
            case search.TrialStarted():
                self.trials[event.trial] = Trial(event.trial, event.numbers, event.steps, event.is_recipe, event.time)
            case search.EpochScored() if event.trial in self.trials:
                self.trials[event.trial].epochs.append(event)
            case search.TrialFinished() if event.trial in self.trials:
                self.trials[event.trial].finished = event
            case search.TuningFinished():
                self.finished = event
                self._interrupt()
            case study.Notice():
                self.notices.append(event)
            case _:
                pass

    def _interrupt(self) -> None:
        for trial in self.trials.values():
            trial.interrupted = trial.finished is None

    # ------------------------------------------------------------ reading

    @property
    def ended(self) -> list[Trial]:
        """The trials that will not be trained again, in order."""
        return [trial for trial in self.trials.values() if trial.finished is not None]

    @property
    def running(self) -> Trial | None:
        """The trial under way."""
        return next((trial for trial in self.trials.values() if trial.state == "running"), None)

    @property
    def seconds(self) -> float:
        """What the trials that ended took."""
        return sum(trial.finished.seconds for trial in self.ended if trial.finished is not None)

    @property
    def best(self) -> Trial | None:
        """The trial with the highest accuracy; of equal ones that with the lower loss, then the earlier."""
        done = [trial for trial in self.ended if trial.accuracy is not None]
        return min(done, key=_rank, default=None)

    @property
    def of_recipe(self) -> Trial | None:
        """The trial of the recipe's own numbers, once it is done."""
        return next((trial for trial in self.ended if trial.is_recipe and trial.accuracy is not None), None)

    @property
    def best_recipe(self) -> Recipe | None:
        """The recipe with the best numbers."""
        best = self.best
        return with_numbers(self.started.recipe, best.values) if best and self.started else None

    def interval(self, trial: Trial) -> Interval | None:
        """Of a trial's accuracy, where it was computed."""
        entry = self.statistics.of(trial_name(trial.number)) if self.statistics else None
        return entry.accuracy_interval if entry else None

    @property
    def comparison(self) -> Comparison | None:
        """The best trial against the recipe's, where they are two."""
        best, recipe = self.best, self.of_recipe
        if self.statistics is None or best is None or recipe is None:
            return None
        return self.statistics.between(trial_name(best.number), trial_name(recipe.number))

    def to_json(self) -> dict[str, Any]:
        """The search as one JSON object.

        Raises:
            ValueError: the stream has not begun.
        """
        started, dataset = self.started, self.dataset
        if started is None or dataset is None:
            raise ValueError("the search has not started")
        best, recipe = self.best, self.of_recipe
        return {
            "schema": SCHEMA,
            "search": started.search,
            "program_version": started.program_version,
            "status": self.finished.status if self.finished else "running",
            "reason": self.finished.reason if self.finished else "",
            "folder": started.folder,
            "dataset": {"name": dataset.name, "demo": dataset.is_demo, "location": dataset.location},
            "protocol": to_jsonable(self.protocol) if self.protocol else {"name": started.protocol},
            "variant": started.variant,
            "recipe": to_jsonable(started.recipe),
            "seeds": list(started.seeds),
            "validation": started.validation_fraction,
            "machine": to_jsonable(self.machine),
            "searched": to_jsonable(started.numbers),
            "trials": [self._trial_json(trial) for trial in self.trials.values()],
            "best": best.number if best else None,
            "recipe_trial": recipe.number if recipe else None,
            "comparison": to_jsonable(self.comparison),
            "conclusion": list(self.finished.conclusion) if self.finished else [],
            "messages": [{"level": n.level, "message": n.message} for n in self.notices],
        }

    def _trial_json(self, trial: Trial) -> dict[str, Any]:
        finished = trial.finished
        whole = {entry.name for entry in self.started.numbers if entry.whole} if self.started else set()
        return {
            "trial": trial.number,
            "state": trial.state,
            "reason": finished.reason if finished else "",
            "is_recipe": trial.is_recipe,
            "numbers": {name: round(value) if name in whole else value for name, value in trial.values},
            "accuracy": to_jsonable(trial.accuracy),
            "interval": to_jsonable(self.interval(trial)),
            "loss": to_jsonable(finished.loss if finished else None),
            "epochs": [
                {name: to_jsonable(getattr(epoch, name)) for name in ("seed", "epoch", "accuracy", "loss")}
                for epoch in trial.epochs
            ],
            "seconds": finished.seconds if finished else None,
        }


def _rank(trial: Trial) -> tuple[float, float, int]:
    finished = trial.finished
    loss = finished.loss if finished is not None and finished.loss is not None else math.inf
    return -(trial.accuracy or 0.0), loss if math.isfinite(loss) else math.inf, trial.number


@dataclass(frozen=True)
class SearchSummary:
    """One search as a list shows it; `record` is None where it cannot be read, and `state` then says why."""

    folder: Path
    state: str
    record: TuningRecord | None = None
