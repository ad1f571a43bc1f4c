"""The processes that work on a study's jobs, where there are several: where each is, and how it ended."""

from dataclasses import dataclass
from typing import Literal

from engine.events.record import JobKey
from engine.events.study import (
    AttemptEnded,
    AttemptStarted,
    AttemptSubmitted,
    JobFinished,
    RunResumed,
    StudyFinished,
    WorkersChanged,
)

Phase = Literal["waiting", "running", "ended"]
AttemptEvent = AttemptSubmitted | AttemptStarted | AttemptEnded | WorkersChanged


@dataclass
class Attempt:
    """One process for a job.

    Attributes:
        job: what it works on; the variant is empty for the probe, which trains nothing.
        number: of the job's attempts, from 1.
        place: what its engine calls it; host, process and device are known once it has started.
        output: the file with what it prints, from the run folder on.
        started, ended: seconds since the Unix epoch; None where that has not happened.
        reason: why it ended, empty where it did its job.
        done: whether its job is finished.
    """

    job: JobKey
    number: int
    place: str = ""
    host: str = ""
    process: int = 0
    device_name: str = ""
    output: str = ""
    started: float | None = None
    ended: float | None = None
    reason: str = ""
    done: bool = False

    @property
    def phase(self) -> Phase:
        """Whether it waits for its turn, lives or is no more."""
        return "ended" if self.ended is not None else "waiting" if self.started is None else "running"

    def seconds(self, now: float) -> float | None:
        """How long it has lived by `now`, or lived; None where it has not begun."""
        return None if self.started is None else (now if self.ended is None else self.ended) - self.started


class Attempts:
    """All attempts of a study; `take` has the next event.

    Attributes:
        workers: how many jobs run at once.
        on: where they run.
        every: the attempts, by job and number, in the order in which they were submitted.
        lanes: those that live or wait, each in a place of its own until it ends, so that lists of them stand still.
        held, held_since: why no more jobs are taken for now, empty where they are; seconds since the Unix epoch.
        version: grows with every change.
    """

    def __init__(self) -> None:
        self.workers, self.on = 1, "local"
        self.every: dict[tuple[JobKey, int], Attempt] = {}
        self.lanes: list[Attempt | None] = []
        self.held, self.held_since = "", 0.0
        self.version = 0
        self._told = False

    def __bool__(self) -> bool:
        """Whether jobs run in processes of their own."""
        return self._told

    def take(self, event: AttemptEvent | JobFinished | RunResumed | StudyFinished) -> None:
        """Take an event that tells of processes."""
        self.version += 1
        match event:
            case WorkersChanged():
                self._told, self.workers, self.on = True, event.workers, event.on
                self.held, self.held_since = event.held, event.time - event.held_seconds
            case AttemptSubmitted() | AttemptStarted() | AttemptEnded():
                self._told = True
                self._follow(event)
            case JobFinished(result=result):
                for one in self._alive():
                    one.done = one.done or one.job == (result.variant, result.seed, result.fold)
            case _:  # nobody works on a study that has ended or is resumed; who does after all will say so
                self.held = ""
                for one in self._alive():
                    self._end(one, event.time, "left" if isinstance(event, RunResumed) else "")

    def _follow(self, event: AttemptSubmitted | AttemptStarted | AttemptEnded) -> None:
        key = JobKey(event.variant, event.seed, event.fold), event.attempt
        one = self.every.setdefault(key, Attempt(*key))
        match event:
            case AttemptSubmitted():
                one.place = event.place
            case AttemptStarted():
                one.host, one.process, one.device_name = event.host, event.process, event.device_name
                one.output, one.started, one.ended, one.reason = event.output, event.time, None, ""
            case AttemptEnded():
                self._end(one, event.time, event.reason)
                return
        if not any(one is other for other in self.lanes):
            self._join(one)

    def _join(self, one: Attempt) -> None:
        if None in self.lanes:
            self.lanes[self.lanes.index(None)] = one
        else:
            self.lanes.append(one)

    def _end(self, one: Attempt, time: float, reason: str) -> None:
        one.ended, one.reason = time, reason
        self.lanes = [None if other is one else other for other in self.lanes]
        while self.lanes and self.lanes[-1] is None:
            self.lanes.pop()

    def _alive(self) -> list[Attempt]:
        return [one for one in self.lanes if one is not None]

    @property
    def running(self) -> int:
        """How many processes work on a job."""
        return sum(one.phase == "running" and bool(one.job.variant) for one in self._alive())

    @property
    def at_once(self) -> int:
        """How many jobs run side by side: fewer than are wanted where a cluster keeps some waiting."""
        queued = self.on != "local" and any(one.phase == "waiting" for one in self._alive())
        return self.running if queued and self.running else self.workers
