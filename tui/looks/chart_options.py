"""How curves are shown: what the keys of charts change, and what settings begin with."""

from dataclasses import dataclass
from typing import Literal

Shown = Literal["both", "smoothed", "raw"]
XAxis = Literal["step", "epoch", "time"]
Jobs = Literal["last", "mean", "each"]
"""Of a variant trained several times: the job under way or the last one, the mean with its band, every job."""

SHOWN: tuple[Shown, ...] = ("both", "smoothed", "raw")
X_AXES: tuple[XAxis, ...] = ("step", "epoch", "time")
JOBS: tuple[Jobs, ...] = ("last", "mean", "each")
SMOOTHINGS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.93, 0.96, 0.98, 0.99)
"""What the keys step through; any value from 0 to 0.99 can be set."""

MOST_ROWS, MOST_COLUMNS = 6, 6


@dataclass(frozen=True)
class ChartOptions:
    """What a user can choose about charts.

    Attributes:
        smoothing: weight of the past in TensorBoard's debiased exponential average, 0 to 0.99.
        shown: raw and smoothed curves, or one of them.
        x: what runs along the x axis; time is in seconds since a job's first batch.
        log: logarithmic y axis.
        clip: leave the highest 2 % of the values out of the y range.
        locked: one y range for all charts of a metric.
        jobs: which jobs of a variant are drawn.
        rows: of charts on a page; 0 for as many as fit.
        columns: the same.
    """

    smoothing: float = 0.93
    shown: Shown = "both"
    x: XAxis = "step"
    log: bool = False
    clip: bool = True
    locked: bool = False
    jobs: Jobs = "last"
    rows: int = 0
    columns: int = 0
