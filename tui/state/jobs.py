"""One stage and one variant's job under way: rates, times left and the curve of the loss, as events bring them.

Pure: time comes in with every call, nothing here reads a clock.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from engine.events.record import JobKey
from engine.events.study import Stage
from engine.reports.results import JobResult

JobStatus = Literal["waiting", "preprocess", "train", "evaluate", "done", "stopped", "failed"]

STAGE_WORDS = {
    "check": "reading images",
    "audit": "looking for copies",
    "preprocess": "pre-processing",
    "train": "training",
    "evaluate": "evaluating",
    "baselines": "measuring baselines",
    "quality": "measuring image quality",
}

RATE_WINDOW_SECONDS = 20.0
"""A rate is measured over the last so many seconds: steady, yet true when the speed changes."""


class ActiveClock:
    """Event time less the pauses."""

    def __init__(self) -> None:
        self._lost = 0.0
        self._paused_at: float | None = None

    def pause(self, time: float) -> None:
        """The engine waits from now on."""
        if self._paused_at is None:
            self._paused_at = time

    def unpause(self, time: float) -> None:
        """The engine works again."""
        if self._paused_at is not None:
            self._lost += max(0.0, time - self._paused_at)
            self._paused_at = None

    @property
    def paused(self) -> bool:
        """Whether the engine waits."""
        return self._paused_at is not None

    def at(self, time: float) -> float:
        """Seconds on the clock that stands still during pauses (only differences mean something)."""
        return (time if self._paused_at is None else min(time, self._paused_at)) - self._lost


@dataclass
class StageView:
    """One stage under way or ended; times are those of the `ActiveClock`."""

    stage: Stage
    total: int
    cached: int = 0
    done: int = 0
    started: float = 0.0
    seconds: float | None = None
    images_done: int = 0
    _marks: deque[tuple[float, int, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.done = self.cached
        self._marks.append((self.started, self.done, 0))

    def advance(self, time: float, done: int, images: int = 0) -> None:
        """`done` of the total are ready at `time`; `images` more images were trained on."""
        self.done = done
        self.images_done += images
        self._marks.append((time, done, self.images_done))
        while len(self._marks) > 2 and time - self._marks[1][0] >= RATE_WINDOW_SECONDS:  # noqa: PLR2004
            self._marks.popleft()

    @property
    def share(self) -> float:
        """How much is done, in [0, 1]."""
        return min(1.0, self.done / self.total) if self.total else float(self.seconds is not None)

    def rate(self) -> float | None:
        """Units (images, batches) a second; None until it was seen."""
        return self._per_second(1)

    def image_rate(self) -> float | None:
        """Images a second."""
        return self._per_second(2) if self.stage == "train" else self._per_second(1)

    def _per_second(self, column: int) -> float | None:
        first, last = self._marks[0], self._marks[-1]
        took = last[0] - first[0]
        return (last[column] - first[column]) / took if took > 0 and last[column] > first[column] else None

    def seconds_left(self) -> float | None:
        """Time left at the present rate."""
        if self.done >= self.total:
            return 0.0
        rate = self.rate()
        return None if rate is None else (self.total - self.done) / rate


@dataclass
class JobView:
    """One job's way through its stages; `version` grows with every change that a chart shows."""

    variant: str
    seed: int = 0
    fold: int = 0
    status: JobStatus = "waiting"
    stages: dict[Stage, StageView] = field(default_factory=dict)
    losses: Sequence[float] = ()
    """Those of the record, which cuts them where the job goes back."""
    epoch: int = 0
    epoch_accuracy: float | None = None
    validation_accuracy: float | None = None
    result: JobResult | None = None
    version: int = 0

    @property
    def key(self) -> JobKey:
        """What tells it from others."""
        return JobKey(self.variant, self.seed, self.fold)

    @property
    def stage(self) -> StageView | None:
        """The stage under way."""
        for name in ("preprocess", "train", "evaluate"):
            if self.status == name:
                return self.stages.get(name)
        return None

    @property
    def ended(self) -> bool:
        """Whether no more events will come for it."""
        return self.status in ("done", "stopped", "failed")

    @property
    def last_loss(self) -> float | None:
        """The loss of the last batch, or of the last epoch's end once all is done."""
        return self.losses[-1] if self.losses else None

    @property
    def accuracy(self) -> float | None:
        """Test accuracy, once measured."""
        return self.result.metrics.accuracy if self.result and self.result.metrics else None

    def break_off(self) -> None:
        """Its process is no more and it has not ended: it waits for another, which does its stages again."""
        self.status = "waiting"
        self.stages.clear()
        self.version += 1

    def go_back(self, epoch: int) -> None:
        """The batches after this epoch's begin, or a checkpoint in it, are void."""
        self.epoch = epoch
        self.version += 1


@dataclass
class Together:
    """How the jobs of a variant stand together.

    Attributes:
        running, ended, failed: how many are under way, ended, and of those failed.
        share: the sum of the shares of their training that are done, in jobs.
        rate: images a second of all that are under way.
    """

    running: int = 0
    ended: int = 0
    failed: int = 0
    share: float = 0.0
    rate: float = 0.0

    def add(self, job: JobView) -> None:
        """Count a job in."""
        stage, trained = job.stage, job.stages.get("train")
        self.ended += job.ended
        self.failed += job.status == "failed"
        self.share += 1.0 if job.ended else trained.share if trained is not None else 0.0
        if stage is not None:
            self.running += 1
            self.rate += stage.image_rate() or 0.0
