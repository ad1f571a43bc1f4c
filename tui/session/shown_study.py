"""The study that the dashboard shows: where its events come from, and what can be said of it and done with it."""

from pathlib import Path

from rich.text import Text

from engine.events.record import StudyRecord
from tui.session.watching import WatchedStudy
from tui.session.work import Failure, LocalStudy, Source
from tui.state.study import ViewState


class ShownStudy:
    """The part of the dashboard that knows its study; it draws nothing and needs no running app.

    Attributes:
        source: brings the events; None before the first study.
        state: what they were folded into.
    """

    source: Source | None = None
    state: ViewState | None = None

    @property
    def exit_record(self) -> StudyRecord | None:
        """The last study as far as it came."""
        if self.state is not None and self.source is not None:
            for event in self.source.drain():
                self.state.apply(event)
        return self.state.record if self.state is not None and self.state.record.started else None

    @property
    def exit_failure(self) -> Failure | None:
        """Why the last study ended, if it did not end well; `details` is a traceback that no file may hold yet.

        What became of a study of another process is no failure of this one, unless it could not be read.
        """
        if self.source is None or (self.watched is not None and self.watched.interrupted):
            return None
        return self.source.failure

    @property
    def engine_running(self) -> bool:
        """Whether an engine works on the study that is shown, here or in another process."""
        return self.source is not None and self.source.running

    @property
    def studying(self) -> bool:
        """Whether this process's own engine works."""
        return isinstance(self.source, LocalStudy) and self.source.running

    @property
    def watched(self) -> WatchedStudy | None:
        """The study that is shown, where it is one of another process."""
        return self.source if isinstance(self.source, WatchedStudy) else None

    @property
    def resumable(self) -> Path | None:
        """The folder of the study that is shown, where nobody works on it and it can be gone on with."""
        source, state = self.source, self.state
        if source is None or state is None or source.running or self.run_folder is None:
            return None
        if self.watched is not None and self.watched.interrupted:
            return self.run_folder
        return self.run_folder if state.finished is not None and state.finished.status != "done" else None

    @property
    def has_results(self) -> bool:
        """Whether there is anything for the results screen."""
        return (
            self.state is not None
            and not self.engine_running
            and any(result.metrics is not None for result in self.state.record.results.values())
        )

    def ending_text(self) -> Text | None:
        """Why the study ended without a result, and what can be done."""
        failure = self.source.failure if self.source is not None else None
        finished = self.state.finished if self.state is not None else None
        if self.watched is not None and self.watched.interrupted:
            hint = f"   r: go on with it here, or 'simpsons-tui resume {self.watched.folder.name}'"
            return Text.assemble(("interrupted: its writer is gone", "bold yellow"), (hint, "dim"))
        if failure is not None:
            where = f"   details: {failure.report}" if failure.report else ""
            return Text.assemble((f"the study ended: {failure.message}{where}", "bold red"), ("   n: new study", "dim"))
        if finished is None or finished.status == "done":
            return None
        hint = "   enter: results" if self.has_results else ""
        hint += "   r: go on with it" if self.resumable is not None else ""
        hint += "   n: new study"
        words = f"study {finished.status}" + (f": {finished.reason}" if finished.reason else "")
        return Text.assemble((words, "bold red" if finished.status == "failed" else "bold yellow"), (hint, "dim"))

    def control_note(self) -> str:
        """What the user asked of the engine, for the first line."""
        if self.source is None or self.state is None or not self.engine_running:
            return ""
        if self.source.control.handing_over:
            return "handing over after this batch"
        if self.source.control.stop_requested:
            return "stopping after this batch"
        if self.state.paused and self.source.control.paused:
            return "paused"
        if self.source.control.held:
            return "waiting: the disk is full"
        return "pausing after this batch" if self.source.control.paused else ""

    def toggle_pause(self) -> None:
        """Ask the engine to wait, or to go on."""
        if self.source is not None:
            control = self.source.control
            (control.unpause if control.paused else control.pause)()

    @property
    def can_detach(self) -> bool:
        """Whether a study of this process runs that another process could go on with."""
        return (
            isinstance(self.source, LocalStudy)
            and self.engine_running
            and not self.source.control.stop_requested
            and self.run_folder is not None
        )

    @property
    def run_folder(self) -> Path | None:
        """Where the study under way is kept; None where it is not, or not yet."""
        started = self.state.record.started if self.state is not None else None
        folder = started.folder if started is not None else ""
        return Path(folder) if folder and Path(folder).is_dir() else None
