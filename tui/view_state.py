"""A study's events folded into what the screens show: stages, rates, times left, curves, log lines.

Pure: time comes in with the events (and as `now` where a screen asks), nothing here reads a clock. It wraps
`StudyRecord`, which keeps what lasts.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from engine.events import (
    AuditFinished,
    BatchTrained,
    DatasetChecked,
    EpochTrained,
    Event,
    JobFinished,
    Level,
    MachineChosen,
    Notice,
    Stage,
    StageFinished,
    StageProgress,
    StageStarted,
    StudyContinued,
    StudyFinished,
    StudyPaused,
    StudyResumed,
    StudyStarted,
    SuperresWeightsChosen,
    TrainingContinued,
)
from engine.record import JobKey, StudyRecord, describe_weights
from engine.results import JobResult
from engine.variants import VARIANTS
from tui import formatting

JobStatus = Literal["waiting", "preprocess", "train", "evaluate", "done", "stopped", "failed"]

STAGE_WORDS = {
    "check": "reading images",
    "audit": "looking for copies",
    "preprocess": "pre-processing",
    "train": "training",
    "evaluate": "evaluating",
    "baselines": "measuring baselines",
}

RATE_WINDOW_SECONDS = 20.0
"""A rate is measured over the last so many seconds: steady, yet true when the speed changes."""

SMOOTHING_BATCHES = 15
"""Time constant of the smoothed curve."""

MAX_LOG_LINES = 1000

# Rough seconds an image and megapixel on two cores, only to weigh stages against each other until they
# have been timed; the study's own timings take over as it goes.
_PREPROCESS_COST = {"crop": 0.03, "resize": 0.03, "denoise": 0.25, "superres": 2.0, "shrink": 0.03}
_TRAIN_COST = 0.16
_EVALUATE_COST = 0.06
_COMMON_COSTS: dict[Stage, float] = {"check": 0.02, "audit": 0.005, "baselines": 0.02}


@dataclass(frozen=True)
class LogLine:
    """One line of the message log."""

    time: float
    level: Level
    text: str


class ActiveClock:
    """Event time less the pauses."""

    def __init__(self) -> None:
        self._lost = 0.0
        self._paused_at: float | None = None

    def pause(self, time: float) -> None:
        """The engine waits from now on."""
        if self._paused_at is None:
            self._paused_at = time

    def resume(self, time: float) -> None:
        """The engine goes on."""
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
    """One variant's way through its stages; `version` grows with every change that a chart shows."""

    variant: str
    status: JobStatus = "waiting"
    stages: dict[Stage, StageView] = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    smoothed: list[float] = field(default_factory=list)
    epoch: int = 0
    epoch_accuracy: float | None = None
    validation_accuracy: float | None = None
    train_total: int = 0
    result: JobResult | None = None
    version: int = 0
    _weight: float = 0.0
    _average: float = 0.0

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

    def go_back(self, epoch: int, step: int) -> None:
        """What came after `step` batches is void."""
        kept, self.epoch = self.losses[:step], epoch
        self.losses, self.smoothed, self._weight, self._average = [], [], 0.0, 0.0
        for value in kept:
            self.add_loss(value)
        self.version += 1

    def add_loss(self, value: float) -> bool:
        """Take a batch's loss; returns whether a run of values that are not finite begins with it."""
        before = self.losses[-1] if self.losses else 0.0
        self.losses.append(value)
        # An exponential mean that starts without bias; a value that is no number leaves a gap and does not spread.
        if math.isfinite(value):
            keep = 1 - 1 / SMOOTHING_BATCHES
            self._weight = self._weight * keep + 1
            self._average += (value - self._average) / self._weight
            self.smoothed.append(self._average)
        else:
            self.smoothed.append(math.nan)
        self.version += 1
        return not math.isfinite(value) and math.isfinite(before)


class ViewState:
    """Everything the training screen shows; `apply` takes the next event."""

    def __init__(self) -> None:
        self.record = StudyRecord()
        self.jobs: dict[JobKey, JobView] = {}
        self.common: dict[Stage, StageView] = {}
        """The stages that belong to no variant."""
        self.log: deque[LogLine] = deque(maxlen=MAX_LOG_LINES)
        self.log_count = 0
        self.clock = ActiveClock()
        self._current: dict[str, JobKey] = {}
        self.last_time = 0.0
        """When the last event happened."""
        self._warned: set[tuple[str, str]] = set()

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> "ViewState":
        """Fold a whole stream, as a replay does."""
        state = cls()
        for event in events:
            state.apply(event)
        return state

    # ------------------------------------------------------------------ reading

    @property
    def variants(self) -> tuple[str, ...]:
        """The chosen variants in their order."""
        return self.record.started.variants if self.record.started else ()

    @property
    def finished(self) -> StudyFinished | None:
        """The last event, once it came."""
        return self.record.finished

    @property
    def paused(self) -> bool:
        """Whether the engine waits."""
        return self.clock.paused

    def job(self, variant: str) -> JobView:
        """The variant's present (or last) job; one that waits where none has begun."""
        key = self._current.get(variant)
        return self.jobs[key] if key is not None else JobView(variant)

    def job_place(self, variant: str) -> str:
        """Which of the variant's jobs is shown, as "2/3"; empty where there is but one."""
        started, key = self.record.started, self._current.get(variant)
        if started is None or started.jobs_per_variant == 1:
            return ""
        place = 1 if key is None else (key.seed - started.seed) * started.folds + key.fold + 1
        return f"{place}/{started.jobs_per_variant}"

    @property
    def running_variant(self) -> str | None:
        """The variant that is worked on."""
        return next((v for v in self.variants if self.job(v).stage is not None), None)

    @property
    def common_stage(self) -> StageView | None:
        """The stage under way that belongs to no variant."""
        return next((view for view in self.common.values() if view.seconds is None), None)

    def elapsed(self, now: float) -> float:
        """Seconds of work since the study started, pauses left out."""
        if self.record.started is None:
            return 0.0
        end = self.record.finished.time if self.record.finished else now
        return max(0.0, self.clock.at(end) - self.record.started.time)

    def share(self) -> float:
        """How much of the study is done, in [0, 1], by the typical cost of its stages."""
        if self.finished is not None and self.finished.status == "done":
            return 1.0
        work = self._work()
        total = sum(cost for _, cost, _, _ in work)
        return sum(cost * share for _, cost, share, _ in work) / total if total else 0.0

    def seconds_left(self) -> float | None:
        """Time left for the whole study; None until something was timed."""
        if self.finished is not None:
            return 0.0
        work = self._work()
        spent: dict[str, float] = {}
        typical: dict[str, float] = {}
        for kind, cost, share, view in work:
            seconds = self._seconds_of(view)
            if view is not None and seconds > 0 and share > 0:
                uncached = cost * share * (1 - view.cached / max(view.total, 1) / share if share else 1)
                if uncached > 0:
                    spent[kind] = spent.get(kind, 0.0) + seconds
                    typical[kind] = typical.get(kind, 0.0) + uncached
        if not spent:
            return None
        overall = sum(spent.values()) / sum(typical.values())
        left = 0.0
        for kind, cost, share, view in work:
            own = view.seconds_left() if view is not None and view.seconds is None else None
            speed = spent[kind] / typical[kind] if kind in spent else overall
            left += own if own is not None else cost * (1 - share) * speed
        return left

    def _seconds_of(self, view: StageView | None) -> float:
        if view is None:
            return 0.0
        return view.seconds if view.seconds is not None else self.clock.at(self.last_time) - view.started

    def _work(self) -> list[tuple[str, float, float, StageView | None]]:
        """(kind, typical cost, share done, view) of every stage of the study."""
        started, dataset = self.record.started, self.record.dataset
        if started is None or dataset is None:
            return []
        recipe = started.recipe
        megapixels = recipe.image_size[0] * recipe.image_size[1] / 1e6
        images = dataset.train + dataset.test
        rows: list[tuple[str, float, float, StageView | None]] = []
        for stage, unit in _COMMON_COSTS.items():
            view = self.common.get(stage)
            rows.append((stage, images * unit * megapixels, view.share if view else 0.0, view))
        train, test = dataset.train, dataset.test
        if (protocol := self.record.protocol) is not None:
            train, test = (
                round(sum(counts) / started.folds) for counts in (protocol.train_counts, protocol.test_counts)
            )
        keys = [
            JobKey(variant, seed, fold)
            for seed in started.seeds
            for fold in range(started.folds)
            for variant in started.variants
        ]
        for place, key in enumerate(keys):
            known = VARIANTS.get(key.variant)
            steps, scale = (known.steps, known.scale) if known else (("resize",), 1)
            # Later seeds and folds find the pre-processed images in the cache.
            prepared = images * sum(_PREPROCESS_COST.get(step, 0.0) for step in steps)
            costs: dict[Stage, float] = {
                "preprocess": prepared if place < len(started.variants) else 0.0,
                "train": train * recipe.epochs * _TRAIN_COST * scale**2,
                "evaluate": test * _EVALUATE_COST * scale**2,
            }
            job = self.jobs.get(key) or JobView(key.variant)
            for part, cost in costs.items():
                view = job.stages.get(part)
                over = job.ended or (view is not None and view.seconds is not None)
                rows.append((part, cost * megapixels, 1.0 if over else view.share if view else 0.0, view))
        return rows

    # ------------------------------------------------------------------ folding

    def apply(self, event: Event) -> None:
        """Take the next event of the stream."""
        self.record.apply(event)
        before, self.last_time = self.last_time, event.time
        match event:
            case BatchTrained():
                self._batch(event)
            case StageStarted():
                self._stage_started(event)
            case StageProgress():
                self._progress(event)
            case StageFinished():
                self._stage_finished(event)
            case EpochTrained():
                job = self._job(event)
                job.epoch, job.epoch_accuracy = event.epoch + 1, event.accuracy
                job.validation_accuracy = event.validation_accuracy
                job.version += 1
            case JobFinished():
                self._job_finished(event)
            case StudyContinued() | TrainingContinued():
                self._go_on(event, before)
            case StudyPaused():
                self.clock.pause(event.time)
                self._say(event, "info", "paused")
            case StudyResumed():
                self.clock.resume(event.time)
                self._say(event, "info", "resumed")
            case _:
                self._remark(event)

    def _remark(self, event: Event) -> None:
        match event:
            case StudyStarted():
                self._say(event, "info", f"study {event.study}: {', '.join(event.variants)}")
            case DatasetChecked():
                dataset = event.dataset
                skipped = f", {len(dataset.skipped)} skipped" if dataset.skipped else ""
                text = f"{formatting.count(dataset.train)} training and {formatting.count(dataset.test)} test images"
                self._say(event, "info", text + skipped)
            case AuditFinished() if event.audit.sentences:
                self._say(event, "info", f"audit: {event.audit.sentences[0]}")
            case MachineChosen():
                self._say(event, "info", f"machine: {describe_machine(self.record)} ({event.machine.chosen_by})")
            case SuperresWeightsChosen():
                self._say(event, "info", f"super-resolution weights: {describe_weights(event.weights)}")
            case Notice():
                # The variant's name in front, unless the message begins with it.
                named = event.variant and not event.message.startswith(event.variant)
                self._say(event, event.level, f"{event.variant}: {event.message}" if named else event.message)
            case StudyFinished():
                self.clock.resume(event.time)
                level: Level = "error" if event.status == "failed" else "info"
                self._say(event, level, f"study {event.status}" + (f": {event.reason}" if event.reason else ""))
            case _:
                pass

    def _go_on(self, event: StudyContinued | TrainingContinued, before: float) -> None:
        if isinstance(event, StudyContinued):
            self._begin_anew(event, before)
            return
        self._job(event).go_back(event.epoch, event.step)
        words = f"goes on after batch {event.step}" if event.step else "begins at its start"
        self._say(event, "info", f"{event.variant}: training {words}")

    def _begin_anew(self, event: StudyContinued, before: float) -> None:
        """Nobody worked since the event at `before`; what was under way then begins anew."""
        self.clock.pause(before)
        self.clock.resume(event.time)
        for view in (*self.common.values(), *(view for job in self.jobs.values() for view in job.stages.values())):
            if view.seconds is None:
                view.seconds = max(0.0, self.clock.at(event.time) - view.started)
        for job in self.jobs.values():
            if job.status != "done":
                job.status, job.result = "waiting", None
                job.version += 1
        self._say(event, "info", "the study goes on")

    def _job(
        self,
        event: BatchTrained | EpochTrained | StageStarted | StageProgress | StageFinished | TrainingContinued,
    ) -> JobView:
        key = JobKey(event.variant, event.seed, event.fold)
        self._current[event.variant] = key
        return self.jobs.setdefault(key, JobView(event.variant))

    def _stage_started(self, event: StageStarted) -> None:
        view = StageView(event.stage, event.total, event.cached, started=self.clock.at(event.time))
        if event.stage == "check" or event.stage == "audit" or event.stage == "baselines":  # noqa: PLR1714 - narrows the type
            self.common[event.stage] = view
            return
        job = self._job(event)
        job.stages[event.stage] = view
        job.status = event.stage
        if event.stage == "train":
            job.train_total = event.total
        job.version += 1

    def _progress(self, event: StageProgress) -> None:
        job = self._job(event) if event.variant else None
        view = (job.stages if job else self.common).get(event.stage)
        if view is not None:
            view.advance(self.clock.at(event.time), event.done)
        if job is not None:
            job.version += 1

    def _batch(self, event: BatchTrained) -> None:
        job = self._job(event)
        job.epoch = event.epoch
        view = job.stages.get("train")
        if view is not None:
            view.advance(self.clock.at(event.time), event.step + 1, event.images)
        if job.add_loss(event.loss):
            word = "NaN" if math.isnan(event.loss) else "infinite"
            self._say(event, "warning", f"{event.variant}: the loss of batch {event.step + 1} is {word}")

    def _stage_finished(self, event: StageFinished) -> None:
        if not event.variant:
            if event.stage in self.common:
                self.common[event.stage].seconds = event.seconds
            return
        job = self._job(event)
        view = job.stages.get(event.stage)
        if view is not None:
            view.seconds = event.seconds
            took = formatting.duration(event.seconds)
            from_cache = view.cached and event.stage != "train"  # which goes on after batches done before
            cached = f", {formatting.count(view.cached)} from the cache" if from_cache else ""
            self._say(event, "info", f"{event.variant}: {STAGE_WORDS[event.stage]} took {took}{cached}")
        job.version += 1

    def _job_finished(self, event: JobFinished) -> None:
        result = event.result
        key = JobKey(result.variant, result.seed, result.fold)
        self._current[result.variant] = key
        job = self.jobs.setdefault(key, JobView(result.variant))
        job.status, job.result = result.status, result
        job.version += 1
        accuracy = f", accuracy {job.accuracy:.3f}" if job.accuracy is not None else ""
        reason = f": {result.reason}" if result.reason else ""
        level: Level = "error" if result.status == "failed" else "info"
        self._say(event, level, f"{result.variant} {result.status}{reason}{accuracy}")

    def _say(self, event: Event, level: Level, text: str) -> None:
        self.log.append(LogLine(event.time, level, text))
        self.log_count += 1


def describe_machine(record: StudyRecord) -> str:
    """For the corner: cpu ×2 bf16."""
    machine = record.machine
    if machine is None:
        return ""
    threads = f" ×{machine.threads}" if machine.device == "cpu" else ""
    return f"{machine.device}{threads} {machine.precision}"
