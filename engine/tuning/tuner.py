"""Sampler and pruner of a search, by Optuna, with a journal file so that a search survives kills.

The sampler is Optuna's tree-structured Parzen estimator (Bergstra et al., "Algorithms for hyper-parameter
optimization", NeurIPS 2011), over all numbers together because they depend on each other (a batch size on its learning
rate). It is seeded anew for every trial, so what a trial tries follows from the seed, the trial's number and the trials
before: a search that went on proposes what it would have proposed anyway.

The pruner is Optuna's median rule (Golovin et al., "Google Vizier", KDD 2017): a trial is given up where its best
accuracy so far is below the median of the others at the same epoch. Successive halving and Hyperband promote a third
of many trials over several rungs of budgets; with a handful of epochs and a few dozen trials there is one rung at most,
and a bracket would be decided by its first epoch.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.events.search import NumberRange, Numbers, TrialFinished
from engine.runs.stream import LineStream

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import Trial

RANDOM_TRIALS = 6
"""Trials before the sampler trusts what it has seen, the recipe's own among them: a search has a few dozen at most."""

UNPRUNED_TRIALS = 4
"""Trials that are trained to their end before any is given up: a median of fewer says little."""

UNPRUNED_EPOCHS = 1
"""Epochs that every trial gets: after the first, a low learning rate has not yet shown what it can do."""

DIGITS = 3
"""Significant digits of what is proposed."""

Wait = Callable[[Callable[[], object]], None]
"""Does what it is given, when there is room for it."""

_STUDY, _PLACE = "search", "trial"


class Proposal:
    """The numbers of one trial, and the tuner's opinion of how it does."""

    def __init__(self, trial: "Trial", numbers: Numbers) -> None:
        self._trial, self.numbers = trial, numbers

    def should_prune(self, step: int, accuracy: float) -> bool:
        """Take the accuracy after the step-th epoch (from 0); whether the trial should be given up."""
        self._trial.report(accuracy, step)
        return bool(self._trial.should_prune())

    def close(self, finished: TrialFinished) -> None:
        """The trial has ended."""
        _tell(self._trial.study, self._trial.number, finished)


class Tuner:
    """Proposes numbers from the ranges; `trial` counts a search's trials from 0, whatever was interrupted between."""

    def __init__(
        self,
        path: Path,
        ranges: Sequence[NumberRange],
        *,
        seed: int,
        ended: Sequence[TrialFinished] = (),
        wait: "Wait | None" = None,
    ) -> None:
        """Open the journal, or begin one.

        `ended` are the trials that ended, by the search's own stream, which counts: a kill may have come before the
        journal heard of the last one. Trials without an end are forgotten. `wait` does what it is given, after a
        wait where the disk is full (`engine.runs.room.Room.wait`); without it that is an OSError.
        """
        self._ranges, self._seed = tuple(ranges), seed
        self._study = _open_study(path, wait or _at_once)
        self._settle({finished.trial: finished for finished in ended})

    def propose(self, trial: int, own: Numbers | None = None) -> Proposal:
        """What to try; `own` are numbers to try instead, as the recipe's are first."""
        from optuna.trial import TrialState

        self._study.sampler = _sampler(self._seed, trial)
        if own is not None and not self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            self._study.enqueue_trial(self._within(dict(own)))
        asked = self._study.ask({entry.name: _distribution(entry) for entry in self._ranges})
        asked.set_user_attr(_PLACE, trial)
        proposed = tuple((entry.name, _readable(asked.params[entry.name], entry)) for entry in self._ranges)
        return Proposal(asked, proposed if own is None else own)

    def _within(self, numbers: Mapping[str, float]) -> dict[str, float]:
        """As near to the numbers as the ranges allow; a logarithmic one has no 0."""
        clipped = {entry.name: min(entry.high, max(entry.low, numbers[entry.name])) for entry in self._ranges}
        return {
            entry.name: round(clipped[entry.name]) if entry.whole else clipped[entry.name] for entry in self._ranges
        }

    def _settle(self, ended: Mapping[int, TrialFinished]) -> None:
        """End the trials that a process left open when it was killed or stopped."""
        from optuna.trial import TrialState

        for left in self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            finished = ended.get(left.user_attrs.get(_PLACE, -1))
            if finished is not None:
                _tell(self._study, left.number, finished)
            else:
                self._study.tell(left.number, state=TrialState.FAIL)


def _open_study(path: Path, wait: Wait) -> "Study":
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    lines = LineStream(path)  # what a killed writer left is no half line

    class Journal(JournalFileBackend):
        """Optuna's file without its lock, as the search's folder has one writer; one that survives a full disk."""

        def append_logs(self, logs: list[dict[str, Any]]) -> None:
            for log in logs:
                lines.add(json.dumps(log, separators=(",", ":")).encode())
            wait(lines.sync)

    storage = JournalStorage(Journal(str(path)))
    pruner = optuna.pruners.MedianPruner(n_startup_trials=UNPRUNED_TRIALS, n_warmup_steps=UNPRUNED_EPOCHS)
    return optuna.create_study(
        storage=storage, pruner=pruner, study_name=_STUDY, direction="maximize", load_if_exists=True
    )


def _at_once(write: Callable[[], object]) -> None:
    write()


def _sampler(seed: int, trial: int) -> "BaseSampler":
    from optuna.samplers import TPESampler

    (state,) = np.random.SeedSequence([seed, trial]).generate_state(1)
    return TPESampler(n_startup_trials=RANDOM_TRIALS, multivariate=True, constant_liar=False, seed=int(state))


def _readable(value: float, entry: NumberRange) -> float:
    """With no more digits than a search can tell apart, so that the numbers can be typed."""
    return float(value) if entry.whole else float(f"{value:.{DIGITS}g}")


def _distribution(entry: NumberRange) -> "BaseDistribution":
    from optuna.distributions import FloatDistribution, IntDistribution

    if entry.whole:
        return IntDistribution(round(entry.low), round(entry.high), log=entry.log)
    return FloatDistribution(entry.low, entry.high, log=entry.log)


def _tell(study: "Study", number: int, finished: TrialFinished) -> None:
    from optuna.trial import TrialState

    if finished.state == "done" and finished.accuracy is not None and math.isfinite(finished.accuracy):
        study.tell(number, finished.accuracy)
    else:
        # A failed one too: the sampler should learn to stay away from where losses are not finite.
        study.tell(number, state=TrialState.PRUNED)
