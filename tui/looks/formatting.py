"""Numbers as people read them, always with the same number of decimals so that nothing jumps."""

import json
import math
import os
from collections.abc import Callable
from pathlib import Path

from rich.cells import cell_len, set_cell_size

from engine.config.machine import MachineSettings
from engine.reports.statistics import Interval

_SMALLEST_P = 0.001

NOTHING = "–"
"""Stands where there is no value."""

DECIMALS = 3
"""Of every score and loss."""

_MINUTE, _HOUR = 60, 3600
_KILO = 1000
_FAST = 10
"""Rates from here on need no decimals."""

_BLOCKS = " ▏▎▍▌▋▊▉"


def duration(seconds: float | None) -> str:
    """4:05 or 1:04:05; a dash where it is not known."""
    if seconds is None or not math.isfinite(seconds):
        return "–:––"
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // _HOUR, whole % _HOUR // _MINUTE, whole % _MINUTE
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def clock(seconds: float) -> str:
    """00:04:05, of fixed width."""
    whole = max(0, int(seconds))
    return f"{whole // _HOUR:02}:{whole % _HOUR // _MINUTE:02}:{whole % _MINUTE:02}"


def percent(share: float) -> str:
    """Whole percent, three digits wide; 100 only when all is done."""
    value = 100 if share >= 1 else min(99, max(0, round(share * 100)))
    return f"{value:3d} %"


def place(path: str) -> str:
    """A path as a shell's user writes it, with ~ for the home folder."""
    home = str(Path.home())
    return "~" + path[len(home) :] if path == home or path.startswith(home + os.sep) else path


def count(number: int) -> str:
    """Thousands apart: 1,283."""
    return f"{number:,}"


def rate(per_second: float | None, unit: str = "img") -> str:
    """51 img/s, 3.4 img/s."""
    if per_second is None:
        return f"– {unit}/s"
    return f"{per_second:,.0f} {unit}/s" if per_second >= _FAST else f"{per_second:.1f} {unit}/s"


def size(number: float) -> str:
    """Bytes as 812 MB, 2.1 GB (powers of 1000)."""
    for unit in ("B", "kB", "MB"):
        if number < _KILO:
            return f"{number:.0f} {unit}"
        number /= _KILO
    return f"{number:.1f} GB" if number < _KILO else f"{number / _KILO:.1f} TB"


def loss(value: float | None) -> str:
    """Six characters, right-aligned."""
    if value is None:
        return "     –"
    if not math.isfinite(value):
        return "   NaN" if math.isnan(value) else "   inf"
    return f"{value:6.3f}" if abs(value) < _KILO / _FAST else f"{value:6.0f}"


def bar(share: float, width: int) -> str:
    """A bar of `width` cells in eighths of a cell."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_BLOCKS[rest] if rest else "")).ljust(width)


def fit(text: str, width: int) -> str:
    """Cut to `width` cells, the cut marked; a wide letter takes two of them, one that combines none."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(0, width - 1)) + "…"[:width]


def fit_start(text: str, width: int) -> str:
    """Cut at the start, where the end says more (paths)."""
    if cell_len(text) <= width:
        return text
    start = len(text) - max(0, width - 1)
    while cell_len(text[start:]) > max(0, width - 1):
        start += 1
    return "…"[:width] + text[start:]


def left(text: str, width: int) -> str:
    """At least `width` cells, the text at their beginning."""
    return text + " " * (width - cell_len(text))


def right(text: str, width: int) -> str:
    """At least `width` cells, the text at their end."""
    return " " * (width - cell_len(text)) + text


def number(value: float | None) -> str:
    """Three decimals; a dash where there is no number."""
    return NOTHING if value is None or not math.isfinite(value) else f"{value:.{DECIMALS}f}"


def share(value: float) -> str:
    """A share of 1 in four characters: .758, 1.00; what is below 0 in five: -.061."""
    if not math.isfinite(value):
        return f"{NOTHING:>4}"
    text = number(value)
    if text.startswith("-0"):
        return f"-{text[2:]}"
    return text[1:] if text.startswith("0") else text[:4]


def signed(value: float) -> str:
    """A difference of shares in five characters: +.013, -.200; no sign where it rounds to nothing."""
    sign = " " if round(value, DECIMALS) == 0 else "+" if value > 0 else "-"
    return sign + share(abs(value))


def points(share: float) -> str:
    """A difference of shares in points of a per cent: +1.2."""
    value = round(100 * share, 1)
    return f"{value:+.1f}".replace("-", "−") if value else "0.0"


def interval_text(interval: Interval, form: Callable[[float], str] = share) -> str:
    """[.758 .848], or its ends in another form."""
    return f"[{form(interval.low)} {form(interval.high)}]"


def p_text(value: float) -> str:
    """A p value: .013; what is smaller than anybody needs to know is only bounded, < .001."""
    return f"< {share(_SMALLEST_P)}" if value < _SMALLEST_P else share(value)


def p_words(value: float) -> str:
    """The same in a sentence: p = .013, p < .001."""
    text = p_text(value)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def json_line(data: object) -> str:
    """Strict JSON in one line, with a line break at its end."""
    return json.dumps(data, allow_nan=False) + "\n"


def machine_words(machine: MachineSettings | None) -> str:
    """Device, threads and precision in a few words: cpu ×2 bf16; "" before they are chosen."""
    if machine is None:
        return ""
    threads = f" ×{machine.threads}" if machine.device == "cpu" else ""
    return f"{machine.device}{threads} {machine.precision}"
