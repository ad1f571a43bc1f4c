"""How often the screen is drawn: every redraw crosses the line of a remote terminal."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

LOCAL_REFRESH_RATE = 4.0
REMOTE_REFRESH_RATE = 2.0
"""Redraws a second at most, on this machine and over SSH."""

SLOWEST_REFRESH_RATE, FASTEST_REFRESH_RATE = 0.2, 30.0
_REMOTE_VARIABLES = ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")


def default_refresh_rate(environment: Mapping[str, str]) -> float:
    """Redraws a second: fewer over SSH."""
    remote = any(environment.get(name) for name in _REMOTE_VARIABLES)
    return REMOTE_REFRESH_RATE if remote else LOCAL_REFRESH_RATE


def seconds_between_draws(rate: float | None, environment: Mapping[str, str]) -> float:
    """At least; `rate` is what was asked for, in redraws a second."""
    wanted = rate if rate is not None else default_refresh_rate(environment)
    return 1 / min(FASTEST_REFRESH_RATE, max(SLOWEST_REFRESH_RATE, wanted))


class DrawPace:
    """Says when to draw again, so that what nobody asked for takes a small share of a processor from training."""

    SHARE = 0.004
    """Of one processor's time, for our own part of a draw; the framework takes about as much."""

    LONGEST = 2.0
    """Seconds between draws at most, however slow the machine."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, spent: Callable[[], float] = time.thread_time
    ) -> None:
        self._clock, self._spent = clock, spent
        self._next = 0.0

    @property
    def due(self) -> bool:
        """Whether it is time."""
        return self._clock() >= self._next

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Measures a draw."""
        before = self._spent()
        yield
        self._next = self._clock() + min(self.LONGEST, (self._spent() - before) / self.SHARE)
