"""A search's events folded into what its screen shows beside the record: stages, progress, times left.

Pure: time comes in with the events, nothing here reads a clock.
"""

from engine.config.search import SECONDS_PER_MINUTE
from engine.events.search import (
    EpochScored,
    TrialFinished,
    TrialStarted,
    TuningFinished,
    TuningResumed,
    TuningStarted,
)
from engine.events.search_record import TuningRecord
from engine.events.study import (
    BatchTrained,
    Event,
    StageFinished,
    StageProgress,
    StageStarted,
    StudyPaused,
    StudyUnpaused,
)
from tui.state.jobs import ActiveClock, StageView

_REDRAWN = (TuningStarted, TuningResumed, TrialStarted, EpochScored, TrialFinished, TuningFinished)


class TuningState:
    """Everything that the search's screen shows; `apply` takes the next event.

    Attributes:
        record: what lasts.
        stage: reading, auditing or pre-processing under way.
        training: the batches of the trial under way, where there is one.
        version: grows with every change of trials and their scores.
        last_time: when the last event happened.
    """

    def __init__(self) -> None:
        self.record = TuningRecord()
        self.clock = ActiveClock()
        self.stage: StageView | None = None
        self.training: StageView | None = None
        self.version = 0
        self.last_time = 0.0
        self._began: float | None = None

    def apply(self, event: Event) -> None:
        """Take the next event."""
        self.record.apply(event)
        self.last_time = event.time
        self.version += isinstance(event, _REDRAWN)
        now = self.clock.at(event.time)
        match event:
            case TuningStarted() | TuningResumed():
                # The time before an interruption is nobody's.
                self._began, self.stage, self.training = now, None, None
            case StudyPaused():
                self.clock.pause(event.time)
            case StudyUnpaused():
                self.clock.unpause(event.time)
            case StageStarted():
                self.stage = StageView(event.stage, event.total, event.cached, started=now)
            case StageProgress() if self.stage is not None:
                self.stage.advance(now, event.done)
            case StageFinished() | TuningFinished():
                self.stage = None
            case _:
                self._take_training(event, now)

    def _take_training(self, event: Event, now: float) -> None:
        match event:
            case TrialStarted():
                self.training = StageView("train", event.steps, started=now)
            case BatchTrained() if self.training is not None:
                self.training.advance(now, self.training.done + 1, event.images)
            case TrialFinished():
                self.training = None

    @property
    def paused(self) -> bool:
        """Whether the engine waits."""
        return self.clock.paused

    def elapsed(self, now: float) -> float:
        """Seconds of work since it began or went on, pauses left out."""
        if self._began is None:
            return 0.0
        end = self.record.finished.time if self.record.finished else now
        return max(0.0, self.clock.at(end) - self._began)

    def share(self) -> float:
        """How much is done, in [0, 1]: of the trials, or of the time where that is nearer to its end."""
        record = self.record
        under_way = self.training.share if self.training is not None else 0.0
        shares = [0.0]
        if record.most_trials is not None:
            shares.append((len(record.ended) + under_way) / record.most_trials)
        if record.minutes is not None:
            shares.append(record.seconds / (SECONDS_PER_MINUTE * record.minutes))
        return min(1.0, max(shares))

    def seconds_left(self) -> float | None:
        """Time left if trials still take what they took on average; None until that is known."""
        record = self.record
        ended = len(record.ended)
        rate = self.training.rate() if self.training is not None else None
        whole = self.training.total / rate if self.training is not None and rate else None
        a_trial = record.seconds / ended if ended else whole
        if a_trial is None:
            return None
        this = a_trial * (1 - self.training.share) if self.training is not None else 0.0
        left = []
        if record.most_trials is not None:
            waiting = record.most_trials - ended - (self.training is not None)
            left.append(this + max(0, waiting) * a_trial)
        if record.minutes is not None:
            left.append(max(this, SECONDS_PER_MINUTE * record.minutes - record.seconds))
        return min(left, default=None)
