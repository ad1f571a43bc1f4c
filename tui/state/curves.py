"""The curves of a study as numbers, ready to be drawn: metrics by batch and by epoch, smoothed, averaged over jobs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.config.schedule import learning_rate
from engine.events.record import JobKey, StudyRecord
from engine.events.study import EpochTrained
from tui.looks.axes import Curve, y_limits
from tui.looks.chart_options import ChartOptions, XAxis

Values = npt.NDArray[np.float64]

_NEGLIGIBLE = 1e-9
"""Weight of the past that a smoothed value leaves out."""

_LOOK_BACK = 256
"""Values among which the last one is looked for at once."""

_MOST_RATES = 4096
"""Points of a learning rate's curve, which is made of straight lines."""


def smooth(values: Sequence[float] | Values, weight: float = ChartOptions.smoothing) -> Values:
    """TensorBoard's exponential average, without bias at its start: sum of weight^k x[i-k] over the sum of weight^k.

    A value that is not finite stays a gap and does not spread.
    """
    data = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(data)
    sums = data[finite]
    norms = np.ones_like(sums)
    reach = 1
    # Sums over the last 1, 2, 4, ... values, each from the one before it.
    while weight > 0 and reach < len(sums) and weight**reach > _NEGLIGIBLE:
        share = weight**reach
        sums[reach:] += share * sums[:-reach]
        norms[reach:] += share * norms[:-reach]
        reach *= 2
    smoothed = np.full(len(data), math.nan)
    smoothed[finite] = sums / norms
    return smoothed


def mean_and_band(curves: Sequence[Sequence[float] | Values]) -> tuple[Values, Values, Values]:
    """Mean, lowest and highest at every step over the curves that have a finite value there; NaN where none has."""
    table = np.full((len(curves), max(map(len, curves), default=0)), math.nan)
    for row, curve in zip(table, curves, strict=True):
        row[: len(curve)] = np.where(np.isfinite(curve), curve, math.nan)
    if not len(curves):
        return (np.empty(0),) * 3
    counts = np.isfinite(table).sum(axis=0)
    with np.errstate(invalid="ignore"):
        means = np.nansum(table, axis=0) / np.where(counts, counts, math.nan)
    return means, np.fmin.reduce(table), np.fmax.reduce(table)


def mean_curve(curves: Sequence[Sequence[float] | Values]) -> list[float]:
    """The mean at every step; see `mean_and_band`."""
    means: list[float] = mean_and_band(curves)[0].tolist()
    return means


# ---------------------------------------------------------------- metrics


@dataclass(frozen=True)
class Metric:
    """What a chart shows: a value a batch, or `by_epoch`; `smooth` where it is noisy."""

    key: str
    title: str
    by_epoch: bool = False
    smooth: bool = False


METRICS = (
    Metric("loss", "loss by batch", smooth=True),
    Metric("accuracy", "training accuracy", by_epoch=True),
    Metric("validation_loss", "validation loss", by_epoch=True),
    Metric("validation_accuracy", "validation accuracy", by_epoch=True),
    Metric("learning_rate", "learning rate"),
    Metric("gradient_norm", "gradient norm", smooth=True),
    Metric("images_per_second", "images a second", smooth=True),
)


@dataclass(frozen=True, eq=False)
class Series:
    """One metric of one job, or the mean over several.

    Attributes:
        steps: the batch of each value, from 0, rising.
        times: when, in seconds since the Unix epoch (those of the first job, of several).
        values: NaN and infinite ones are gaps.
        begun: when the first batch was trained.
        per_epoch: batches an epoch.
        low: of several jobs, the lowest value at each step.
        high: the highest.
        jobs: how many.
    """

    steps: Values
    times: Values
    values: Values
    begun: float
    per_epoch: float
    low: Values | None = None
    high: Values | None = None
    jobs: int = 1
    _smoothed: dict[float, tuple[Values, ...]] = field(default_factory=dict)

    def x(self, axis: XAxis) -> Values:
        """Places on the x axis: batches from 0, epochs done, or seconds since the first batch."""
        if axis == "step":
            return self.steps
        return (self.steps + 1) / self.per_epoch if axis == "epoch" else self.times - self.begun

    def smoothed(self, weight: float) -> Values:
        """See `smooth`."""
        return self._all_smoothed(weight)[0]

    def smoothed_band(self, weight: float) -> Sequence[Values]:
        """Lowest and highest of several jobs, smoothed as their mean is; nothing of one job."""
        return self._all_smoothed(weight)[1:]

    def _all_smoothed(self, weight: float) -> tuple[Values, ...]:
        if weight not in self._smoothed:
            self._smoothed.clear()
            curves = [one for one in (self.values, self.low, self.high) if one is not None]
            self._smoothed[weight] = tuple(smooth(curve, weight) for curve in curves)
        return self._smoothed[weight]

    def end(self, axis: XAxis) -> float:
        """Where on the x axis the last value stands; 0 where there is none."""
        return float(self.x(axis)[-1]) if len(self.steps) else 0.0

    def last_of(self, smoothing: float | None = None) -> float | None:
        """The last finite value, smoothed where a smoothing is given."""
        values = self.values if smoothing is None else self.smoothed(smoothing)
        place = last_finite(values)
        return None if place is None else float(values[place])

    def nearest(self, axis: XAxis, x: float) -> int | None:
        """Which value lies nearest to a place on the x axis; None beside the curve's ends."""
        places = self.x(axis)
        if not len(places):
            return None
        right = int(np.searchsorted(places, x))
        index = min((i for i in (right - 1, right) if 0 <= i < len(places)), key=lambda i: abs(float(places[i]) - x))
        gap = abs(float(places[1] - places[0])) if len(places) > 1 else 1.0
        return index if abs(float(places[index]) - x) <= 2 * gap or places[0] <= x <= places[-1] else None


def last_finite(values: Values) -> int | None:
    """The place of the last value that is no gap; looked for from the end, where it nearly always is."""
    end = len(values)
    while end > 0:
        begin = max(0, end - _LOOK_BACK)
        found = np.flatnonzero(np.isfinite(values[begin:end]))
        if len(found):
            return begin + int(found[-1])
        end = begin
    return None


class _Growing:
    """A list that grows, as an array, which is made anew only where the list was cut."""

    def __init__(self) -> None:
        self._buffer, self._length = np.empty(64), 0

    def of(self, source: Sequence[float]) -> Values:
        done = self._length
        if done > len(source) or (done and not _same(self._buffer[done - 1], source[done - 1])):
            done = 0
        if len(source) > len(self._buffer):
            self._buffer = np.concatenate([self._buffer[:done], np.empty(2 * len(source) - done)])
        self._buffer[done : len(source)] = source[done:]
        self._length = len(source)
        return self._buffer[: self._length]


def _same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


class RecordCurves:
    """The curves of one study's record, made anew only where it grew."""

    def __init__(self, record: StudyRecord) -> None:
        self.record = record
        self._losses: dict[JobKey, _Growing] = {}
        self._found: dict[tuple[JobKey, str], tuple[object, Series]] = {}
        self._jobs: dict[str, list[JobKey]] = {}
        self._metrics: tuple[int, tuple[Metric, ...]] | None = None
        self._means: dict[tuple[JobKey, str], tuple[tuple[Series, ...], Series]] = {}
        self._schedules: dict[int, tuple[Values, Values]] = {}

    def jobs(self, variant: str) -> list[JobKey]:
        """The jobs of a variant that trained at least one batch, by seed and fold."""
        if sum(map(len, self._jobs.values())) != len(self.record.losses):
            self._jobs = {}
            for key in sorted(self.record.losses):
                self._jobs.setdefault(key.variant, []).append(key)
        return self._jobs.get(variant, [])

    def version(self, key: JobKey) -> tuple[int, float, int]:
        """Changes with every batch and epoch of a job."""
        losses, times = self.record.losses.get(key), self.record.times.get(key)
        return len(losses or ()), times[-1] if times else 0.0, len(self.record.epochs.get(key, ()))

    def series(self, key: JobKey, metric: Metric) -> Series:
        """A metric of a job."""
        version = self.version(key)
        found = self._found.get((key, metric.key))
        if found is None or found[0] != version:
            found = version, self._series(key, metric)
            self._found[key, metric.key] = found
        return found[1]

    def mean(self, jobs: Sequence[JobKey], metric: Metric) -> Series:
        """The mean over jobs, with the band from the lowest to the highest."""
        series = tuple(self.series(key, metric) for key in jobs)
        if len(series) == 1:
            return series[0]
        found = self._means.get((jobs[0], metric.key))
        if found is None or found[0] != series:
            found = self._means[jobs[0], metric.key] = series, mean_series(series)
        return found[1]

    def metrics(self) -> tuple[Metric, ...]:
        """Those that the study has values of, or will have: the validation's only where images are kept for it.

        Runs of earlier versions have no norms of gradients.
        """
        epochs, norms = self.record.epochs, self.record.gradient_norms
        known = len(epochs) + len(norms)
        if self._metrics is None or self._metrics[0] != known:
            first = [ended[0] for ended in epochs.values() if ended]
            optional = ("validation_accuracy", "validation_loss")
            absent = [name for name in optional if all(getattr(entry, name) is None for entry in first)]
            absent += ["gradient_norm"] * all(math.isnan(of_job[0]) for of_job in norms.values() if of_job)
            self._metrics = known, tuple(metric for metric in METRICS if metric.key not in absent)
        return self._metrics[1]

    def total(self, key: JobKey) -> int:
        """Batches of a job's whole training."""
        return max(self.record.steps.get(key, 0), len(self.record.losses.get(key, ())))

    def per_epoch(self, key: JobKey) -> float:
        """Batches an epoch."""
        starts, started = self.record.epoch_starts.get(key, []), self.record.started
        if len(starts) > 1:
            return max(1.0, float(starts[1].step - starts[0].step))
        return max(1.0, self.total(key) / (started.recipe.epochs if started is not None else 1))

    def _series(self, key: JobKey, metric: Metric) -> Series:
        record = self.record
        times, per_epoch = np.array(record.times.get(key, ()), dtype=np.float64), self.per_epoch(key)
        begun = float(times[0]) if len(times) else 0.0
        if metric.by_epoch:
            ended = record.epochs.get(key, [])
            steps = np.array([(entry.epoch + 1) * per_epoch - 1 for entry in ended])
            found = np.array([_number(entry, metric.key) for entry in ended])
            return Series(steps, np.array([entry.time for entry in ended]), found, begun, per_epoch)
        if metric.key == "loss":
            losses = self._losses.setdefault(key, _Growing()).of(record.losses.get(key, ()))
            return Series(np.arange(len(losses), dtype=np.float64), times, losses, begun, per_epoch)
        if metric.key == "gradient_norm":
            norms = np.array(record.gradient_norms.get(key, ()), dtype=np.float64)
            return Series(np.arange(len(norms), dtype=np.float64), times, norms, begun, per_epoch)
        if metric.key == "images_per_second":
            images = np.array(record.images.get(key, ()), dtype=np.float64)
            took = np.diff(times, prepend=math.nan)
            rates = np.divide(images, took, out=np.full(len(images), math.nan), where=took > 0)
            return Series(np.arange(len(times), dtype=np.float64), times, rates, begun, per_epoch)
        steps, rates = self._schedule(self.total(key))
        done = int(np.searchsorted(steps, len(times)))
        return Series(steps[:done], times[steps[:done].astype(int)], rates[:done], begun, per_epoch)

    def _schedule(self, total: int) -> tuple[Values, Values]:
        """Steps of a training of so many, and their learning rates; jobs of one length share them."""
        started = self.record.started
        if total not in self._schedules and started is not None:
            steps = np.unique(np.linspace(0, total - 1, min(total, _MOST_RATES)).round())
            self._schedules[total] = steps, np.array([learning_rate(started.recipe, int(at), total) for at in steps])
        return self._schedules.get(total, (np.empty(0), np.empty(0)))


def _number(entry: EpochTrained, name: str) -> float:
    value: float | None = getattr(entry, name)
    return math.nan if value is None else value


def mean_series(jobs: Sequence[Series]) -> Series:
    """The mean over jobs, value by value from the first on, where the longest of them has values."""
    longest = max(jobs, key=lambda one: len(one.steps))
    means, low, high = mean_and_band([one.values for one in jobs])
    return Series(longest.steps, longest.times, means, longest.begun, longest.per_epoch, low, high, len(jobs))


def matches(words: str, text: str) -> bool:
    """Whether a text holds every word, in any case: `a|b` is either of two, `!a` none of it."""

    def holds(word: str) -> bool:
        if word.startswith("!"):
            return not holds(word[1:])
        return any(part in text.lower() for part in word.split("|"))

    return all(holds(word) for word in words.lower().split())


# ---------------------------------------------------------------- losses of a whole study, for reports


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


def variant_curves(record: StudyRecord) -> list[VariantCurves]:
    """The curves of every variant that trained at least one batch, in the study's order."""
    variants = record.started.variants if record.started else ()
    found = []
    for variant in variants:
        losses = [record.losses[key] for key in sorted(record.losses) if key.variant == variant and record.losses[key]]
        smoothed = [smooth(values).tolist() for values in losses]
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
