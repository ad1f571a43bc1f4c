"""Which curves charts show: of which variants, jobs and metrics."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.events.record import JobKey
from tui.looks.chart_options import MOST_COLUMNS, MOST_ROWS, ChartOptions
from tui.state.curves import Metric, RecordCurves, Series, matches


@dataclass(frozen=True)
class Source:
    """A curve on a chart: its name and look, and the metric of a job or the mean over several."""

    name: str
    colour: str
    marker: str
    series: Series
    faint: bool = False


def chosen_series(
    curves: RecordCurves, jobs: Sequence[JobKey], last: JobKey | None, metric: Metric, options: ChartOptions
) -> list[Series]:
    """Of a variant's jobs the last one, the mean or each, as the options say."""
    if not jobs:
        return []
    if options.jobs == "mean":
        return [curves.mean(jobs, metric)]
    if options.jobs == "last":
        jobs = [last if last is not None and last in jobs else jobs[-1]]
    return [curves.series(job, metric) for job in jobs]


class Filter:
    """What a line of words lets through: all of them must be found in a curve's variant, metric, run, seed or fold.

    A word that is part of no variant's or run's name, but of a metric's, chooses metrics.
    """

    def __init__(self, words: str, names: Sequence[str], metrics: Sequence[Metric]) -> None:
        """`names` are those of variants and runs."""
        self._names: list[str] = []
        self._jobs: list[str] = []
        said: list[str] = []
        for word in words.lower().split():
            bare = word.lstrip("!")
            if any(matches(bare, name) for name in names):
                self._names.append(word)
            elif any(matches(bare, _words(metric)) for metric in metrics):
                said.append(word)
            else:
                self._jobs.append(word)
        self.metrics = [metric for metric in metrics if matches(" ".join(said), _words(metric))] if said else []
        """Those that are named; none where none is."""

    @property
    def names_any(self) -> bool:
        """Whether it names variants or runs."""
        return bool(self._names)

    def name(self, text: str) -> bool:
        """Whether a variant, or a run and its variant, is let through."""
        return matches(" ".join(self._names), text)

    def jobs(self, keys: Sequence[JobKey]) -> list[JobKey]:
        """The jobs that are let through."""
        words = " ".join(self._jobs)
        if not words:
            return list(keys)
        return [key for key in keys if matches(words, f"seed{key.seed} fold{key.fold}")]


def _words(metric: Metric) -> str:
    return f"{metric.title} {metric.key}"


def grid_size(text: str) -> tuple[int, int]:
    """Rows and columns from "2x3"; 0 and 0, as many as fit, where it is no such size."""
    rows, cross, columns = text.lower().replace("×", "x").partition("x")
    if not cross or not rows.strip().isdecimal() or not columns.strip().isdecimal():
        return 0, 0
    found = min(int(rows), MOST_ROWS), min(int(columns), MOST_COLUMNS)
    return found if all(found) else (0, 0)
