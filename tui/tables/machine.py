"""What the figures of the machine say of a study: sentences, and rows for a table."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence

from engine.events.record import StudyRecord
from engine.events.study import MachineMeasured
from tui.looks import formatting
from tui.tables.machine_curves import GAP_SECONDS, lanes

NOT_MEASURED = "The machine was not measured: the study took a few seconds only, or an earlier version trained it."

MOST_SENTENCES = 2
_FULL, _LONG = 0.9, 60.0
"""Memory above this share for so many seconds is worth a sentence."""
_IDLE, _OTHERS = 0.3, 0.2
"""Shares of the processor, or a GPU, from which on what is idle, or taken by others, is worth one."""
_OWN = 0.05
_HOT = 85.0
_LITTLE_ROOM = 1e9

Row = Sequence[object]


def machine_sentences(record: StudyRecord) -> list[str]:
    """What may have slowed the study down, at most two sentences, the worst first; none where nothing shows."""
    return list(_found(record))[:MOST_SENTENCES]


def _found(record: StudyRecord) -> Iterator[str]:
    loads = record.loads
    full = _seconds(loads, lambda load: load.memory > _FULL * load.memory_total)
    if full >= _LONG:
        yield f"memory was above {_percent(_FULL)} for {formatting.duration(full)}"
    rooms = [load.disk_free for load in loads if load.disk_free is not None]
    if rooms and min(rooms) < _LITTLE_ROOM:
        yield f"the disk had only {formatting.size(min(rooms))} free at its fullest"
    training = _in_training(record)
    if not training:
        return
    yield from _of_gpus(training, record)
    device = record.machine.device if record.machine else "cpu"
    idle = 1 - _mean([load.cpu for load in training])
    if device == "cpu" and idle >= _IDLE:
        threads = f", which computes with {record.machine.threads} threads" if record.machine else ""
        yield f"the processor was idle {_percent(idle)} of training{threads}"
    own = _mean([load.process_cpu for load in training])
    others = _mean([load.cpu for load in training]) - own
    if len(lanes(record.spans)) <= 1 and own >= _OWN and others >= _OTHERS:
        yield f"other programs took {_percent(others)} of the processor in training"


def _of_gpus(training: Sequence[MachineMeasured], record: StudyRecord) -> Iterator[str]:
    if record.machine is None or record.machine.device == "cpu":
        return
    work = [gpu.utilisation for load in training for gpu in load.gpus if gpu.utilisation is not None]
    if work and 1 - _mean(work) >= _IDLE:
        yield f"the GPU was idle {_percent(1 - _mean(work))} of training"
    hot = _seconds(record.loads, lambda load: any((gpu.temperature or 0) >= _HOT for gpu in load.gpus))
    if hot >= _LONG:
        yield f"a GPU had {_HOT:.0f} °C or more for {formatting.duration(hot)}, where many slow themselves down"


def _in_training(record: StudyRecord) -> list[MachineMeasured]:
    """What was measured while something trained, each once; of workers, where there are any, and their machines."""
    workers = [load for load in record.loads if load.worker]
    loads = sorted(workers or record.loads, key=lambda load: load.time)
    times = [load.time for load in loads]
    found: set[int] = set()
    for span in record.spans:
        if span.stage == "train":
            end = bisect_right(times, span.end) if span.end is not None else len(times)
            found.update(range(bisect_left(times, span.start), end))
    return [loads[place] for place in sorted(found)]


def _seconds(loads: Sequence[MachineMeasured], holds: Callable[[MachineMeasured], bool]) -> float:
    """How long something held, on the machine where longest; each measurement speaks for the time since the last."""
    found: dict[str, float] = {}
    before: dict[str, float] = {}
    for load in loads:
        seconds = min(GAP_SECONDS, max(0.0, load.time - before.get(load.host, load.time)))
        before[load.host] = load.time
        found[load.host] = found.get(load.host, 0.0) + (seconds if holds(load) else 0.0)
    return max(found.values(), default=0.0)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


LOAD_COLUMNS = (
    *("time", "host", "worker", "cpu", "process_cpu", "memory", "memory_total", "process_memory"),
    *("disk_free", "disk_read", "disk_written"),
)
GPU_COLUMNS = ("time", "host", "worker", "index", "utilisation", "memory", "memory_total", "temperature", "power")
SPAN_COLUMNS = ("stage", "variant", "seed", "fold", "start", "end")


def load_rows(record: StudyRecord) -> Iterator[Row]:
    """A row a measurement."""
    for load in record.loads:
        yield [getattr(load, name) for name in LOAD_COLUMNS]


def gpu_rows(record: StudyRecord) -> Iterator[Row]:
    """A row a measurement and GPU."""
    for load in record.loads:
        for gpu in load.gpus:
            yield [load.time, load.host, load.worker, *(getattr(gpu, name) for name in GPU_COLUMNS[3:])]


def span_rows(record: StudyRecord) -> Iterator[Row]:
    """A row a stage of a job."""
    for span in record.spans:
        yield [span.stage, *span.job, span.start, span.end]
