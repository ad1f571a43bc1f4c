"""The loss curves of a study as numbers, ready to be drawn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.events.record import StudyRecord
from tui.looks.axes import Curve, y_limits
from tui.state.jobs import JobView


@dataclass(frozen=True)
class VariantCurves:
    """The losses of one variant, a value a batch; values that are not finite are gaps.

    Attributes:
        variant: its name.
        thin: what is drawn thin: the batches' own losses of one job, or the smoothed ones of each of several.
        bold: the smoothed losses, the mean over the jobs where there are several.
        jobs: how many jobs there are.
    """

    variant: str
    thin: tuple[Sequence[float], ...]
    bold: Sequence[float]
    jobs: int

    @property
    def last(self) -> float | None:
        """The smoothed loss at the end."""
        return next((value for value in reversed(self.bold) if math.isfinite(value)), None)


def smooth(losses: Sequence[float]) -> list[float]:
    """The same smoothed curve as on the dashboard."""
    job = JobView("")
    for value in losses:
        job.add_loss(value)
    return job.smoothed


def mean_curve(curves: Sequence[Sequence[float]]) -> list[float]:
    """The mean at every step over the curves that have a finite value there; NaN where none has."""
    means = []
    for step in range(max(map(len, curves), default=0)):
        values = [curve[step] for curve in curves if step < len(curve) and math.isfinite(curve[step])]
        means.append(math.fsum(values) / len(values) if values else math.nan)
    return means


def variant_curves(record: StudyRecord) -> list[VariantCurves]:
    """The curves of every variant that trained at least one batch, in the study's order."""
    variants = record.started.variants if record.started else ()
    found = []
    for variant in variants:
        losses = [record.losses[key] for key in sorted(record.losses) if key.variant == variant and record.losses[key]]
        smoothed = [smooth(values) for values in losses]
        if len(losses) == 1:
            found.append(VariantCurves(variant, (losses[0],), smoothed[0], 1))
        elif losses:
            found.append(VariantCurves(variant, tuple(smoothed), mean_curve(smoothed), len(losses)))
    return found


@dataclass(frozen=True)
class Limits:
    """What all drawings of a study's curves share: steps from 0 and the range of the losses."""

    steps: int
    low: float
    high: float


def shared_limits(curves: Sequence[VariantCurves]) -> Limits:
    """Round limits around all curves; see `tui.looks.axes.y_limits` for the highest values."""
    drawn = [Curve("", "", [value for line in curve.thin for value in line], curve.bold) for curve in curves]
    low, high = y_limits(drawn, log=False)
    return Limits(max(2, *(len(curve.bold) for curve in curves)), low, high)
