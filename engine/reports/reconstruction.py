"""Which readings of a paper's open choices are compatible with the numbers that it publishes."""

from dataclasses import dataclass
from typing import Literal, get_args

Fit = Literal["compatible", "excluded", "can't be told"]
FITS: tuple[Fit, ...] = get_args(Fit)


@dataclass(frozen=True)
class FittedNumber:
    """Our figure for a published number, and whether its 95 % interval leaves the number possible."""

    figure: str
    fit: Fit
    reason: str


@dataclass(frozen=True)
class FittedReading:
    """A reading held against every number.

    Attributes:
        key, statement: see the paper's file.
        changes: what it changes of the paper's recipe, as `name=value`.
        study: the run that it was tried in, "" where there is none yet.
        seeds: of that run.
        numbers: one for each of the report's numbers; without a run they can't be told.
        remark: what differs from the paper in that run, or "".
    """

    key: str
    statement: str
    changes: tuple[str, ...]
    study: str
    seeds: tuple[int, ...]
    numbers: tuple[FittedNumber, ...]
    remark: str

    def count(self, fit: Fit) -> int:
        """How many numbers fit in this way."""
        return sum(number.fit == fit for number in self.numbers)


@dataclass(frozen=True)
class PublishedNumber:
    """A number of the paper: its claim's key, whose and which score it is, and what it says, as `= 0.80`."""

    key: str
    variant: str
    score: str
    stated: str


@dataclass(frozen=True)
class Reconstruction:
    """Readings against numbers.

    Attributes:
        paper: what the paper is called.
        protocol: of the runs.
        variants: those that the numbers are about.
        numbers: the columns.
        readings: the rows, in the order of the file.
        passed_over: runs that were named and are none of a reading, each with the reason.
    """

    paper: str
    protocol: str
    variants: tuple[str, ...]
    numbers: tuple[PublishedNumber, ...]
    readings: tuple[FittedReading, ...]
    passed_over: tuple[str, ...] = ()
