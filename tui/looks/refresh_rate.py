"""How often the screen is drawn: every redraw crosses the line of a remote terminal."""

from collections.abc import Mapping

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
