"""Readings of the study's open choices against its published numbers, from all runs that are kept."""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from engine.reports.reconstruction import Reconstruction
from tui.screens.results.counterpart import CounterpartScreen
from tui.tables.reconstruction import reconstruction_parts


class ReconstructionScreen(CounterpartScreen):
    """A table of readings by numbers, and every reading with its figures."""

    WAITING = "reading the finished runs"

    def heading(self) -> RenderableType:
        """What is looked at."""
        return Text("What the study must have done: its readings against its numbers", style="bold")

    def work(self) -> Reconstruction:
        """Hold the readings against the numbers, from all runs that are kept."""
        return self.session.engine.reconstruct(runs_dir=self.session.runs_dir)

    def parts(self, width: int) -> Iterable[RenderableType]:
        """The report, and what to do where a reading was not run."""
        report = self.found
        if not isinstance(report, Reconstruction):
            return
        yield from reconstruction_parts(report)
        if not all(reading.study for reading in report.readings):
            yield Text("\nsimpsons-tui reconstruct --start --data ... trains what is missing", "dim")
