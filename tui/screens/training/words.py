"""What is said of the study that is shown: what the user asked of it, and how it ended."""

from rich.text import Text

from tui.looks.formatting import duration
from tui.looks.keys import key
from tui.session.session import Session
from tui.state.view_state import ViewState
from tui.widgets.top_line import PROGRAM, dataset_label


def study_parts(session: Session, state: ViewState, *, short: bool) -> list[Text]:
    """The first line's left part: what is studied, and how."""
    record, started = state.record, state.record.started
    left = [Text(PROGRAM, "bold"), dataset_label(record.dataset, short=short)]
    if started is not None:
        leaks = record.audit is not None and record.audit.leaks and started.protocol == "official"
        protocol = Text(f"protocol {started.protocol}")
        left += [protocol.append(" (leaks)", "bold yellow") if leaks else protocol]
        left += [Text(f"recipe {started.recipe.name}")]
        if state.attempts.on != "local":
            left += [Text(state.attempts.on)]
    elif session.engine_running:
        left = [Text(PROGRAM, "bold"), Text("starting ...", "dim")]
    if session.watched is not None:
        left.insert(1, Text("watching", "bold cyan"))
    if state.attempts.held and session.source is not None and session.source.running:
        left.insert(1, Text(f" no job taken for {duration(session.now() - state.attempts.held_since)} ", "bold yellow"))
    if notes := control_note(session):
        left.insert(1, Text(f" {notes} ", "bold reverse"))
    return left


def control_note(session: Session) -> str:
    """What the user asked of the engine, for the first line."""
    source, state = session.source, session.state
    if source is None or state is None or not source.running:
        return ""
    if source.control.handing_over:
        return "handing over after this batch"
    if source.control.stop_requested:
        return "stopping after this batch"
    if state.paused and source.control.paused:
        return "paused"
    if source.control.held:
        return "waiting: the disk is full"
    return "pausing after this batch" if source.control.paused else ""


def ending_text(session: Session) -> Text | None:
    """Why the study ended without a result, and what can be done."""
    failure = session.source.failure if session.source is not None else None
    finished = session.state.finished if session.state is not None else None
    resume, new = key("training.resume", "r"), f"   {key('app.new', 'n')}: new study"
    if session.watched is not None and session.watched.interrupted:
        hint = f"   {resume}: resume it here, or 'simpsons-tui resume {session.watched.folder.name}'"
        return Text.assemble(("interrupted: its writer is gone", "bold yellow"), (hint, "dim"))
    if failure is not None:
        return Text.assemble((f"the study ended: {failure.words}", "bold red"), (new, "dim"))
    if finished is None or finished.status == "done":
        return None
    hint = f"   {key('training.results', 'enter')}: results" if session.has_results else ""
    hint += f"   {resume}: resume it" if session.resumable is not None else ""
    hint += new
    words = f"study {finished.status}" + (f": {finished.reason}" if finished.reason else "")
    return Text.assemble((words, "bold red" if finished.status == "failed" else "bold yellow"), (hint, "dim"))
