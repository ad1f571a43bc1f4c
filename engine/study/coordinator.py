"""Runs a study's jobs in processes of their own: starts them, the dearest first, and makes one stream of theirs."""

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from engine.config.machine import MachineSettings
from engine.config.study import StudyConfig
from engine.errors import ExecutionError, StorageError, StudyStopped
from engine.events import study as events
from engine.events.control import Request as Wish
from engine.events.record import JobKey
from engine.executing.attempts import Attempt, Task, new_attempt
from engine.executing.executor import Executor, Request, State
from engine.reports.results import JobResult, Seconds
from engine.runs import layout
from engine.runs.writer import RunFolder
from engine.study.estimate import dearest_first
from engine.study.followed import PROBE, Followed, Merger, collect, last_words, unended_attempts
from engine.study.images import StudyImages
from engine.study.refusals import PatientEngine
from engine.study.reporting import Reporter
from engine.study.stored_images import store_images
from engine.study.workers import IMAGES_FILE, LEFT, WORKER, how_many, sharing, show_cache, worker_command

MOST_ATTEMPTS = 4
"""At one job, by one coordinator."""

LOOK_SECONDS = {"local": 0.05, "slurm": 1.0, "ray": 0.2}
SETTLE_SECONDS = {"local": 0.0, "slurm": 10.0, "ray": 5.0}
"""How long after a process's end its last words may still become visible here."""

GRACE_SECONDS = 10.0
"""How long a process may take to end once its job is done."""

PAUSE_SECONDS = 2.0
"""How long to wait until all processes say that they wait."""


class Coordinator:
    """A study's jobs in processes; used from one thread, and closed by `close`."""

    def __init__(
        self,
        config: StudyConfig,
        images: StudyImages,
        reporter: Reporter[RunFolder],
        executor: Executor,
        past: Iterable[events.Event] = (),
        *,
        keys: Sequence[JobKey] = (),
        worker: str = WORKER,
        prepared: Iterable[str] = (),
    ) -> None:
        """Prepare.

        Args:
            config: the study.
            images: what its jobs train and test on.
            reporter: gets all events.
            executor: the engine.
            past: what the run's stream has already.
            keys: other jobs than the study's own.
            worker: the module that works on one.
            prepared: variants whose images are pre-processed.
        """
        self._config, self._reporter, self._control, self._executor = config, reporter, reporter.control, executor
        self._folder = reporter.folder
        self._on = config.execution.on
        self._works: list[Followed] = []
        self._keys = list(keys) or [
            JobKey(variant, seed, fold)
            for seed in config.seeds
            for fold in range(config.folds)
            for variant in dearest_first(config.variants, config.recipe)
        ]
        self._waiting = set(self._keys)
        self._failures: Counter[JobKey] = Counter()
        self._workers = 1
        self._stopping = False
        self._engine = PatientEngine(executor, self._tell_held)
        self._merger = Merger(reporter)
        self._merger.prepared.update(prepared)
        self._past, self._worker = past, worker
        run = self._folder.folder
        self._folder.room.wait(lambda: (run / layout.ATTEMPTS).mkdir(exist_ok=True))
        self._folder.room.wait(lambda: store_images(images, run / layout.ATTEMPTS / IMAGES_FILE))
        with contextlib.suppress(OSError):  # workers say what they do not see
            show_cache(config, run.name)

    # ------------------------------------------------------------------ the whole

    def choose_machine(self) -> MachineSettings:
        """Have a process choose how the study computes, where its jobs will run.

        Raises:
            SimpsonsError: it cannot.
            StudyStopped: a stop was asked for.
        """
        self._reporter.notice(f"a worker ({self._on}) chooses how to compute")
        self._waiting, keys = {PROBE}, self._keys
        self._keys = [PROBE]
        try:
            self._work_off(lambda: None)
        finally:
            self._keys, self._waiting = keys, set(keys)
        machine = self._reporter.record.machine
        assert machine is not None
        return machine

    def run(self, after_seed: Callable[[], None]) -> None:
        """Do all jobs that have no result yet; `after_seed` is called when those of a seed are done.

        Raises:
            StudyStopped: a stop was asked for.
            ExecutionError: the engine takes no jobs.
        """
        seeds = self._config.seeds
        self._adopt()
        self._waiting -= {*self._reporter.record.results} | {work.key for work in self._works}
        left = [seed for seed in seeds if seed == seeds[-1] or any(key.seed == seed for key in self._undone())]

        def look_at_seeds() -> None:
            while left and not any(key.seed == left[0] for key in self._undone()):
                after_seed()
                left.pop(0)
                for work in self._works:
                    work.forgive()

        machine = self._reporter.record.machine
        assert machine is not None
        workers = how_many(self._config.execution, machine, len(self._undone()))
        self._change_workers(workers)
        if self._on == "local" and (words := sharing(workers, machine)):
            self._reporter.notice(words)
        try:
            self._work_off(look_at_seeds)
        finally:
            if left and not self._control.handing_over:
                after_seed()

    def _undone(self) -> list[JobKey]:
        return [key for key in self._keys if key not in self._reporter.record.results]

    def _work_off(self, after_look: Callable[[], None]) -> None:
        """Until no job waits and none runs."""
        emit = self._reporter.emit
        self._control.listen(self._pause, self._unpause)
        try:
            after_look()
            while self._waiting or self._works:
                self._control.checkpoint()
                self._start_more()
                time.sleep(LOOK_SECONDS[self._on])
                self._look()
                after_look()
        except StudyStopped:
            self._wind_down()
            raise
        except BaseException:
            self._executor.end([work.process for work in self._works])
            raise
        finally:
            self._control.listen(lambda: emit(events.StudyPaused()), lambda: emit(events.StudyUnpaused()))

    # ------------------------------------------------------------------ starting

    def _start_more(self) -> None:
        while len(self._works) < self._workers and self._engine.may_start(len(self._works)):
            key = next(filter(self._may_start, self._keys), None)
            if key is None:
                return
            self._start(key)

    def _may_start(self, key: JobKey) -> bool:
        """Whether it waits, and its variant's images are ready or nobody else makes them."""
        preparing = {work.key.variant for work in self._works} - self._merger.prepared
        return key in self._waiting and key.variant not in preparing

    def _start(self, key: JobKey) -> None:
        record, run = self._reporter.record, self._folder.folder
        task = Task(
            **key._asdict(),
            number=0,
            on=self._on,
            told=len(record.losses.get(key, ())),
            machine=record.machine,
            network=record.network,
            superres_weights=record.superres_weights,
            superres_precision=record.superres_precision,
        )
        made: list[Attempt] = []
        wait = self._folder.room.wait
        wait(lambda: made.append(new_attempt(run, task, lambda folder: worker_command(run, folder, self._worker))))
        attempt = made[-1]
        work = Followed(attempt)
        self._folder.lend_checkpoint(key, attempt.checkpoint)
        name = f"{run.name} {layout.job_name(key)}"
        threads = record.machine.threads if record.machine else self._config.threads
        request = Request(name, attempt.task.command, attempt.folder, attempt.output, threads)
        process = self._engine.start(request, len(self._works), again=self._on != "local")
        if process is None:
            collect(work, self._folder)
            wait(lambda: attempt.withdraw(perhaps_started=self._engine.unsure))
            return
        self._waiting.discard(key)
        wait(lambda: attempt.started(process))
        self._works.append(work)
        if key != PROBE:
            place = self._executor.place(process)
            self._reporter.emit(events.AttemptSubmitted(**key._asdict(), attempt=attempt.task.number, place=place))

    def _tell_held(self, reason: str, seconds: float) -> None:
        held = events.WorkersChanged(workers=self._workers, on=self._on, held=reason, held_seconds=seconds)
        self._reporter.emit(held)

    def _change_workers(self, workers: int, reason: str = "") -> None:
        self._workers = workers
        self._reporter.emit(events.WorkersChanged(workers=workers, on=self._on, reason=reason))

    # ------------------------------------------------------------------ looking

    def _look(self) -> None:
        """Pass on what is new, and see who has ended."""
        states = self._engine.ask(self._works)
        for work in tuple(self._works):
            try:
                self._merger.take(work, work.news())
            except StorageError as error:
                self._executor.end([work.process])
                self._replace(work, str(error))
                continue
            state = states.get(work.process)
            if state is None:  # its engine is away
                state = State("ended" if work.finished and work.ended_for(GRACE_SECONDS) else "waiting")
            if state.phase == "ended":
                if work.ended_for(0 if work.finished or work.reason else SETTLE_SECONDS[self._on]):
                    self._over(work, state)
            elif work.finished:
                if work.ended_for(GRACE_SECONDS):
                    self._executor.end([work.process])
            elif (state.phase == "running" or self._stopping) and work.is_stale():
                self._executor.end([work.process])
                self._replace(work, "it gives no sign of life")

    # ------------------------------------------------------------------ endings

    def _over(self, work: Followed, state: State) -> None:
        """A process has ended: with its job done, or for another reason."""
        self._merger.take(work, last_words(work))
        if not work.finished:  # on a node out of reach it may live though its engine takes it for dead
            self._folder.room.wait(work.attempt.raise_fence)
        # Its own "asked to end" says less than its engine does.
        own = "" if work.reason == LEFT and state.reason else work.reason
        reason = own or state.reason or self._silent(work)
        self._forget(work, "" if work.finished else reason)
        if work.finished or self._stopping:
            return
        if state.out_of_memory and self._works:
            fewer = min(self._workers - 1, len(self._works))
            self._change_workers(fewer, "a worker was ended for the memory it took: fewer --workers")
        elif not self._made_way(work):
            self._failures[work.key] += 1
        self._again(work, reason, hopeless=state.permanent)

    def _made_way(self, work: Followed) -> bool:
        """Whether it was asked to end by its engine, and came further before it did: that is nobody's failure."""
        return work.reason == LEFT and len(self._reporter.record.losses.get(work.key, ())) > work.attempt.task.told

    def _silent(self, work: Followed) -> str:
        if work.begun:
            return "it ended before its job"
        return f"it ended without a word: does its machine see {self._folder.folder}?"

    def _replace(self, work: Followed, reason: str) -> None:
        """Let another process do its job; this one ends itself where it lives."""
        self._folder.room.wait(work.attempt.raise_fence)
        collect(work, self._folder)
        self._merger.take(work, last_words(work))
        self._forget(work, reason, tidy=False)
        if not (work.finished or self._stopping):
            self._failures[work.key] += 1
            self._again(work, reason)

    def _forget(self, work: Followed, reason: str, *, tidy: bool = True) -> None:
        task = work.attempt.task
        collect(work, self._folder)
        if work in self._works:
            self._works.remove(work)
            self._engine.has_room()
        if work.key != PROBE:
            self._reporter.emit(events.AttemptEnded(**work.key._asdict(), attempt=task.number, reason=reason))
        if tidy:
            with contextlib.suppress(OSError):
                work.attempt.tidy()

    def _again(self, work: Followed, reason: str, *, hopeless: bool = False) -> None:
        """Let the job wait for its next attempt, or give it up."""
        key = work.key
        if not hopeless and self._failures[key] < MOST_ATTEMPTS:
            self._waiting.add(key)
            if key != PROBE:
                place = self._executor.place(work.process)
                words = f"{place} ended: {reason}; {key.variant} goes on in another"
                self._reporter.notice(words, "warning", key.variant)
            return
        said = "" if work.reason else work.attempt.last_output()
        reason += f"; its output ends: {said}" if said else ""
        if key == PROBE:  # its run is removed, and with it the file of its output
            raise ExecutionError(reason)
        words = reason if hopeless else f"{MOST_ATTEMPTS} processes ended before it was done, the last: {reason}"
        self._reporter.notice(f"{key.variant} failed: {words}", "error", key.variant)
        self._reporter.emit(events.JobFinished(result=_failed(key, words)))

    # ------------------------------------------------------------------ wishes

    def _wish(self, wish: Wish, works: Sequence[Followed] | None = None) -> None:
        for work in self._works if works is None else works:
            with contextlib.suppress(OSError):
                work.attempt.ask(wish)

    def _pause(self) -> None:
        self._wish("pause")
        until = time.monotonic() + PAUSE_SECONDS
        while not all(work.paused for work in self._works) and self._control.paused and time.monotonic() < until:
            time.sleep(LOOK_SECONDS["local"])
            for work in self._works:
                self._merger.take(work, last_words(work))
        self._reporter.emit(events.StudyPaused())

    def _unpause(self) -> None:
        for work in self._works:
            work.forgive()
        self._wish("unpause")
        self._reporter.emit(events.StudyUnpaused())

    def _wind_down(self) -> None:
        """A stop: what was trained is evaluated, as in one process; or, handing over, saved for the next coordinator.

        Jobs of a batch system go on for that.
        """
        self._stopping = True
        if self._control.handing_over and self._on == "slurm":
            return
        self._wish("hand_over" if self._control.handing_over else "stop")
        states = self._engine.ask(self._works)
        self._executor.end([process for process, state in states.items() if state.phase == "waiting"])
        for work in tuple(self._works):
            if work.process not in states and not work.attempt.heartbeat():  # its engine is away: nobody waits for it
                self._replace(work, LEFT)
        while self._works:
            self._look()
            time.sleep(LOOK_SECONDS[self._on])

    # ------------------------------------------------------------------ adopting

    def _adopt(self) -> None:
        """Go on with the attempts of an earlier coordinator that live; the others are over."""
        for work in unended_attempts(self._folder.folder, self._past):
            living = self._living(work)
            if living and work.key in self._undone():
                self._works.append(work)
                self._wish("unpause", [work])
                if self._reporter.record.losses.get(work.key):
                    self._merger.prepared.add(work.key.variant)
                continue
            self._merger.retire(work)
        self._past = ()

    def _living(self, work: Followed) -> bool:
        if not work.process or work.attempt.task.on != self._on:
            return False
        try:
            return self._executor.ask([work.process])[work.process].phase != "ended"
        except ExecutionError:
            return False


def _failed(key: JobKey, reason: str) -> JobResult:
    return JobResult(
        **key._asdict(),
        status="failed",
        reason=reason,
        metrics=None,
        final_loss=None,
        epochs_done=0,
        seconds=Seconds(),
    )
