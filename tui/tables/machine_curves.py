"""How busy the machine was, as curves over the time in which somebody worked."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from engine.events.record import StageSpan, StudyRecord
from engine.events.study import MachineMeasured

GAP_SECONDS = 60.0
"""What lies further apart than this was not measured between: a pause, or an interruption until the run was resumed."""

MOST_LANES = 3
"""Of stages that ran side by side, so many rows are shown."""

_FRESH_SECONDS = 40.0
"""How long a worker's figure counts: it has ended, or its next one is late."""

_GIGA, _MEGA = 1e9, 1e6

Figure = Callable[[MachineMeasured], float | None]


class Timeline:
    """Seconds of a study since its start, without the times in which nobody worked."""

    def __init__(self, record: StudyRecord) -> None:
        loads = record.loads
        first = record.started.time if record.started else loads[0].time if loads else 0.0
        self._wall, self._axis = [first], [0.0]
        before = first
        for load in loads:
            if load.time - before > GAP_SECONDS:  # the axis stands still
                stop = self.at(before)
                self._wall += [before, load.time]
                self._axis += [stop, stop]
            before = max(before, load.time)
        self.seconds = self.at(before)
        """How long the axis is."""

    def at(self, time: float) -> float:
        """The place of a moment, in seconds since the Unix epoch."""
        place = max(0, bisect_right(self._wall, time) - 1)
        until = self._axis[place + 1] if place + 1 < len(self._axis) else float("inf")
        return min(until, self._axis[place] + max(0.0, time - self._wall[place]))

    def moment(self, at: float) -> float:
        """When it was, in seconds since the Unix epoch, at a place that `at` gives."""
        place = max(0, bisect_right(self._axis, at) - 1)
        return self._wall[place] + at - self._axis[place]


@dataclass(frozen=True)
class Series:
    """One curve: (seconds on the timeline, value) in order."""

    name: str
    points: Sequence[tuple[float, float]]

    def at(self, place: float | None) -> float | None:
        """The value nearest to a place, or the last one; None where there is none."""
        if place is None or not self.points:
            return self.points[-1][1] if self.points else None
        right = bisect_left(self.points, place, key=lambda point: point[0])
        return min(self.points[max(0, right - 1) : right + 1], key=lambda point: abs(point[0] - place))[1]


@dataclass(frozen=True)
class Panel:
    """Curves that share axes; `top` is where the y axis ends, None for the next round number above them."""

    title: str
    unit: str
    series: Sequence[Series]
    top: float | None = None


def hosts(record: StudyRecord) -> tuple[str, ...]:
    """The machines that were measured."""
    return tuple(dict.fromkeys(load.host for load in record.loads))


def workers(loads: Sequence[MachineMeasured]) -> tuple[str, ...]:
    """The workers that were measured last on a machine."""
    last = max((load.time for load in loads), default=0.0)
    return tuple(dict.fromkeys(load.worker for load in loads if load.worker and last - load.time <= _FRESH_SECONDS))


def panels(loads: Sequence[MachineMeasured], timeline: Timeline) -> list[Panel]:
    """The charts of one machine, those of GPUs where there are any."""
    loads = sorted(loads, key=lambda load: load.time)
    xs = [timeline.at(load.time) for load in loads]

    def series(name: str, figure: Figure) -> Series:
        values = zip(xs, map(figure, loads), strict=True)
        return Series(name, [(x, value) for x, value in values if value is not None])

    def of_processes(figure: Callable[[MachineMeasured], float]) -> list[Series]:
        """The study's own process, and all workers on this machine together."""
        found = [series("process", lambda load: None if load.worker else figure(load))]
        if not any(load.worker for load in loads):
            return found
        return [one for one in found if one.points] + [Series("workers", list(_together(loads, figure, timeline)))]

    def of_gpus(title: str, unit: str, field: str, scale: float = 1.0, top: float | None = None) -> Panel:
        def figure(index: int) -> Figure:
            def value(load: MachineMeasured) -> float | None:
                found = next((getattr(gpu, field) for gpu in load.gpus if gpu.index == index), None)
                return None if found is None else found / scale

            return value

        return Panel(title, unit, [series(f"GPU {index}", figure(index)) for index in numbers], top)

    total = max((load.memory_total for load in loads), default=0) / _GIGA
    found = [
        Panel(
            "processor",
            "%",
            [
                series("all", lambda load: 100 * load.cpu),
                *of_processes(lambda load: 100 * load.process_cpu),
            ],
            100.0,
        ),
        Panel(
            "memory",
            "GB",
            [
                series("all", lambda load: load.memory / _GIGA),
                *of_processes(lambda load: load.process_memory / _GIGA),
            ],
            total or None,
        ),
        Panel(
            "disk",
            "MB/s",
            [
                series("read", lambda load: None if load.disk_read is None else load.disk_read / _MEGA),
                series("written", lambda load: None if load.disk_written is None else load.disk_written / _MEGA),
            ],
        ),
    ]
    numbers = sorted({gpu.index for load in loads for gpu in load.gpus})
    if numbers:
        most = max((gpu.memory_total or 0 for load in loads for gpu in load.gpus), default=0) / _GIGA
        found += [
            of_gpus("GPU work", "%", "utilisation", 0.01, 100.0),
            of_gpus("GPU memory", "GB", "memory", _GIGA, most or None),
            of_gpus("GPU power", "W", "power"),
            of_gpus("GPU temperature", "°C", "temperature"),
        ]
    return found


def _together(
    loads: Sequence[MachineMeasured], figure: Callable[[MachineMeasured], float], timeline: Timeline
) -> Iterator[tuple[float, float]]:
    """The sum over the workers that live, whenever one of them was measured."""
    latest: dict[str, MachineMeasured] = {}
    for load in loads:
        if load.worker:
            latest[load.worker] = load
            latest = {name: one for name, one in latest.items() if load.time - one.time <= _FRESH_SECONDS}
            yield timeline.at(load.time), sum(map(figure, latest.values()))


def lanes(spans: Sequence[StageSpan]) -> list[list[StageSpan]]:
    """The stages in rows in which none overlaps another, in the order in which they began."""
    rows: list[list[StageSpan]] = []
    for span in sorted(spans, key=lambda span: span.start):
        free = (row for row in rows if row[-1].end is not None and row[-1].end <= span.start)
        row = next(free, None)
        if row is None:
            rows.append([span])
        else:
            row.append(span)
    return rows
