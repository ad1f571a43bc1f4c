"""What a measurement says, and the Markdown table of it."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

HEADINGS = ("what", "ours", "reference", "ratio", "target", "met")


@dataclass(frozen=True)
class Row:
    """One line of the table; `met` is None where there is no target."""

    what: str
    ours: str
    reference: str = "-"
    ratio: str = "-"
    target: str = "-"
    met: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """As text, in the order of the headings."""
        met = {True: "yes", False: "**no**", None: "-"}[self.met]
        return self.what, self.ours, self.reference, self.ratio, self.target, met


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)


def spread(values: Sequence[float], unit: str = "", digits: int = 3) -> str:
    """Median with the smallest and the largest value, as `1.52 s (1.48 to 1.60)`."""
    middle = f"{_number(statistics.median(values), digits)}{unit and ' ' + unit}"
    if len(values) == 1:
        return middle
    return f"{middle} ({_number(min(values), digits)} to {_number(max(values), digits)})"


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _number(value: float, digits: int) -> str:
    """Three figures or so."""
    whole = len(str(int(abs(value))))
    return f"{value:,.{max(0, digits - whole)}f}" if abs(value) >= 1 else f"{value:.{digits}g}"
