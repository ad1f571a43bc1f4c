"""How fast a run's own steps are, by its events."""

from collections import deque
from collections.abc import Callable
from statistics import median

from engine.events.study import BatchTrained, Emit, Event

_FEWEST, _MOST = 10, 1000
"""Steps that say something of the pace, and how many of the last ones are kept."""


class StepClock:
    """Times training steps between two events of one epoch; the median, so that pauses and other work do not count."""

    def __init__(self) -> None:
        self._last: BatchTrained | None = None
        self._paces: deque[float] = deque(maxlen=_MOST)

    def before(self, emit: Emit) -> Callable[[Event], None]:
        """A listener that takes an event's time and hands it to `emit`."""

        def take(event: Event) -> None:
            if isinstance(event, BatchTrained):
                if self._last is not None and self._last.epoch == event.epoch and event.images:
                    self._paces.append((event.time - self._last.time) / event.images)
                self._last = event
            emit(event)

        return take

    @property
    def seconds_per_image(self) -> float | None:
        """None where there were too few steps to say."""
        return median(self._paces) if len(self._paces) >= _FEWEST else None
