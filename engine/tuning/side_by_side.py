"""Trials whose seeds are trained in processes of their own, side by side, to what one process would come to.

Seeds report as they go; what they report counts in the order of the seeds, so a trial is given up, or fails, where it
would have been with one seed after the other.
"""

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import replace

from engine.config.study import StudyConfig
from engine.errors import ExecutionError
from engine.events import study as events
from engine.events.record import JobKey, StudyRecord
from engine.events.search import EpochScored, trial_name
from engine.executing.attempts import attempts_of
from engine.executing.executor import Executor
from engine.runs import RunFolder
from engine.runs.layout import ATTEMPTS
from engine.study.coordinator import Coordinator
from engine.study.images import StudyImages
from engine.study.reporting import Reporter
from engine.tuning.searching import Outcome, TrialFailed, TrialPlan, mean_outcome

TRIAL_WORKER = "engine.tuning.worker"
"""The module that such a process runs."""


class TrialCoordinator:
    """Trains trials by an engine of processes; one may be under way."""

    def __init__(
        self,
        config: StudyConfig,
        images: StudyImages,
        reporter: Reporter[RunFolder],
        executor: Executor,
        *,
        prepared: bool,
    ) -> None:
        """`prepared` says that the images are pre-processed. What an earlier process left running is ended."""
        self._config, self._images, self._reporter, self._executor = config, images, reporter, executor
        self._prepared = prepared
        self._said: set[str] = set()
        self._end_attempts()

    def train(self, plan: TrialPlan) -> Outcome:
        """One trial with all seeds.

        Raises:
            TrialPruned: others did better by then.
            TrialFailed: it cannot be trained.
            StudyStopped: a stop was asked for.
            ExecutionError: the engine takes no processes.
        """
        name = trial_name(plan.number)
        keys = [JobKey(name, seed, 0) for seed in self._config.seeds]
        trial = _TrialReporter(plan, keys, self._reporter, self._say_once)
        jobs = Coordinator(
            self._config,
            self._images,
            trial,
            self._executor,
            keys=keys,
            worker=TRIAL_WORKER,
            prepared=[name] if self._prepared else [],
        )
        try:
            jobs.run(lambda: None)
        finally:
            if trial.fewer:
                self._config = replace(self._config, execution=replace(self._config.execution, workers=trial.fewer))
            self._end_attempts()
        return trial.outcome()

    def _say_once(self, notice: events.Notice) -> None:
        """What each process says of its machine."""
        if notice.message not in self._said:
            self._said.add(notice.message)
            self._reporter.emit(replace(notice, variant=""))

    def _end_attempts(self) -> None:
        """A trial without an end begins again, so nobody goes on with an attempt at one."""
        run = self._reporter.folder.folder
        for attempt in attempts_of(run):
            task = attempt.task
            with contextlib.suppress(OSError, ExecutionError):
                attempt.raise_fence()
                if task.process and task.on == self._config.execution.on:
                    self._executor.end([task.process])
        for folder in (run / ATTEMPTS).glob("*/"):
            shutil.rmtree(folder, ignore_errors=True)


class _TrialReporter(Reporter[RunFolder]):
    """Passes on what the seeds of a trial report, in their order; its record is the trial's own."""

    def __init__(
        self,
        plan: TrialPlan,
        keys: list[JobKey],
        search: Reporter[RunFolder],
        say: Callable[[events.Notice], None],
    ) -> None:
        self.folder, self.control = search.folder, search.control
        known = search.record
        self.record = StudyRecord()
        self.record.machine, self.record.network = known.machine, known.network
        self.record.superres_weights, self.record.superres_precision = known.superres_weights, known.superres_precision
        self._plan, self._keys, self._search, self._say = plan, keys, search, say
        self._epochs: dict[JobKey, list[EpochScored]] = {key: [] for key in keys}
        self._seeds_done = self._epochs_told = 0
        self.fewer = 0
        """The workers that are left after one was ended for the memory it took; 0 where none was."""

    def emit(self, event: events.Event) -> None:
        """Take the next event of any seed.

        Raises:
            TrialPruned: others did better by the epoch whose turn it is.
            TrialFailed: the seed whose turn it is cannot be trained.
        """
        match event:
            case events.JobFinished():
                self.record.apply(event)
            case EpochScored():
                epochs = self._epochs[JobKey(trial_name(event.trial), event.seed, 0)]
                if event.epoch == len(epochs):  # after a kill a seed begins again, to the same numbers
                    epochs.append(event)
            case events.BatchTrained() | events.StudyPaused() | events.StudyUnpaused():
                self._search.emit(event)
            case events.SuperresWeightsChosen():
                self._search.emit(event)
                self.record.apply(event)
            case events.Notice():
                self._say(event)
            case events.WorkersChanged() if event.held:
                self._say(events.Notice(message=f"no more jobs are taken for now: {event.held}", level="warning"))
            case events.WorkersChanged() if event.reason:
                self.fewer = event.workers
                self._say(events.Notice(message=event.reason, level="warning"))
        self._pass_on_in_order()

    def notice(self, message: str, level: events.Level = "info", variant: str = "") -> None:
        """Add a line to the message log, once."""
        self._say(events.Notice(message=message, level=level, variant=variant))

    def outcome(self) -> Outcome:
        """How the trial did, once all seeds are done; their results are told."""
        results = [self.record.results[key] for key in self._keys]
        for result in results:
            self._search.emit(events.JobFinished(result=result))
        return mean_outcome([(self._epochs[key][-1].loss, self.record.results[key]) for key in self._keys])

    def _pass_on_in_order(self) -> None:
        while self._seeds_done < len(self._keys):
            key = self._keys[self._seeds_done]
            for event in self._epochs[key][self._epochs_told :]:
                self._epochs_told += 1
                self._search.emit(event)
                self._plan.prune(self._seeds_done * self._plan.recipe.epochs + event.epoch, event.accuracy)
            result = self.record.results.get(key)
            if result is None:
                return
            if result.status != "done":
                raise TrialFailed(result.reason)
            self._seeds_done, self._epochs_told = self._seeds_done + 1, 0
