"""The loop of a search: propose a trial, have it trained, report its outcome, until a limit is reached."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.config.recipes import Recipe
from engine.config.search import SECONDS_PER_MINUTE, TuningConfig
from engine.events.search import TrialFinished, TrialStarted, TrialState, numbers_of, with_numbers
from engine.events.search_record import TuningRecord
from engine.events.study import Emit
from engine.reports.results import JobResult
from engine.tuning.tuner import Tuner

MOST_FAILURES = 5
"""So many failures one after the other are no matter of numbers."""


class TrialPruned(Exception):  # noqa: N818 - a signal, not an error
    """Raised while a trial trains, where others did better by then."""


class TrialFailed(Exception):  # noqa: N818 - a signal, not an error
    """Raised while a trial trains, where it cannot go on; the message says why."""


@dataclass(frozen=True)
class TrialPlan:
    """One trial to be trained.

    Attributes:
        number: which of the search's.
        recipe: what to train.
        should_prune: takes an epoch (from 0, counted over all seeds) and the accuracy after it; whether to give up.
            Never after the last one, when there is nothing left to save.
    """

    number: int
    recipe: Recipe
    should_prune: Callable[[int, float], bool]

    def prune(self, epoch: int, accuracy: float) -> None:
        """Give the trial up where it should be, after an epoch (counted over all seeds).

        Raises:
            TrialPruned: it is.
        """
        if self.should_prune(epoch, accuracy):
            raise TrialPruned(f"given up after epoch {epoch + 1}, others did better by then")


@dataclass(frozen=True)
class Outcome:
    """How a trial did at its end: means over seeds on the validation images."""

    accuracy: float
    loss: float


def mean_outcome(scores: Sequence[tuple[float, JobResult]]) -> Outcome:
    """A trial's score from the loss and the result with each seed."""
    accuracies = [result.metrics.accuracy for _, result in scores if result.metrics is not None]
    return Outcome(math.fsum(accuracies) / len(scores), math.fsum(loss for loss, _ in scores) / len(scores))


Train = Callable[[TrialPlan], Outcome]


class Search:
    """One search from wherever its record is."""

    def __init__(
        self,
        config: TuningConfig,
        tuner: Tuner,
        record: TuningRecord,
        *,
        names: tuple[str, ...],
        steps: Callable[[Recipe], int],
        emit: Emit,
        seconds: Callable[[], float],
    ) -> None:
        """Prepare.

        Args:
            config: the recipe to begin with and the seeds of a trial; when the search ends, its record says.
            tuner: proposes and judges.
            record: what there is so far; `emit` brings it up to date.
            names: of the numbers that are searched for.
            steps: how many batches training a recipe takes.
            emit: takes the events.
            seconds: a clock of work, which stands still during pauses.
        """
        self._recipe, self._seeds = config.study.recipe, config.study.seeds
        self._tuner, self._record, self._names = tuner, record, names
        self._steps, self._emit, self._seconds = steps, emit, seconds

    def run(self, train: Train) -> str:
        """Try one after the other; returns why it ended early, or "".

        `train` may raise TrialPruned or TrialFailed. Whatever else it raises leaves the trial without an end, so that
        going on tries it again.
        """
        failures = 0
        while self._goes_on():
            finished = self._try(len(self._record.ended), train)
            failures = failures + 1 if finished.state == "failed" else 0
            if failures == MOST_FAILURES:
                return f"{failures} trials failed one after the other, the last: {finished.reason}"
        return ""

    def _goes_on(self) -> bool:
        trials, minutes = self._record.most_trials, self._record.minutes
        if trials is not None and len(self._record.ended) >= trials:
            return False
        return minutes is None or self._record.seconds < SECONDS_PER_MINUTE * minutes

    def _try(self, number: int, train: Train) -> TrialFinished:
        own = numbers_of(self._recipe, self._names) if number == 0 else None
        proposal = self._tuner.propose(number, own)
        recipe = with_numbers(self._recipe, proposal.numbers)
        self._emit(
            TrialStarted(
                trial=number,
                numbers=numbers_of(recipe, self._names),
                steps=self._steps(recipe),
                is_recipe=own is not None,
            )
        )
        last = len(self._seeds) * recipe.epochs - 1

        def should_prune(epoch: int, accuracy: float) -> bool:
            return proposal.should_prune(epoch, accuracy) and epoch < last

        began = self._seconds()
        state: TrialState = "done"
        reason, outcome = "", None
        try:
            outcome = train(TrialPlan(number, recipe, should_prune))
        except TrialPruned as given_up:
            state, reason = "pruned", str(given_up)
        except TrialFailed as failure:
            state, reason = "failed", str(failure)
        finished = TrialFinished(
            trial=number,
            state=state,
            accuracy=outcome.accuracy if outcome else None,
            loss=outcome.loss if outcome else None,
            epochs=len(self._record.trials[number].epochs),
            reason=reason,
            seconds=self._seconds() - began,
        )
        self._emit(finished)
        proposal.close(finished)
        return finished
