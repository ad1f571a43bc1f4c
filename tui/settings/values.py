"""The settings as values, and what each of them takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

from engine.config.grammar import choose_from
from engine.errors import InputError, require
from tui.looks.chart_options import JOBS, MOST_COLUMNS, MOST_ROWS, SHOWN, SMOOTHINGS, X_AXES, ChartOptions
from tui.looks.refresh_rate import FASTEST_REFRESH_RATE, SLOWEST_REFRESH_RATE

AUTO = "auto"
"""Leaves a setting to the program, which looks at the terminal."""

_RATES = (AUTO, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)


@dataclass(frozen=True)
class Settings:
    """What the file of settings says; what it does not say is as here.

    Attributes:
        theme: the colours; "auto" for the program's own, in 16 colours the terminal's.
        refresh_rate: redraws a second at most; None for what suits the line.
        images: how pictures are drawn, as `--images` has it.
        charts: the defaults of curve charts.
        keys: other keys for bindings, by the bindings' ids, separated by commas.
    """

    theme: str = AUTO
    refresh_rate: float | None = None
    images: str = AUTO
    charts: ChartOptions = field(default_factory=ChartOptions)
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


USUAL = Settings()


@dataclass(frozen=True)
class Entry:
    """One setting: its key in the file, what it does, how its value is read, and what is chosen from on the screen."""

    key: str
    words: str
    read: Callable[[object], Any]
    choices: Callable[[], tuple[Any, ...]]

    def of(self, settings: Settings) -> Any:
        """The value as the file has it."""
        value: Any = settings
        for name in self.key.split("."):
            value = getattr(value, name)
        return AUTO if value is None else value

    def put(self, settings: Settings, value: object) -> Settings:
        """The settings with another value, as the file has it.

        Raises:
            InputError: the setting takes other values; the message begins with its key.
        """
        section, _, name = self.key.rpartition(".")
        read = self.read(value)
        if section:
            return replace(settings, **{section: replace(getattr(settings, section), **{name: read})})
        return replace(settings, **{name: read})

    def step(self, settings: Settings, direction: int) -> Settings:
        """The settings with the next of the choices, round at the end; from a value between two, the nearer one."""
        choices, value = self.choices(), self.of(settings)
        if value not in choices:
            numbers = [choice for choice in choices if not isinstance(choice, str)]
            return self.put(settings, min(numbers, key=lambda choice: abs(choice - value)) if numbers else choices[0])
        return self.put(settings, choices[(choices.index(value) + direction) % len(choices)])


def _themes() -> tuple[str, ...]:
    from tui.looks.themes import theme_names  # of use to few before Textual is loaded

    return theme_names()


def _one_of(key: str, names: Callable[[], tuple[Any, ...]], value: object) -> Any:
    known = names()
    if isinstance(value, bool) is isinstance(known[0], bool) and value in known:
        return known[known.index(value)]
    raise InputError(f"{key} = {_shown(value)}: {choose_from(str(value), map(spelt, known))}")


def _number(key: str, low: float, high: float, value: object, *, auto: bool = False) -> float | None:
    if auto and value == AUTO:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
    require(number, f"{key} = {_shown(value)}: give a number from {low:g} to {high:g}{', or auto' if auto else ''}")
    return float(value)  # type: ignore[arg-type]


def spelt(value: object) -> str:
    """A value as it is shown."""
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, str) else spelt(value)


def _choice(key: str, words: str, names: Callable[[], tuple[Any, ...]]) -> Entry:
    return Entry(key, words, partial(_one_of, key, names), names)


ENTRIES = (
    _choice("theme", "Colours of everything; auto: the program's own, in 16 colours the terminal's.", _themes),
    Entry(
        "refresh_rate",
        "Redraws a second at most; auto: 4, and 2 over SSH.",
        partial(_number, "refresh_rate", SLOWEST_REFRESH_RATE, FASTEST_REFRESH_RATE, auto=True),
        lambda: _RATES,
    ),
    _choice(
        "images",
        "Pictures from the next start on: off, blocks (coloured half blocks), auto (graphics where there are any).",
        lambda: (AUTO, "blocks", "off"),
    ),
    Entry(
        "charts.smoothing",
        "Weight of the past in the smoothed curve: 0 is none, 0.99 the most.",
        partial(_number, "charts.smoothing", SMOOTHINGS[0], SMOOTHINGS[-1]),
        lambda: SMOOTHINGS,
    ),
    _choice("charts.shown", "The raw curve, the smoothed one, or both.", lambda: SHOWN),
    _choice("charts.x", "What runs along the x axis.", lambda: X_AXES),
    _choice("charts.log", "A logarithmic y axis.", lambda: (False, True)),
    _choice("charts.clip", "Leave the highest 2 % of the values out of the y range.", lambda: (True, False)),
    _choice("charts.locked", "One y range for all charts of a metric.", lambda: (False, True)),
    _choice("charts.jobs", "Of a variant trained several times: the last, the mean with its band, each.", lambda: JOBS),
    _choice("charts.rows", "Rows of charts on a page; 0: as many as fit.", lambda: tuple(range(MOST_ROWS + 1))),
    _choice("charts.columns", "The same for columns.", lambda: tuple(range(MOST_COLUMNS + 1))),
)
